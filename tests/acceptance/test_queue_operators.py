"""The queue by hand through bin/console: reasons, refusals, plans, JSON, and what is left of it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path
from typing import Any

import pytest

from infra.sql.connection import Database
from private_shop import CONSOLE, Shop
from queue_rows import HOUR, ended, insert
from queue_shop import QueueShop

FAULT = "5f2d41b0c3a97e68"
CHANGES = (
    ("queue:cancel", "1"),
    ("queue:own", "general", "--by=legacy"),
    ("queue:pause", "general"),
    ("queue:prioritize", "1", "--priority=0"),
    ("queue:reset", "2"),
    ("queue:resume", "general"),
)

LOOKS = ("queue:list", "queue:show", "queue:status")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path / "shop")
    error = {"fingerprint": FAULT, "error": "ValueError: article 17 is unknown\nTraceback"}
    crashed = {**ended(HOUR, "CRASH"), "crash_reason": "permanent", **error}
    opened = Database(shop.url)
    insert(opened, [{}, crashed, crashed, {"status": "GONE"}])
    opened.close()
    return shop


def data(shop: Shop, *words: str, code: int = 0) -> Any:
    done = shop.console(*words, "--format=json")
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def audit(shop: Shop) -> list[tuple[Any, ...]]:
    return shop.query("SELECT verb, object, reason FROM cron_audit ORDER BY audit_id")


@pytest.mark.parametrize("words", CHANGES, ids=lambda words: words[0])
@pytest.mark.parametrize(
    "reason",
    [[], ["--reason= "], [f"--reason={'x' * 2001}"]],
    ids=["none", "blank", "endless"],
)
def test_nothing_is_changed_without_a_reason(
    shop: Shop, words: tuple[str, ...], reason: list[str]
) -> None:
    before = shop.query("SELECT id, status, priority FROM queue ORDER BY id")

    done = shop.console(*words, *reason)

    assert done.returncode == 2
    assert "--reason" in done.stderr
    assert shop.query("SELECT id, status, priority FROM queue ORDER BY id") == before
    assert audit(shop) == []


def test_every_change_leaves_who_and_why(shop: Shop) -> None:
    for words in CHANGES:
        assert shop.console(*words, "--reason=ticket 7").returncode in {0, 4, 70}, words

    assert audit(shop) == [
        ("queue:cancel", "message 1", "ticket 7"),
        ("queue:own", "general: legacy", "ticket 7"),
        ("queue:pause", "general", "ticket 7"),
        ("queue:reset", "message 2", "ticket 7"),
        ("queue:resume", "general", "ticket 7"),
    ]


def test_a_refusal_is_partial_beside_a_change_and_a_failure_alone(shop: Shop) -> None:
    assert data(shop, "queue:reset", "2", "4711", "--reason=x", code=4) == [
        {"id": 2, "result": "reset", "why": ""},
        {"id": 4711, "result": "refused", "why": "there is no such message"},
    ]
    assert data(shop, "queue:cancel", "2", "3", "--reason=x", code=4)[0]["result"] == "cancelled"
    [told] = data(shop, "queue:prioritize", "3", "--priority=0", "--reason=x", code=70)
    assert told["why"] == "it is CRASH; only what waits (NEW) can be changed so"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("queue:pause", "genral"), "no queue is called genral, did you mean general?"),
        (("queue:pause", "general", "--type=sample.wrok"), "did you mean sample.work?"),
        (("queue:pause", "general", "--for=1h", "--until=2099-01-01"), "either --until or --for"),
        (("queue:pause", "general", "--until=2020-01-01"), "--until 2020-01-01 is past"),
        (("queue:reset",), "give either ids or --fingerprint"),
        (("queue:reset", "2", f"--fingerprint={FAULT}"), "give either ids or --fingerprint"),
        (("queue:reset", "2", "--since=1h"), "--type and --since go with --fingerprint"),
        (("queue:prioritize", "1", "--priority=10"), "10"),
        (("queue:own", "general", "--by=nobody"), "nobody"),
        (("queue:cancel", "1", str(2**63)), f"{2**63} is not in the range"),
        (("queue:reset", "0"), "0 is not in the range"),
        (("queue:show", "4711"), "there is no message 4711"),
        (("queue:show", str(2**63)), f"{2**63} is not in the range"),
        (("queue:list", "--limit=10001"), "10001 is not in the range"),
        (("queue:status", "--queue=genral"), "no queue is called genral, did you mean general?"),
    ],
)
def test_what_makes_no_sense_is_told(shop: Shop, words: tuple[str, ...], said: str) -> None:
    reason = [] if words[0] in LOOKS else ["--reason=x"]

    done = shop.console(*words, *reason)

    assert done.returncode == 2
    assert said in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--status=CRSH", "no status is called CRSH, did you mean CRASH?"),
        ("--type=sample.wrok", "no message type is called sample.wrok, did you mean sample.work?"),
        ("--queue=genral", "no queue is called genral, did you mean general?"),
        ("--entity=nobody", "no such message\n"),
    ],
)
def test_where_nothing_is_found_a_typing_error_is_told(shop: Shop, words: str, said: str) -> None:
    done = shop.console("queue:list", words)

    assert done.returncode == 0
    assert done.stdout.startswith("no such message")
    assert said in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--dedupe=", "--dedupe is empty"),
        ("--entity= ", "--entity is empty"),
        (f"--dedupe={'x' * 201}", "dedupe_key has more than 200 characters"),
    ],
)
def test_a_key_that_cannot_be_one_is_a_wrong_word(tmp_path: Path, words: str, said: str) -> None:
    shop = QueueShop(tmp_path / "shop")

    done = shop.type("queue:enqueue", "probe.send", '--payload={"mark": 1}', "--reason=x", words)

    assert done.returncode == 2
    assert said in done.stderr
    assert shop.unended() == 0


def test_of_an_error_the_history_tells_the_first_line(shop: Shop) -> None:
    shop.console("queue:reset", "2", "--reason=mended\nat last")

    shown = shop.console("queue:show", "2").stdout

    assert "mended" in shown
    assert "at last" not in shown


def test_a_pause_of_a_type_is_shown_with_the_message_that_it_stops(shop: Shop) -> None:
    shop.console("queue:pause", "general", "--type=sample.work", "--for=2h", "--reason=disk full")

    status = data(shop, "queue:status")
    shown = shop.console("queue:show", "1").stdout

    assert [(one["type"], one["why"]) for one in status["paused"]] == [("sample.work", "disk full")]
    assert "type sample.work is paused by" in shown
    resumed = shop.console("queue:resume", "general", "--reason=back").stdout
    assert resumed == "queue general was not paused; still paused: type sample.work\n"


def test_unknown_words_in_the_status_are_loud(shop: Shop) -> None:
    status = shop.console("queue:status").stdout

    assert "UNKNOWN STATUS  1 x GONE in general" in status
    assert data(shop, "queue:list", "--status=gone")[0]["id"] == 4


# --- many at once ------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [[], ["--no-interaction"]])
def test_without_anybody_to_ask_only_the_plan_is_told(shop: Shop, more: list[str]) -> None:
    done = shop.console("queue:reset", f"--fingerprint={FAULT}", "--reason=x", *more)

    assert done.returncode == 2
    assert "2 crashed messages would be new again; nothing was changed: --yes" in done.stdout
    assert "article 17 is unknown" in done.stdout
    assert audit(shop) == []


def test_who_said_yes_before_is_not_asked(shop: Shop) -> None:
    told = data(shop, "queue:reset", f"--fingerprint={FAULT}", "--yes", "--reason=mended")

    assert [(one["id"], one["result"]) for one in told] == [(2, "reset"), (3, "reset")]
    reason = f"mended (2 messages of fingerprint {FAULT})"
    assert audit(shop) == [("queue:reset", "2 messages: 2, 3", reason)]


@pytest.mark.parametrize(("answer", "left"), [("y", 0), ("n", 2), ("", 2)])
def test_a_person_is_shown_the_plan_and_asked(shop: Shop, answer: str, left: int) -> None:
    keyboard, terminal = pty.openpty()
    os.write(keyboard, f"{answer}\n".encode())

    done = subprocess.run(
        [CONSOLE, "queue:reset", f"--fingerprint={FAULT}", "--reason=x", "--format=json"],
        env=shop.environment,
        stdin=terminal,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(keyboard)
    os.close(terminal)

    assert "2 crashed messages would be new again:" in done.stderr
    assert "Do it?" in done.stderr
    assert json.loads(done.stdout)
    assert shop.query("SELECT COUNT(*) FROM queue WHERE status = 'CRASH'") == [(left,)]


def test_a_fingerprint_that_nobody_has_changes_nothing(shop: Shop) -> None:
    done = shop.console("queue:reset", "--fingerprint=0000", "--yes", "--reason=x")

    assert (done.returncode, done.stdout) == (
        0, "no crashed message has this fingerprint\n0 of 0 reset\n",
    )  # fmt: skip
