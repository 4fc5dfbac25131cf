"""Which days are counted anew, what is late, and when nothing is touched."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.errors import Refused
from domain.jobs.page_counters import service as module
from domain.jobs.page_counters.request import CountRequest
from domain.jobs.page_counters.rules import Rules
from domain.jobs.page_counters.service import HitsVanished, PageCounters
from domain.operating.run import Outcome, Summary
from fakes.page_counters import NOON, MemoryCounters
from fakes.supplier_import import FakeRun

TODAY = date(2026, 11, 21)
RULES = Rules(
    lag=timedelta(minutes=2),
    ahead=timedelta(minutes=5),
    closed_after=timedelta(days=31),
    statuses=(200,),
    bots=(),
    static=(),
)
BROKEN = datetime(1970, 1, 1, tzinfo=UTC)


def counted(store: MemoryCounters, run: FakeRun | None = None, **asked: object) -> Summary:
    counters = PageCounters(store, RULES, ZoneInfo("Europe/Berlin"))
    return counters(CountRequest(**asked), run or FakeRun())  # type: ignore[arg-type]  # as each test says


def hits(*ages: float) -> list[tuple[int, datetime]]:
    """Hits that came one after another and happened so many days ago."""
    return [(number, NOON - timedelta(days=age)) for number, age in enumerate(ages, start=1)]


def items(**counts: int) -> Mapping[str, int]:
    return {"counted": 0, "late": 0, "rejected": 0} | counts


def test_new_hits_are_counted_in_their_own_days_and_once() -> None:
    store = MemoryCounters(hits(0, 0, 1))

    first, second = counted(store), counted(store)

    assert store.shown == {TODAY: 2, date(2026, 11, 20): 1}
    assert (first.items, second.items) == (items(counted=3), items())
    assert (second.outcome, store.commits) == (Outcome.EMPTY, [3])


def test_a_hit_after_midnight_of_the_shop_belongs_to_the_next_day() -> None:
    store = MemoryCounters([(1, datetime(2026, 11, 20, 23, 30, tzinfo=UTC))])

    counted(store)

    assert store.shown == {TODAY: 1}


def test_before_the_first_count_no_day_is_closed_and_later_old_ones_are() -> None:
    store = MemoryCounters(hits(400))
    counted(store)
    store.hits += [(2, NOON - timedelta(days=400)), (3, NOON - timedelta(days=3))]

    told = counted(store)

    old = (NOON - timedelta(days=400)).date()
    assert store.shown == {old: 1, date(2026, 11, 18): 1}
    assert (store.late, told.items) == ({old: 1}, items(counted=1, late=1))


def test_broken_hits_are_counted_as_such_and_the_rest_go_in() -> None:
    store = MemoryCounters([*hits(0), (2, BROKEN)])

    assert counted(store).items == items(counted=1, rejected=1)
    assert (store.shown, store.last_id) == ({TODAY: 1}, 2)


def test_hits_that_are_all_broken_move_the_watermark_too() -> None:
    store = MemoryCounters([(1, BROKEN)])

    assert counted(store).outcome is Outcome.SUCCEEDED
    assert (store.shown, store.last_id) == ({}, 1)


def test_a_watermark_beyond_the_newest_hit_is_an_alarm() -> None:
    store = MemoryCounters(hits(0), last_id=50)

    with pytest.raises(HitsVanished, match=r"up to id 50, but the newest is 1.*--from-id"):
        counted(store)

    assert counted(store, from_id=0, reason="emptied").items == items(counted=1)


def test_a_watermark_is_set_back_though_the_table_is_empty() -> None:
    store = MemoryCounters(last_id=50)

    counted(store, FakeRun(dry_run=True), from_id=0, reason="emptied")
    dry = store.last_id
    counted(store, from_id=0, reason="emptied")

    assert (dry, store.last_id) == (50, 0)
    store.hits = hits(0)
    assert counted(store).items == items(counted=1)


def test_a_day_that_lies_ahead_is_no_day_to_count_from() -> None:
    with pytest.raises(Refused, match="2026-11-22 lies ahead: today is 2026-11-21"):
        counted(MemoryCounters(hits(0)), rebuild_from=date(2026, 11, 22))


def test_a_table_without_any_hit_is_no_alarm_before_the_first_count() -> None:
    assert counted(MemoryCounters()).outcome is Outcome.EMPTY


def test_a_long_backlog_is_worked_off_in_several_transactions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "CHUNK", 2)
    store = MemoryCounters(hits(0, 0, 0, 1, 1))

    told = counted(store)

    assert store.commits == [2, 4, 5]
    assert told.items == items(counted=5)
    assert store.shown == {TODAY: 3, date(2026, 11, 20): 2}


def test_a_dry_run_names_the_days_and_counts_none() -> None:
    store = MemoryCounters(hits(0, 1))
    run = FakeRun(dry_run=True)

    told = counted(store, run, rebuild_from=date(2026, 11, 1))

    assert [(unit.name, unit.message) for unit in told.units] == [
        ("2026-11-20", "would be counted anew"),
        ("2026-11-21", "would be counted anew"),
    ]
    assert "every day from 2026-11-01 on would be" in told.notes[0]
    assert (store.shown, store.commits) == ({}, [])


def test_a_day_of_which_most_hits_are_gone_is_not_counted_down() -> None:
    store = MemoryCounters(hits(0), shown={TODAY: 100})

    with pytest.raises(HitsVanished, match="counters say 100 hits, the table holds 1"):
        counted(store)
    assert (store.shown, store.last_id) == ({TODAY: 100}, None)

    run = FakeRun()
    counted(store, run, force=True, reason="wanted so")
    assert store.shown == {TODAY: 1}
    assert [event for event, *_ in run.logged] == ["guard.forced"]


def test_days_asked_for_are_counted_anew_and_only_what_changed_is_told() -> None:
    store = MemoryCounters(hits(0, 1, 2), last_id=3)
    store.shown = {TODAY: 1, date(2026, 11, 20): 2}

    told = counted(store, rebuild_from=date(2026, 11, 18))

    assert [unit.name for unit in told.units] == ["2026-11-19", "2026-11-20"]
    assert store.shown == {TODAY: 1, date(2026, 11, 20): 1, date(2026, 11, 19): 1}
    again = counted(store, rebuild_from=date(2026, 11, 18))
    assert (again.outcome, again.units) == (Outcome.EMPTY, ())
    assert again.notes == ("of 4 days from 2026-11-18 on, 4 were right already",)


def test_a_day_that_cannot_be_rebuilt_stops_no_other() -> None:
    store = MemoryCounters(hits(0, 1), last_id=2)
    store.shown = {date(2026, 11, 19): 50}

    told = counted(store, rebuild_from=date(2026, 11, 19))

    assert told.outcome is Outcome.PARTIAL
    assert store.shown == {date(2026, 11, 19): 50, date(2026, 11, 20): 1, TODAY: 1}
