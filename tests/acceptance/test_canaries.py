"""A canary in every secret place; then whatever can go wrong; then the search for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from acceptance.alert_shop import GOOD, SLOTS
from acceptance.canary_shop import Canary, CanaryShop, canary_shop, leaks, wrong
from private_shop import IMPORT

SERVERS = ("mariadb", "postgresql")

RUN = (IMPORT, "--supplier=1", "-vvv")
AWAY = "127.0.0.1:9"
SCHEDULED = {"CRON_TRIGGER": "schedule"}

READING = (
    "runs:list",
    "incidents:list --all",
    "jobs:list",
    "lock:list",
    "metrics:show",
    "db:status",
    "contract:show CR-010",
    "contract:lint --format=sarif",
    "config:check",
    "doctor",
    "metrics:push --all",
    "alert:test CR-010",
)


def go_well(shop: CanaryShop) -> None:
    shop.deliver(1, GOOD)
    shop.say("dry run", *RUN, "--dry-run")
    shop.say("success", *RUN, f"--scheduled-at={SLOTS[0]}", **SCHEDULED)


def go_wrong(shop: CanaryShop) -> None:
    shop.break_feed()
    shop.say("failure", *RUN, f"--scheduled-at={SLOTS[1]}", **SCHEDULED)
    shop.deliver(1, GOOD)
    shop.say("told success", *RUN, "--update-anyway", f"--scheduled-at={SLOTS[2]}", **SCHEDULED)
    for name, fault in (
        ("defect", "tell:1"),
        ("crash", "kill:1"),
        ("timeout", "timeout:1,hang:1"),
    ):
        shop.faulty(name, fault, *RUN, "--update-anyway")
    shop.say("no fork", *RUN, "--no-fork", "--update-anyway")


def be_refused(shop: CanaryShop) -> None:
    unknown = wrong(shop, path="/no_such_database")
    for name, url in (("away", wrong(shop, at=AWAY)), ("unknown", unknown), ("odd", "x" + unknown)):
        (shop.root / name).write_text(url)
        there = {"DATABASE_URL_FILE": str(shop.root / name)}
        for words in (RUN, ("doctor",)):
            shop.say(f"{name} {words[0]}", *words, **there)
        (shop.root / name).unlink()
    shop.say("no gateway", "metrics:push", "--all", CRONTRACT_METRICS__PUSHGATEWAY_URL=gate(AWAY))
    shop.say("bad gateway", "doctor", CRONTRACT_METRICS__PUSHGATEWAY_URL=gate("no host"))
    redis = (
        "redis://:{secret:smtp/password}@"
        + shop.environment["CRONTRACT_LOCKS__REDIS_URL"].rpartition("@")[2]
    )
    shop.say("wrong redis", *RUN, CRONTRACT_LOCKS__REDIS_URL=redis)
    shop.say("wrong redis doctor", "doctor", CRONTRACT_LOCKS__REDIS_URL=redis)
    (shop.root.parent / "secrets" / "smtp" / "password").write_text(shop.canaries["hook"].value)
    shop.say("wrong mail", "doctor")
    shop.say("wrong mail alert", "alert:test", "CR-010")


def gate(place: str) -> str:
    return f"http://cron:{{env:GATE_WORD}}@{place}"


def look_at_all(shop: CanaryShop) -> None:
    for words in READING:
        shop.say(words, *words.split(), "-vvv")
    told = next(run for run in shop.runs() if run["outcome"] == "failed")
    shop.say("runs:show", "runs:show", told["run"], "-vvv")


STEPS: tuple[Callable[[CanaryShop], None], ...] = (go_well, go_wrong, look_at_all, be_refused)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", SERVERS)
def test_no_canary_is_found_in_anything_said_or_written(kind: str, tmp_path: Path) -> None:
    with canary_shop(kind, tmp_path) as shop:
        for step in STEPS:
            step(shop)
        texts = shop.collect()

        assert leaks(texts, list(shop.canaries.values())) == []
        assert_all_of_it_happened(shop, texts)


def assert_all_of_it_happened(shop: CanaryShop, texts: dict[str, bytes]) -> None:
    """Every secret was used and everything went wrong; else nothing could have leaked."""
    outcomes = {run["outcome"] for run in shop.runs()}

    assert {"succeeded", "failed", "crashed", "timed_out"} <= outcomes
    assert (shop.codes["success"], shop.codes["dry run"], shop.codes["defect"]) == (0, 0, 70)
    assert shop.servers["mail"].mails(), "the mail server took the password"
    assert b"crontract:" in texts["redis"], "Redis took the password"
    assert b"cron_run" in texts["gateway"]
    assert b"***" in texts["defect: stderr"]
    assert b"***" in texts["tables"]
    assert b"faulty_console" in texts["timeout: command lines"]
    assert {shop.codes[f"{name} doctor"] for name in ("away", "unknown", "odd")} <= {69, 78}


@pytest.mark.timeout(600)
def test_a_console_that_knows_no_secret_leaks_and_is_caught(tmp_path: Path) -> None:
    with canary_shop("mariadb", tmp_path) as shop:
        shop.deliver(1, GOOD)
        shop.faulty("blind", "blind:,tell:1", *RUN)
        found = {name for name, _, _ in leaks(shop.collect(), list(shop.canaries.values()))}

    assert {"blind: stderr", "blind: stdout", "tables"} <= found


@pytest.mark.parametrize(
    "form",
    [
        "{core}",
        "a {core} b",
        "{core:.11}",
        "%41{core}%42",
    ],
)
def test_a_planted_canary_is_seen(form: str) -> None:
    canary = Canary("smtp")

    assert leaks({"log": form.format(core=canary.core).encode()}, [canary])
    assert leaks({"log": b"nothing"}, [canary]) == []
