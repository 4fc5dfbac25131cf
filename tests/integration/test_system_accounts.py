"""CR-011 on the three databases: caches, and the account that stands whatever happens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest

from cache_rows import POPULAR, SEARCH, accounts, cache, cached
from domain.cleaning.allowance import Allowance, TooMuch
from domain.errors import ConfigurationInvalid, LockLost, StopRequested
from domain.jobs.system_cleaning.request import OPERATIONS, SystemRequest
from domain.jobs.system_cleaning.service import CacheRetention, SystemCleaning
from domain.operating.ports import Lease
from domain.operating.run import Outcome, Summary, UnitResult
from fakes.supplier_import import FakeRun
from infra.sql.connection import Database
from infra.sql.engine import make_engine
from infra.sql.system_accounts import SqlAccounts
from queue_rows import DAY, HOUR
from servers import KINDS
from servers import database as new_database

FORCED = SystemRequest(force=True, reason="test")
STALE, FRESH = 3 * DAY, HOUR


class Caches:
    """The caches of one database, and the cleaner on them."""

    def __init__(self, url: str) -> None:
        self.database = Database(url)
        self.engine, self.reader = make_engine(url), make_engine(url, read_only=True)

    def clean(self, request: SystemRequest = FORCED, run: FakeRun | None = None) -> Summary:
        allowance = Allowance(rows=2_000, percent=95, what="entries")
        keeps: Mapping[str, timedelta] = dict(zip(OPERATIONS, (2 * DAY, DAY), strict=True))
        retentions = {
            name: CacheRetention(keep=keep, allowance=allowance) for name, keep in keeps.items()
        }
        cleaning = SystemCleaning(SqlAccounts(self.engine, self.reader), retentions)
        return cleaning(request, run or FakeRun())

    def close(self) -> None:
        self.database.close()
        self.engine.dispose()
        self.reader.dispose()


@pytest.fixture(params=KINDS)
def caches(request: pytest.FixtureRequest) -> Iterator[Caches]:
    with new_database(request.param) as url:
        made = Caches(url)
        yield made
        made.close()


@pytest.fixture
def small() -> Iterator[Caches]:
    """Where one database says it for all."""
    with new_database("sqlite") as url:
        made = Caches(url)
        yield made
        made.close()


def account(table: str, deleted: int, kept: int, status: str = "done") -> dict[str, object]:
    operation = table.replace("_", "-")
    counts = {"candidates": deleted, "deleted": deleted, "kept": kept}
    return {"operation": operation, **counts, "status": status, "error": ""}


def test_each_operation_has_its_window_and_its_account(caches: Caches) -> None:
    for table, stale in ((SEARCH, 5), (POPULAR, 3)):
        cache(caches.database, table, stale, STALE)
        cache(caches.database, table, 4, 36 * HOUR)
        cache(caches.database, table, 2, FRESH)
        cache(caches.database, table, 1, -DAY)

    summary = caches.clean()

    assert (cached(caches.database, SEARCH), cached(caches.database, POPULAR)) == (7, 3)
    assert summary.items == {"deleted": 12, "remaining": 0}
    assert accounts(caches.database) == [account(SEARCH, 5, 7), account(POPULAR, 7, 3)]
    [row] = caches.database.rows(
        "SELECT window_from, window_to, duration_ms FROM system_clean_audit"
        " WHERE operation = 'article-search-cache'"
    )
    day = DAY // timedelta(microseconds=1)
    assert row["window_to"] - row["window_from"] == pytest.approx(day, abs=day / 100)
    assert 0 <= row["duration_ms"] < 60_000


def test_where_nothing_is_deleted_there_is_a_line_and_a_row_all_the_same(caches: Caches) -> None:
    cache(caches.database, SEARCH, 2, FRESH)

    summary = caches.clean()

    assert summary.outcome is Outcome.EMPTY
    assert [unit.name for unit in summary.units] == list(OPERATIONS)
    assert all(unit.message.startswith("nothing is from before 20") for unit in summary.units)
    assert accounts(caches.database) == [account(SEARCH, 0, 2), account(POPULAR, 0, 0)]


def test_a_table_that_is_missing_fails_its_operation_alone(caches: Caches) -> None:
    caches.database.execute(f"DROP TABLE {SEARCH}")
    cache(caches.database, POPULAR, 3, STALE)

    summary = caches.clean()

    assert summary.outcome is Outcome.PARTIAL
    assert [unit.result for unit in summary.units] == [UnitResult.FAILED, UnitResult.DONE]
    failed, done = accounts(caches.database)
    assert (failed["status"], done) == ("failed", account(POPULAR, 3, 0))
    assert SEARCH in failed["error"]


def test_a_dry_run_needs_no_right_to_write(caches: Caches) -> None:
    cache(caches.database, SEARCH, 3, STALE)
    caches.engine = caches.reader

    summary = caches.clean(run=FakeRun(dry_run=True))

    assert summary.items["deleted"] == 3
    assert (cached(caches.database, SEARCH), accounts(caches.database)) == (3, [])


def test_a_run_that_lost_its_lock_deletes_nothing(caches: Caches) -> None:
    cache(caches.database, SEARCH, 3, STALE)
    gone = Lease(key="cron.system.clean-data", fence=7, run_id="run-7")

    with pytest.raises(LockLost):
        caches.clean(run=FakeRun(leases=[gone]))

    assert cached(caches.database, SEARCH) == 3


@pytest.mark.parametrize("stop_at", ["looked", "batch", "deleting"])
def test_a_run_that_ends_half_way_has_told_what_it_deleted(caches: Caches, stop_at: str) -> None:
    cache(caches.database, SEARCH, 1_500, STALE)
    stopped = FakeRun(run_id="first")

    def second_time(name: str) -> None:
        if stopped.checkpoints.count(name) == 2 or (name, stop_at) == ("looked", "looked"):
            stopped.stop_at = stop_at

    stopped.at_checkpoint = second_time
    with pytest.raises(StopRequested):
        caches.clean(run=stopped)
    left = cached(caches.database, SEARCH)

    caches.clean(run=FakeRun(run_id="second"))

    first, second, _ = accounts(caches.database)
    assert (first["status"], first["deleted"]) == ("interrupted", 1_500 - left)
    assert (second["status"], second["deleted"]) == ("done", left)


def test_a_second_attempt_of_a_run_goes_on_with_its_account(small: Caches) -> None:
    cache(small.database, SEARCH, 3, STALE)
    small.clean()
    cache(small.database, SEARCH, 2, STALE)

    small.clean()

    assert accounts(small.database) == [account(SEARCH, 5, 0), account(POPULAR, 0, 0)]


def test_only_what_is_asked_for_is_done(small: Caches) -> None:
    cache(small.database, SEARCH, 3, STALE)
    cache(small.database, POPULAR, 3, STALE)
    request = SystemRequest(only=("article-popular-cache",))

    small.clean(request)

    assert cached(small.database, SEARCH) == 3
    assert accounts(small.database) == [account(POPULAR, 3, 0)]
    assert (request.scope, SystemRequest().scope) == ("article-popular-cache", "all")


def test_too_much_at_once_fails_its_operation_and_deletes_nothing(small: Caches) -> None:
    cache(small.database, SEARCH, 1_001, STALE)
    cache(small.database, POPULAR, 3, STALE)

    summary = small.clean(SystemRequest())

    assert summary.failures.startswith(f"article-search-cache: {TooMuch.__name__}: 1,001 of 1,001")
    assert cached(small.database, SEARCH) == 1_001
    assert [row["status"] for row in accounts(small.database)] == ["failed", "done"]
    assert small.clean(FORCED).items["deleted"] == 1_001


def test_out_of_time_the_rest_is_told_and_left_to_the_next_run(small: Caches) -> None:
    cache(small.database, SEARCH, 1_500, STALE)
    run = FakeRun()

    def time_is_over(name: str) -> None:
        if name == "deleting":
            run.remaining = timedelta(seconds=1)

    run.at_checkpoint = time_is_over
    summary = small.clean(run=run)

    assert summary.items == {"deleted": 1_000, "remaining": 500}
    first, _ = accounts(small.database)
    assert (first["status"], first["candidates"]) == ("unfinished", 1_500)


def test_entries_written_meanwhile_stay(small: Caches) -> None:
    cache(small.database, SEARCH, 10, STALE)

    def rebuild(name: str) -> None:
        if name == "batch":
            cache(small.database, SEARCH, 5, timedelta(0))

    small.clean(run=FakeRun(at_checkpoint=rebuild))

    assert cached(small.database, SEARCH) == 5


@pytest.mark.parametrize("keep", [timedelta(0), -DAY])
def test_a_window_of_nothing_makes_no_sense(keep: timedelta) -> None:
    with pytest.raises(ConfigurationInvalid, match="would empty a cache"):
        CacheRetention(keep=keep, allowance=Allowance())
