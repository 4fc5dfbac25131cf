"""CR-014 through bin/console: odd settings and words, kills, dry run, the same firing twice."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from private_shop import CHECKOUT, Shop, events
from session_files import ALIVE, aged, names, session

PURGE = "cron:sessions:purge"
STEP_FILES = 1_000


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = Shop(tmp_path / "shop")
    folder_of(made).mkdir()
    return made


def folder_of(shop: Shop) -> Path:
    """The one that config/jobs.toml proposes."""
    return shop.root / "var" / "sessions"


def told(shop: Shop, *words: str, exit_code: int = 0) -> dict[str, Any]:
    done = shop.console(PURGE, *words, "--format=json")
    assert done.returncode == exit_code, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def rewrite(shop: Shop, pattern: str, by: str) -> None:
    """Change the job's settings."""
    file = shop.root / "config" / "jobs.toml"
    text, count = re.subn(pattern, lambda _: by, file.read_text("utf-8"))
    assert count == 1, pattern
    file.write_text(text, "utf-8")


def test_killed_at_any_checkpoint_the_next_run_removes_the_rest(shop: Shop) -> None:
    folder, checkpoints = folder_of(shop), shop.root / "checkpoints"
    young = session(folder, 10_000, ALIVE)
    for number in range(2 * STEP_FILES):
        session(folder, number)
    shop.start_faulty(f"record:{checkpoints}", PURGE, "--dry-run").communicate(timeout=60)
    assert checkpoints.read_text("utf-8").split() == ["files"] * 3

    for kill_at in (1, 2, 3):
        for number in range(2 * STEP_FILES):
            session(folder, number)
        killed = shop.start_faulty(f"kill:{kill_at}", PURGE)
        killed.communicate(timeout=60)
        assert killed.returncode == 70
        assert young.exists()

    session(folder, 0)
    assert told(shop)["items"]["removed"] > 0
    assert names(folder) == [young.name]
    assert told(shop)["outcome"] == "empty"


def test_the_same_firing_twice_looks_once(shop: Shop) -> None:
    session(folder_of(shop), 1)
    firing = f"--scheduled-at={datetime.now(UTC):%Y-%m-%dT%H:%M:00Z}"
    told(shop, firing)
    late = session(folder_of(shop), 2)

    assert told(shop, firing)["outcome"] == "skipped_duplicate"
    assert late.exists()


def test_a_dry_run_tells_what_would_go_and_removes_nothing(shop: Shop) -> None:
    session(folder_of(shop), 1)

    answer = told(shop, "--dry-run")

    assert answer["items"] == {"removed": 1}
    assert answer["notes"] == ["dry run: nothing was removed"]
    assert len(names(folder_of(shop))) == 1


def test_a_folder_that_is_not_there_stops_no_other_and_each_has_a_line(shop: Shop) -> None:
    rewrite(
        shop,
        r"(?<=\n)\[\[session-purge.paths\]\]",
        '[[session-purge.paths]]\npath = "/nowhere"\n\n[[session-purge.paths]]',
    )
    session(folder_of(shop), 1)

    done = shop.console(PURGE)

    assert done.returncode == 4
    assert "there is no /nowhere: create it, or correct session-purge" in done.stdout
    assert names(folder_of(shop)) == []
    [line] = events(done.stderr, "sessions.purged")
    assert (line["message"], line["removed"]) == (str(folder_of(shop)), 1)


def test_sessions_in_redis_are_nothing_to_do(shop: Shop) -> None:
    rewrite(shop, 'store = "files"', 'store = "redis"')
    session(folder_of(shop), 1)

    answer = told(shop)

    assert answer["outcome"] == "empty"
    assert "Redis, which ends them by itself" in answer["notes"][0]
    assert len(names(folder_of(shop))) == 1


@pytest.mark.parametrize(
    ("setting", "by", "said"),
    [
        ('path = "{home}/var/sessions"', 'path = ""', "session-purge.paths.0.path: Value error"),
        ('path = "{home}/var/sessions"', 'path = "/srv\\u0000x"', "it has a NUL"),
        ('path = "{home}/var/sessions"', 'path = "/"', "it is the root of everything"),
        ('path = "{home}/var/sessions"', 'path = "var/x"', "it is relative"),
        ("\nmax_age_seconds = 1440", "\nmax_age_seconds = 60", "less than gc_maxlifetime_seconds"),
        ("\nmax_age_seconds = 1440", "\n", "session-purge.max_age_seconds: Field required"),
        ("\nmax_age_seconds = 1440", "\nmax_age_seconds = 0", "less than gc_maxlifetime_seconds"),
        ("\nmax_age_seconds = 1440", "\nmax_age_seconds = 99999999999", "less than or equal"),
        ("gc_maxlifetime_seconds = 1440", "gc_maxlifetime_seconds = 0", "greater than or equal"),
        ('basis = "mtime"', 'basis = "atime"', "'mtime' or 'ctime'"),
    ],
)
def test_settings_that_make_no_sense_remove_nothing(
    shop: Shop, setting: str, by: str, said: str
) -> None:
    rewrite(shop, re.escape(setting), by)
    session(folder_of(shop), 1)

    done = shop.console(PURGE)

    assert done.returncode == 78
    assert "jobs.toml: session-purge" in done.stderr
    assert said in done.stderr
    assert len(names(folder_of(shop))) == 1


@pytest.mark.parametrize(
    ("words", "exit_code", "said"),
    [
        (["--path=/etc"], 70, "--path /etc: config/jobs.toml has no such folder"),
        (["--max-age=5m"], 70, "300 s is less than session.gc_maxlifetime"),
        (["--max-age=0m"], 2, "--max-age 0m is no span"),
    ],
)
def test_words_that_make_no_sense_remove_nothing(
    shop: Shop, words: list[str], exit_code: int, said: str
) -> None:
    session(folder_of(shop), 1)

    done = shop.console(PURGE, *words)

    assert done.returncode == exit_code
    assert said in done.stderr
    assert len(names(folder_of(shop))) == 1


def test_a_folder_may_be_asked_for_with_a_slash_behind_it(shop: Shop) -> None:
    session(folder_of(shop), 1)

    assert told(shop, f"--path={folder_of(shop)}/")["items"] == {"removed": 1}


def test_a_wrong_folder_is_left_alone(shop: Shop) -> None:
    letter = aged(folder_of(shop) / "letter.txt", ALIVE * 100)

    done = shop.console(PURGE)

    assert done.returncode == 70
    assert "is it the right folder?" in done.stdout
    assert letter.exists()


def test_the_sample_shop_has_sessions_to_remove(shop: Shop) -> None:
    shutil.copytree(CHECKOUT / "ops" / "sample-shop", shop.root / "ops" / "sample-shop")
    loaded = shop.console("shop:load-sample")
    assert loaded.returncode == 0, loaded.stderr

    assert told(shop)["items"] == {"removed": 9}
    for job, deleted in (("cron:logs:clean", 6), ("cron:system:clean-data", 19)):
        done = shop.console(job, "--format=json")
        assert json.loads(done.stdout)["items"]["deleted"] == deleted, done.stderr
