"""config:check from outside: every fault at once, each at its file and line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from acceptance.console_home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.new(tmp_path / "shop")


def check(home: Home, **environment: str) -> tuple[int, list[tuple[str, str, str]]]:
    done = home.console("config:check", "--format=json", **environment)
    assert done.stderr == ""
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return done.returncode, [(row["level"], row["at"], row["fault"]) for row in rows]


def at(home: Home, name: str, text: str) -> str:
    lines = (home.root / "config" / name).read_text("utf-8").splitlines()
    return f"config/{name}:{next(n for n, line in enumerate(lines, start=1) if text in line)}"


Case = tuple[str, str, str, str, str]
"""The file, what is replaced by what, the line at fault, and what is said of it."""


def below(line: str) -> str:
    """A section that stands for itself, above what the file holds."""
    return f"[slots]\n{line}\n# What"


@pytest.mark.parametrize(
    "case",
    [
        ("app.toml", "running = true", "running = 7", "running = 7", "cron.running"),
        ("app.toml", 'store = "auto"', 'store = "redis"', "redis_url =", "the store is redis"),
        ("app.toml", "[cron]", "[corn]", "[corn]", "unknown key corn"),
        ("app.toml", "[cron]", "[cron]\nrunnning = 1", "runnning", "cron.runnning"),
        ("partners.toml", 'folder = "v', 'floder = "v', 'floder = "v', "key partner.mak.floder"),
        ("env/test.toml", "# What", below("start_grace_seconds = 0"), "= 0", "slots.start"),
        ("env/prod.toml", "# What", below("start_grace_seconds = -1"), "= -1", "slots.start"),
        ("env/dev.toml", "# What", below("grace = 7"), "grace = 7", "unknown key slots.grace"),
        ("schedules.toml", '"7,37 * * * *"', '"61 * * * *"', "id =", "Bad minute"),
        ("schedules.toml", "start_grace_seconds = 600", "g = 6", "id =", "unknown key g"),
    ],
)
def test_a_fault_is_said_with_the_line_that_holds_it(home: Home, case: Case) -> None:
    name, before, after, line, said = case
    home.change(name, before, after)

    code, found = check(home)

    assert code == 78
    wanted = ("error", at(home, name, line))
    assert [(level, where) for level, where, fault in found if said in fault] == [wanted]


@pytest.mark.parametrize(
    "name",
    [
        *("app.toml", "env/prod.toml", "schedules.toml", "queues.toml", "images.toml"),
        *("jobs.toml", "partners.toml"),
    ],
)
def test_every_file_is_read_and_a_broken_one_is_said_once_with_its_line(
    home: Home, name: str
) -> None:
    (home.root / "config" / name).write_text("# one\n[broken\n")

    code, found = check(home)

    assert code == 78
    assert [(level, where) for level, where, _ in found] == [("error", f"config/{name}:2")]


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("CRONTRACT_CRON__RUNNNING", "true", "unknown variable CRONTRACT_CRON__RUNNNING"),
        ("CRONTRACT_LOCKS__STORE", "zookeeper", "locks.store"),
        ("DATABASE_URL", "oracle://shop@db/shop", "database.url oracle"),
        ("DATABASE_URL_FILE", "/nowhere", "secret /nowhere cannot be read"),
        ("DATABASE_URL", "secret:database/url", "/run/secrets/database/url cannot be read"),
    ],
)
def test_what_the_environment_says_is_checked_too(
    home: Home, variable: str, value: str, said: str
) -> None:
    code, found = check(home, **{variable: value})

    assert code == 78
    assert [fault for _, _, fault in found if said in fault]


def test_a_credential_in_a_file_is_refused_with_what_to_write_and_not_repeated(home: Home) -> None:
    home.change("app.toml", '"sqlite:///var/crontract.db"', '"mariadb://shop:hunter22@db/shop"')

    code, found = check(home)

    assert code == 78
    ((_, where, fault),) = found
    assert where == at(home, "app.toml", "hunter22")
    assert fault.startswith("database.url holds a credential: write env:NAME")
    assert "hunter" not in fault


def test_a_secret_that_others_may_read_is_a_warning(home: Home) -> None:
    folder = home.root / "secrets"
    folder.mkdir()
    (folder / "url").write_text("sqlite:///var/a.db")
    (folder / "url").chmod(0o644)

    code, found = check(home, CRONTRACT_SECRETS__DIRECTORY=str(folder), DATABASE_URL="secret:url")
    (folder / "url").chmod(0o600)
    again = check(home, CRONTRACT_SECRETS__DIRECTORY=str(folder), DATABASE_URL="secret:url")

    assert code == 0
    assert [(level, where) for level, where, _ in found] == [("warning", "secrets/url:1")] or [
        where for _, where, _ in found
    ] == [f"{folder}/url:1"]
    assert again == (0, [])
