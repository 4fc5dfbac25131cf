"""Two hosts, one database, one lock: whoever lost it writes nothing, whoever waits gets it."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from private_shop import events
from racing import KEY, LEASE_SECONDS, ONE, SERVERS, RacedShop, Start, send
from servers import database


@pytest.fixture(params=SERVERS)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RacedShop]:
    with database(request.param) as url:
        yield RacedShop(tmp_path / "shop", url)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, object]]:
    """What the import leaves where nothing goes wrong."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with database("sqlite") as url:
        shop = RacedShop(folder / "shop", url)
        assert shop.console(*ONE).returncode == 0
        yield shop.state()


def succeed_on(shop: RacedShop, folder: Path, host: str) -> float:
    """Start there until the lock is free; gives the seconds until the last start in vain."""
    began, in_vain = time.monotonic(), 0.0
    for number in range(100):
        waited = time.monotonic() - began
        code, log = Start(shop, folder / f"{host}-{number}", host).finish()
        outcome = events(log, "run.finished")[0]["outcome"]
        if outcome not in ("skipped_locked", "starved"):
            assert (outcome, code) == ("succeeded", 0), log
            return in_vain
        in_vain = waited
        time.sleep(0.3)
    raise AssertionError("the lock was never free")


def run_of(log: str) -> str:
    return str(events(log, "run.started")[0]["run_id"])


@pytest.mark.parametrize("frozen", ["family", "supervisor"])
def test_a_holder_frozen_past_its_lease_cannot_commit(
    shop: RacedShop, tmp_path: Path, undisturbed: dict[str, object], frozen: str
) -> None:
    holder = Start(shop, tmp_path / "holder", "a", pause="applied")
    holder.wait_at("applied")
    pids = holder.family() if frozen == "family" else [holder.pid]
    send(pids, signal.SIGSTOP)

    succeed_on(shop, tmp_path, "b")
    after = shop.state()
    holder.go_on()
    send(pids, signal.SIGCONT)
    code, log = holder.finish()

    assert code == 6, log
    assert shop.outcome_of(run_of(log)) == ("lock_lost", 6)
    assert shop.state() == after == undisturbed


def test_the_successor_of_a_dead_host_starts_when_the_lease_is_over(
    shop: RacedShop, tmp_path: Path, undisturbed: dict[str, object]
) -> None:
    holder = Start(shop, tmp_path / "holder", "a", pause="applied")
    holder.wait_at("applied")

    send(holder.family(), signal.SIGKILL)
    holder.finish()
    in_vain = succeed_on(shop, tmp_path, "b")

    assert in_vain <= LEASE_SECONDS
    assert shop.state() == undisturbed
    counts = shop.counts()
    assert (counts["crashed"], counts["succeeded"]) == (1, 2)
    assert "running" not in counts


def test_a_broken_lock_fences_its_holder_off(
    shop: RacedShop, tmp_path: Path, undisturbed: dict[str, object]
) -> None:
    holder = Start(shop, tmp_path / "holder", "a", pause="applied")
    holder.wait_at("applied")
    before = shop.state()

    broken = shop.console("lock:break", KEY, "--reason=the host hangs")
    holder.go_on()
    code, log = holder.finish()

    assert broken.returncode == 0, broken.stderr
    assert code == 6, log
    assert shop.outcome_of(run_of(log)) == ("lock_lost", 6)
    assert shop.state() == before
    assert shop.console(*ONE).returncode == 0
    assert shop.state() == undisturbed
