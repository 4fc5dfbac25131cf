"""A lease counts once its fence is the newest in the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from domain.errors import StoreUnavailable
from domain.operating.ports import Busy, Lease
from fakes.operating import LOCK, MemoryLocks
from infra.locks.fenced import FencedLocks
from infra.sql.connection import Database
from integration.ledger_rows import opened_database
from servers import KINDS


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    with opened_database(request.param) as opened:
        yield opened


@pytest.fixture
def store() -> MemoryLocks:
    return MemoryLocks([])


@pytest.fixture
def locks(store: MemoryLocks, database: Database) -> FencedLocks:
    return FencedLocks(store, database)


def noted(database: Database) -> tuple[int, str] | None:
    row = database.row("SELECT fence, run_id FROM cron_lock WHERE lock_key = :key", key=LOCK)
    return (row["fence"], row["run_id"]) if row else None


def taken(locks: FencedLocks, run_id: str) -> Lease:
    answer = locks.acquire(LOCK, run_id)
    assert isinstance(answer, Lease)
    return answer


def test_the_fence_of_a_lease_stands_in_the_database(
    locks: FencedLocks, database: Database
) -> None:
    lease = taken(locks, "run-1")

    assert noted(database) == (lease.fence, "run-1")


def test_every_holder_has_a_greater_fence(locks: FencedLocks, database: Database) -> None:
    first = taken(locks, "run-1")
    locks.release(first)

    second = taken(locks, "run-2")

    assert second.fence > first.fence
    assert noted(database) == (second.fence, "run-2")


def test_a_held_lock_is_busy_and_its_note_stays(locks: FencedLocks, database: Database) -> None:
    lease = taken(locks, "run-1")

    answer = locks.acquire(LOCK, "run-2")

    assert isinstance(answer, Busy)
    assert answer.run_id == "run-1"
    assert noted(database) == (lease.fence, "run-1")
    assert [busy.run_id for busy in locks.held()] == ["run-1"]


def test_a_broken_lock_is_noted_so_that_its_holder_s_writes_are_refused(
    locks: FencedLocks, database: Database
) -> None:
    lease = taken(locks, "run-1")

    fence = locks.break_(LOCK)

    assert fence > lease.fence
    assert noted(database) == (fence, "")
    assert not locks.renew(lease)
    assert taken(locks, "run-2").fence > fence


def test_a_store_that_lost_its_counter_is_lifted_above_the_database_s(
    locks: FencedLocks, store: MemoryLocks, database: Database
) -> None:
    for number in range(5):
        locks.release(taken(locks, f"run-{number}"))
    store.fences.clear()

    lease = taken(locks, "run-late")

    assert lease.fence == 6
    assert noted(database) == (6, "run-late")
    assert [busy.run_id for busy in store.held()] == ["run-late"]


def test_breaking_after_the_counter_was_lost_still_shuts_the_holder_out(
    locks: FencedLocks, store: MemoryLocks, database: Database
) -> None:
    for number in range(5):
        locks.release(taken(locks, f"run-{number}"))
    holder = taken(locks, "run-holder")
    store.fences.clear()

    fence = locks.break_(LOCK)

    assert fence > holder.fence
    assert noted(database) == (fence, "")
    assert taken(locks, "run-next").fence > fence


def test_a_fence_overtaken_before_it_was_noted_is_taken_anew(
    locks: FencedLocks, database: Database
) -> None:
    with database.transaction() as connection:
        connection.insert("cron_lock", {"lock_key": LOCK, "fence": 7, "run_id": "run-other"})

    lease = taken(locks, "run-1")

    assert lease.fence == 8
    assert noted(database) == (8, "run-1")


def test_a_lease_that_cannot_be_noted_is_given_back(store: MemoryLocks, tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_text("no database\n" * 200)
    with closing(Database(f"sqlite:///{tmp_path / 'ledger.sqlite'}")) as database:
        with pytest.raises(StoreUnavailable):
            FencedLocks(store, database).acquire(LOCK, "run-1")

        assert store.held() == []


def test_a_lease_of_another_is_never_released(locks: FencedLocks, store: MemoryLocks) -> None:
    first = taken(locks, "run-1")
    locks.break_(LOCK)
    taken(locks, "run-2")

    locks.release(first)

    assert [busy.run_id for busy in store.held()] == ["run-2"]
