from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.errors import ConfigurationInvalid, LockLost, Refused, StopRequested, StoreUnavailable
from domain.jobs.supplier_import.failures import FeedChanged, FeedStale
from domain.jobs.supplier_import.one_supplier import OneSupplier
from domain.jobs.supplier_import.plausibility import Implausible
from domain.jobs.supplier_import.ports import LastImport, OpenFeed, Status, Tally
from domain.jobs.supplier_import.process import StandardProcess, Task
from domain.jobs.supplier_import.request import ImportRequest
from domain.jobs.supplier_import.service import SupplierImport
from domain.jobs.supplier_import.setting import Guards, ImportSetting, Layout, Mode
from domain.operating.ports import ActiveRun, Busy
from domain.operating.run import Outcome, Summary, UnitResult
from fakes.supplier_import import (
    NOON,
    FakeBook,
    FakeFeeds,
    FakeRows,
    FakeRun,
    FakeSettings,
    FixedClock,
    feed_of,
    setting_of,
)

ONE = ImportRequest(supplier=23)
ALL = ImportRequest()
FORCED = ImportRequest(supplier=23, force=True, reason="range halved")


@dataclass
class Shop:
    """The service with everything around it in memory."""

    settings: dict[int, ImportSetting | Exception] = field(
        default_factory=lambda: {23: setting_of()}
    )
    feeds: FakeFeeds = field(default_factory=FakeFeeds)
    book: FakeBook = field(default_factory=FakeBook)
    clock: FixedClock = field(default_factory=FixedClock)
    run: FakeRun = field(default_factory=FakeRun)
    processes: dict[str, Any] = field(default_factory=dict)

    def __call__(self, request: ImportRequest = ONE) -> Summary:
        standard = StandardProcess(self.feeds, self.book, _open_rows, self.clock)
        processes = {"standard": standard} | self.processes
        supplier = OneSupplier(self.feeds, self.book, processes, self.clock)
        return SupplierImport(FakeSettings(self.settings), supplier)(request, self.run)

    def receives(self, *names: str, supplier: int = 23, **kind: Any) -> None:
        self.feeds.inbox.setdefault(supplier, []).extend(feed_of(name, **kind) for name in names)

    def knows(self, digest: str | None, *, age: timedelta = timedelta(hours=2)) -> None:
        self.book.last_imports[23] = LastImport(digest=digest, received=NOON - age)


@contextmanager
def _open_rows(_path: Path, _layout: Layout) -> Iterator[FakeRows]:
    yield FakeRows([["A1", "4"], ["A2", "x"]])


@pytest.fixture
def shop() -> Shop:
    return Shop()


# --- one supplier ------------------------------------------------------------------------------


def test_a_new_file_is_booked_and_then_archived(shop: Shop) -> None:
    shop.receives("stock.csv")

    summary = shop()

    assert summary.units[0].result is UnitResult.DONE
    assert summary.units[0].counts["changed"] == 1
    assert shop.book.statuses == [Status.BOOKED]
    assert shop.feeds.archived_names == ["stock.csv"]
    assert shop.run.checkpoints == [
        "opened", "hashed", "staged", "compared", "committed", "archived",
    ]  # fmt: skip


def test_a_file_already_booked_is_put_away_unread_under_any_name(shop: Shop) -> None:
    shop.receives("again.csv")
    shop.feeds.digests["again.csv"] = "same"
    shop.knows("same")

    summary = shop()

    assert summary.outcome is Outcome.EMPTY
    assert summary.units[0].result is UnitResult.UNCHANGED
    assert shop.book.statuses == [Status.UNCHANGED]
    assert shop.feeds.archived_names == ["again.csv"]


def test_update_anyway_books_a_known_file_again(shop: Shop) -> None:
    shop.receives("again.csv")
    shop.knows("again.csv")

    shop(replace(ONE, update_anyway=True))

    assert shop.book.statuses == [Status.BOOKED]


def test_update_anyway_takes_the_last_file_from_the_archive_when_none_waits(shop: Shop) -> None:
    shop.knows("digest-1")
    shop.feeds.kept["digest-1"] = feed_of("20261120_digest-1_stock.csv")

    summary = shop(replace(ONE, update_anyway=True))

    assert summary.units[0].message == "20261120_digest-1_stock.csv"
    assert shop.book.statuses == [Status.BOOKED]


def test_update_anyway_without_the_archived_file_says_what_to_do(shop: Shop) -> None:
    shop.knows("digest-1")

    with pytest.raises(Refused, match="no longer in the archive: name one by --file"):
        shop(replace(ONE, update_anyway=True))


def test_no_file_is_no_news_while_the_last_one_is_fresh(shop: Shop) -> None:
    shop.knows("digest-1")

    summary = shop()

    assert summary.units[0].result is UnitResult.UNCHANGED
    assert summary.units[0].message == "nothing new since 2026-11-21 10:00 UTC"
    assert shop.book.entries == []


def test_no_file_fails_once_the_last_one_is_too_old(shop: Shop) -> None:
    shop.knows("digest-1", age=timedelta(hours=25))

    with pytest.raises(FeedStale, match="the newest file is 25 h old, allowed are 24 h"):
        shop()

    assert shop.book.statuses == [Status.FAILED]


def test_a_supplier_who_never_sent_a_file_fails(shop: Shop) -> None:
    with pytest.raises(FeedStale, match=r"no file has ever arrived as \* in supplier-23"):
        shop()


def test_a_waiting_file_that_is_too_old_is_marked_and_not_booked(shop: Shop) -> None:
    shop.receives("stock.csv", age=timedelta(days=3))

    with pytest.raises(FeedStale):
        shop()

    assert "72 h old" in shop.feeds.marks["stock.csv"]
    assert shop.feeds.archived_names == []


def test_update_anyway_does_not_pass_the_age(shop: Shop) -> None:
    shop.receives("stock.csv", age=timedelta(days=3))

    with pytest.raises(FeedStale):
        shop(replace(ONE, update_anyway=True))


def test_stock_is_set_to_0_when_the_file_is_far_too_old(shop: Shop) -> None:
    shop.settings[23] = setting_of(guards=Guards(zero_after=timedelta(days=2)))
    shop.knows("digest-1", age=timedelta(days=3))

    with pytest.raises(FeedStale, match="stock of 5 articles set to 0"):
        shop()

    assert shop.book.statuses == [Status.ZEROED, Status.FAILED]


def test_stock_stays_when_the_file_is_stale_but_not_yet_to_be_zeroed(shop: Shop) -> None:
    shop.settings[23] = setting_of(guards=Guards(zero_after=timedelta(days=2)))
    shop.knows("digest-1", age=timedelta(days=1, hours=1))

    with pytest.raises(FeedStale):
        shop()

    assert Status.ZEROED not in shop.book.statuses


@pytest.mark.parametrize("mode", Mode)
def test_one_old_stray_file_does_not_zero_fresh_stock(shop: Shop, mode: Mode) -> None:
    shop.settings[23] = setting_of(mode=mode, guards=Guards(zero_after=timedelta(days=2)))
    shop.knows("digest-1")
    shop.receives("stray.csv", age=timedelta(days=9))

    with suppress(FeedStale):
        shop()

    assert not {Status.ZEROED, Status.BOOKED} & set(shop.book.statuses)


def test_a_delta_that_is_too_old_is_not_booked_beside_fresh_stock(shop: Shop) -> None:
    shop.settings[23] = setting_of(mode=Mode.DELTA)
    shop.knows("digest-1")
    shop.receives("stray.csv", age=timedelta(days=9))

    with pytest.raises(FeedStale, match="216 h old"):
        shop()


def test_a_dry_run_only_says_what_it_would_set_to_0(shop: Shop) -> None:
    shop.run = FakeRun(dry_run=True)
    shop.settings[23] = setting_of(guards=Guards(zero_after=timedelta(days=2)))
    shop.knows("digest-1", age=timedelta(days=3))

    with pytest.raises(FeedStale, match="5 articles would be set to 0, but nothing was written"):
        shop()


def test_a_full_list_older_than_the_one_in_is_put_aside_with_the_way_back(shop: Shop) -> None:
    shop.knows("digest-1", age=timedelta(hours=2))
    shop.receives("older.csv", age=timedelta(hours=3))

    unit = shop().units[0]

    assert unit.result is UnitResult.UNCHANGED
    assert unit.message == (
        "older.csv: older than the list of 2026-11-21 10:00 UTC that is in; "
        "--file archive/… --force --reason WHY imports it all the same"
    )
    assert shop.book.statuses == [Status.UNCHANGED]
    assert shop.feeds.archived_names == ["older.csv"]


def test_an_older_full_list_named_by_hand_needs_force(shop: Shop) -> None:
    shop.knows("digest-1", age=timedelta(hours=2))
    shop.receives("older.csv", age=timedelta(hours=3))

    with pytest.raises(Refused, match=r"older than the list .* --force --reason"):
        shop(replace(ONE, file="older.csv"))
    assert shop.book.entries == []
    shop(replace(FORCED, file="older.csv"))

    assert shop.book.statuses == [Status.BOOKED]
    assert "guard.forced" in [event for event, _, _ in shop.run.logged]


def test_a_list_as_old_as_the_one_in_is_booked(shop: Shop) -> None:
    shop.knows("digest-1", age=timedelta(hours=2))
    shop.receives("corrected.csv", age=timedelta(hours=2))

    assert shop().units[0].result is UnitResult.DONE


def test_a_last_list_dated_in_the_future_does_not_keep_newer_ones_out(shop: Shop) -> None:
    shop.knows("digest-1", age=timedelta(days=-300))
    shop.receives("stock.csv")

    assert shop().units[0].result is UnitResult.DONE


def test_an_old_file_named_by_hand_never_zeroes_and_passes_by_force(shop: Shop) -> None:
    shop.settings[23] = setting_of(guards=Guards(zero_after=timedelta(days=2)))
    shop.receives("old.csv", age=timedelta(days=9))

    with pytest.raises(FeedStale, match="--force --reason"):
        shop(replace(ONE, file="old.csv"))
    shop(replace(FORCED, file="old.csv"))

    assert shop.book.statuses == [Status.BOOKED]


def test_a_file_still_being_written_is_left_for_the_next_run(shop: Shop) -> None:
    shop.receives("stock.csv", age=timedelta(seconds=2))

    summary = shop(replace(ONE, update_anyway=True))

    assert summary.units[0].result is UnitResult.SKIPPED
    assert summary.units[0].message == "stock.csv is still being written"
    assert shop.run.checkpoints == []


def test_a_supplier_whose_clock_is_ahead_is_not_locked_out(shop: Shop) -> None:
    shop.receives("stock.csv", age=timedelta(hours=-1))

    assert shop().units[0].result is UnitResult.DONE
    assert shop.book.entries[-1].received == NOON
    assert "feed.dated_ahead" in [event for event, _, _ in shop.run.logged]


def test_of_full_lists_only_the_newest_is_booked(shop: Shop) -> None:
    shop.receives("monday.csv", "tuesday.csv")

    assert shop().units[0].message == "tuesday.csv"


def test_deltas_are_booked_one_after_another_up_to_one_still_growing(shop: Shop) -> None:
    shop.settings[23] = setting_of(mode=Mode.DELTA)
    shop.receives("1.csv", "2.csv")
    shop.receives("3.csv", age=timedelta(seconds=1))

    summary = shop()

    assert shop.feeds.archived_names == ["1.csv", "2.csv"]
    assert summary.units[0].counts["changed"] == 2


def test_a_file_replaced_while_it_was_read_is_not_booked_and_may_be_retried(shop: Shop) -> None:
    shop.receives("stock.csv")
    shop.feeds.replaced = True

    with pytest.raises(FeedChanged):
        shop()

    assert shop.book.entries == []
    assert shop.feeds.marks == {}


# --- the archive fails -------------------------------------------------------------------------


def test_what_was_booked_counts_though_the_move_to_the_archive_fails(shop: Shop) -> None:
    shop.feeds.archive_full = True
    shop.receives("stock.csv")

    summary = shop()

    unit = summary.units[0]
    assert (unit.result, unit.counts["changed"]) == (UnitResult.FAILED, 1)
    assert unit.message == (
        "stock.csv is booked; only the move to the archive failed: archive: no room left; "
        "the next run tries the move again"
    )
    assert summary.items["changed"] == 1
    assert shop.book.statuses == [Status.BOOKED]
    assert shop.feeds.marks == {}


def test_a_file_known_but_still_not_to_be_moved_is_no_failed_import(shop: Shop) -> None:
    shop.feeds.archive_full = True
    shop.receives("stock.csv")
    shop.knows("stock.csv")

    unit = shop().units[0]

    assert unit.result is UnitResult.FAILED
    assert unit.message.startswith("stock.csv: same content as the last import; only the move")
    assert shop.feeds.marks == {}


def test_no_delta_is_booked_after_one_that_could_not_be_moved(shop: Shop) -> None:
    shop.settings[23] = setting_of(mode=Mode.DELTA)
    shop.feeds.archive_full = True
    shop.receives("1.csv", "2.csv")

    shop()

    assert [entry.digest for entry in shop.book.entries] == ["1.csv"]


# --- guards ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tally", "guards", "message"),
    [
        (Tally(lines=2), Guards(min_rows=3), "2 lines, expected are at least 3"),
        (Tally(lines=9, stocked=10, emptied=4), Guards(), "4 of 10 articles in stock would"),
        (Tally(), Guards(), "0 lines, expected are at least 1"),
    ],
)
def test_a_file_that_would_lose_stock_is_refused_but_passes_by_force(
    shop: Shop, tally: Tally, guards: Guards, message: str
) -> None:
    shop.settings[23] = setting_of(guards=guards)
    shop.book.tally = tally
    shop.receives("stock.csv")

    with pytest.raises(Implausible, match=message):
        shop()

    assert shop.book.statuses == [Status.FAILED]
    assert message in shop.feeds.marks["stock.csv"]
    assert shop.feeds.archived_names == []

    shop(FORCED)

    booked = shop.book.entries[-1]
    assert (booked.status, booked.forced, booked.message) == (Status.BOOKED, True, "range halved")
    event, said, fields = next(line for line in shop.run.logged if line[0] == "guard.forced")
    assert (event, fields) == ("guard.forced", {"actor": "updating", "reason": "range halved"})
    assert message in said


def test_a_mark_that_cannot_be_left_does_not_hide_the_reason(shop: Shop) -> None:
    shop.book.tally = Tally()
    shop.feeds.unmarkable = True
    shop.receives("stock.csv")

    with pytest.raises(Implausible):
        shop()

    assert ("unit.not_marked", "no room left", {"file": "stock.csv"}) in shop.run.logged


def test_too_many_unreadable_lines_are_refused_even_by_force(shop: Shop) -> None:
    shop.book.tally = Tally(lines=97, rejected=3)
    shop.receives("stock.csv")

    with pytest.raises(Implausible, match="3 of 100 lines were rejected, allowed are 2 %") as said:
        shop(FORCED)
    assert "bin/console suppliers:rejects 23" in str(said.value)


def test_a_guard_exactly_at_its_limit_passes(shop: Shop) -> None:
    shop.book.tally = Tally(lines=98, rejected=2, stocked=10, emptied=3)
    shop.receives("stock.csv")

    assert shop().units[0].result is UnitResult.DONE


def test_force_without_need_is_not_noted_as_forced(shop: Shop) -> None:
    shop.receives("stock.csv")

    shop(FORCED)

    assert shop.book.entries[-1].forced is False


# --- what may be asked -------------------------------------------------------------------------


def test_an_unknown_supplier_is_refused_with_the_ids_that_exist(shop: Shop) -> None:
    shop.settings[31] = setting_of(31)

    with pytest.raises(Refused, match=r"supplier 99 has no import setting; active .*: 23, 31"):
        shop(ImportRequest(supplier=99))


def test_an_inactive_supplier_is_refused(shop: Shop) -> None:
    shop.settings[31] = setting_of(31, active=False)

    with pytest.raises(Refused, match=r"supplier 31 \(Reifen 31\) is inactive; .*: 23$"):
        shop(ImportRequest(supplier=31))


def test_an_unknown_routine_names_those_that_exist(shop: Shop) -> None:
    shop.settings[23] = setting_of(process="ediwheel")
    shop.receives("stock.csv")

    with pytest.raises(ConfigurationInvalid, match="'ediwheel': known are standard"):
        shop()


def test_a_supplier_can_have_a_routine_of_its_own(shop: Shop) -> None:
    def own(task: Task, opened: OpenFeed, run: ActiveRun) -> Counter[str]:
        del task, opened, run
        return Counter(changed=7)

    shop.settings[23] = setting_of(process="own")
    shop.processes["own"] = own
    shop.receives("stock.csv")

    assert shop().items["changed"] == 7


def test_a_dry_run_counts_but_leaves_book_and_feeds_alone(shop: Shop) -> None:
    shop.run = FakeRun(dry_run=True)
    shop.receives("stock.csv")

    summary = shop()

    assert summary.items["changed"] == 1
    assert summary.notes == ("dry run: nothing was written",)
    assert (shop.book.entries, shop.feeds.archived_names) == ([], [])


def test_a_dry_run_leaves_a_known_file_waiting(shop: Shop) -> None:
    shop.run = FakeRun(dry_run=True)
    shop.receives("stock.csv")
    shop.knows("stock.csv")

    assert shop().units[0].result is UnitResult.UNCHANGED
    assert (shop.book.entries, shop.feeds.archived_names) == ([], [])


@pytest.mark.parametrize("age", [timedelta(hours=1), timedelta(days=9)])
def test_a_failing_dry_run_leaves_no_mark(shop: Shop, age: timedelta) -> None:
    shop.run = FakeRun(dry_run=True)
    shop.book.tally = Tally()
    shop.receives("stock.csv", age=age)

    with pytest.raises(Refused):
        shop()

    assert (shop.book.entries, shop.feeds.marks) == ([], {})


@pytest.mark.parametrize("request_", [ONE, ALL])
@pytest.mark.parametrize("checkpoint", ["opened", "hashed", "staged", "compared"])
def test_a_stop_before_the_commit_books_nothing(
    shop: Shop, checkpoint: str, request_: ImportRequest
) -> None:
    shop.run = FakeRun(stop_at=checkpoint)
    shop.receives("stock.csv")

    with pytest.raises(StopRequested):
        shop(request_)

    assert (shop.book.entries, shop.feeds.archived_names) == ([], [])


# --- all suppliers -----------------------------------------------------------------------------


@pytest.fixture
def three(shop: Shop) -> Shop:
    for number in (23, 31, 42):
        shop.settings[number] = setting_of(number)
        shop.receives(f"{number}.csv", supplier=number)
    return shop


def test_all_takes_each_suppliers_own_lock(three: Shop) -> None:
    summary = three(ALL)

    assert [unit.result for unit in summary.units] == [UnitResult.DONE] * 3
    assert three.run.taken == [f"cron.suppliers.import.supplier.{n}" for n in (23, 31, 42)]
    assert summary.items["changed"] == 3


def test_a_supplier_being_imported_elsewhere_is_skipped_with_its_holder(three: Shop) -> None:
    key = "cron.suppliers.import.supplier.31"
    holder = Busy(key=key, run_id="0198-other", host="web2", pid=7, since=None)
    three.run = FakeRun(busy={key: holder})

    summary = three(ALL)

    assert [unit.result for unit in summary.units] == [
        UnitResult.DONE, UnitResult.SKIPPED, UnitResult.DONE,
    ]  # fmt: skip
    assert summary.units[1].message == "run 0198-other on web2 is importing it"
    assert summary.outcome is Outcome.SUCCEEDED


def test_one_failing_supplier_makes_the_run_partial_and_is_named(three: Shop) -> None:
    three.feeds.inbox[31] = []

    summary = three(ALL)

    assert summary.outcome is Outcome.PARTIAL
    assert summary.failures.startswith("supplier 31 (Reifen 31): FeedStale: no file")
    assert three.feeds.archived_names == ["23.csv", "42.csv"]


def test_an_unreadable_setting_fails_its_supplier_only(three: Shop) -> None:
    three.settings[31] = ConfigurationInvalid("supplier.31.mode: 'ful' is none of full, delta")

    summary = three(ALL)

    assert [unit.result for unit in summary.units].count(UnitResult.DONE) == 2
    assert "supplier.31.mode" in summary.failures


def test_a_defect_in_one_suppliers_routine_does_not_stop_its_neighbours(three: Shop) -> None:
    def broken(*_: object) -> Counter[str]:
        raise ZeroDivisionError("division by zero")

    three.processes["broken"] = broken
    three.settings[31] = setting_of(31, process="broken")

    summary = three(ALL)

    assert summary.units[1].message == "ZeroDivisionError: division by zero"
    assert three.feeds.archived_names == ["23.csv", "42.csv"]
    defect = next(fields for event, _, fields in three.run.logged if event == "defect")
    assert "in broken" in defect["traceback"]


@pytest.mark.parametrize(("error", "retryable"), [(FeedChanged("x"), True), (Refused("x"), False)])
def test_a_failed_unit_tells_whether_it_may_pass_by_itself(
    three: Shop, error: Exception, retryable: bool
) -> None:
    three.settings[31] = error

    assert three(ALL).units[1].retryable is retryable


@pytest.mark.parametrize("error", [StoreUnavailable("gone"), LockLost("broken")])
def test_without_lock_or_database_the_run_ends_at_once(three: Shop, error: Exception) -> None:
    three.settings[31] = error

    with pytest.raises(type(error)):
        three(ALL)

    assert three.feeds.archived_names == ["23.csv"]


def test_a_lock_file_at_fault_fails_its_supplier_only(three: Shop) -> None:
    three.run = FakeRun(unlockable="cron.suppliers.import.supplier.31")

    summary = three(ALL)

    assert summary.outcome is Outcome.PARTIAL
    assert summary.failures.startswith("supplier 31 (Reifen 31): LockRefused: lock file ")
    assert three.feeds.archived_names == ["23.csv", "42.csv"]


def test_a_database_lost_while_a_supplier_is_locked_ends_the_run(
    three: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: int) -> LastImport | None:
        raise StoreUnavailable("the database is not available")

    monkeypatch.setattr(three.book, "last", away)

    with pytest.raises(StoreUnavailable, match="database"):
        three(ALL)


def test_all_without_an_active_supplier_is_refused(shop: Shop) -> None:
    shop.settings.clear()

    with pytest.raises(Refused, match="no supplier has an active import setting"):
        shop(ALL)


@pytest.mark.parametrize(("request_", "scope"), [(ALL, "all"), (ONE, "supplier.23")])
def test_the_scope_names_the_lock(request_: ImportRequest, scope: str) -> None:
    assert request_.scope == scope
