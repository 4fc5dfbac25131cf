"""Each platform in turn: what is asked, what is stored, when the cursor moves, what stops what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from typer import BadParameter

from commands.cron.platform_pull_orders import PlatformPullOrders
from domain.errors import ConfigurationInvalid, LockLost, Refused, StopRequested, StoreUnavailable
from domain.jobs.platform_orders.ports import Desk, State
from domain.jobs.platform_orders.request import PullRequest
from domain.jobs.platform_orders.service import OrderPull
from domain.jobs.platform_orders.windows import SEAM, windows
from domain.operating.run import Outcome, Summary, UnitResult
from domain.platforms.ports import LimitReached, Reading
from domain.platforms.setting import Adapter, PlatformSetting, faults
from domain.transfers.failures import TransferBroken
from fakes.operating import FixedEntropy
from fakes.platform_orders import FakePlatform, MemoryBook, MemoryReach, MemoryShelf, setting_of
from fakes.supplier_import import NOON, FakeRun, FixedClock
from infra.platforms.setting_form import load_platforms

ALL = PullRequest()
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
LAG, OVERLAP = 2 * MINUTE, 15 * MINUTE
A, B = "a", "b"


class Pull:
    """A pull over fakes; platforms by name."""

    def __init__(self, **platforms: FakePlatform) -> None:
        self.platforms = platforms
        self.shelf = MemoryShelf(*(setting_of(name) for name in platforms))
        self.book, self.run = MemoryBook(), FakeRun()
        for name in platforms:
            self.book.states[name] = State(watermark=NOON - HOUR)
        self.reach = MemoryReach(platforms)

    def __call__(self, request: PullRequest = ALL) -> Summary:
        desk = Desk(
            shelf=self.shelf,
            book=self.book,
            connect=self.reach.connect,
            clock=FixedClock(),
            entropy=FixedEntropy(),
        )
        return OrderPull(desk)(request, self.run)

    def finds(self, **more: object) -> None:
        """Let the run find platform a in another state."""
        self.book.states[A] = replace(self.book.states[A], **more)  # type: ignore[arg-type]


def results(summary: Summary) -> list[tuple[str, UnitResult]]:
    return [(unit.name, unit.result) for unit in summary.units]


# --- reading and storing --------------------------------------------------------------------------


def test_every_page_is_stored_and_then_the_cursor_moves() -> None:
    pull = Pull(a=FakePlatform([["1", "2"], ["3"]]))

    summary = pull()

    assert pull.book.inbox == [(A, "1"), (A, "2"), (A, "3")]
    assert pull.book.moves == [(A, NOON - LAG)]
    assert (summary.outcome, summary.items["orders"]) == (Outcome.SUCCEEDED, 3)
    (asked,) = pull.platforms[A].asked
    assert (asked.since, asked.until) == (NOON - HOUR - OVERLAP, NOON - LAG)
    assert pull.platforms[A].closed == 1


def test_a_second_run_finds_nothing_new() -> None:
    pull = Pull(a=FakePlatform([["1", "2"]]))
    pull()

    again = pull()

    assert (again.outcome, results(again)) == (Outcome.EMPTY, [(A, UnitResult.UNCHANGED)])
    assert again.units[0].counts["known"] == 2


def test_a_page_that_fails_leaves_the_cursor_and_keeps_what_was_stored() -> None:
    pull = Pull(a=FakePlatform([["1"], TransferBroken("cut")]), b=FakePlatform([["2"]]))

    summary = pull()

    assert (summary.outcome, summary.items["orders"]) == (Outcome.PARTIAL, 2)
    assert results(summary) == [(A, UnitResult.FAILED), (B, UnitResult.DONE)]
    assert [name for name, _ in pull.book.moves] == [B]
    assert pull.platforms[A].closed == 1


def test_an_order_nobody_can_read_is_a_line_of_its_own_and_the_cursor_moves() -> None:
    pull = Pull(a=FakePlatform([["1", "2"]]))
    pull.book.bad = {"2": "the order has no lines"}

    summary = pull()

    assert results(summary) == [(A, UnitResult.DONE), ("a/2", UnitResult.FAILED)]
    assert summary.units[1].message == "Refused: the order has no lines"
    assert summary.items == {"orders": 1, "quarantined": 1}
    assert len(pull.book.moves) == 1


def test_of_many_unreadable_orders_some_are_named_and_all_are_counted() -> None:
    keys = [str(number) for number in range(50)]
    pull = Pull(a=FakePlatform([keys[:30], keys[30:]]))
    pull.book.bad = dict.fromkeys(keys, "?")

    summary = pull()

    assert len(summary.failed) == 20
    assert summary.items["quarantined"] == 50


def test_a_dry_run_asks_and_stores_nothing() -> None:
    pull = Pull(a=FakePlatform([["1"], TransferBroken("cut")]))
    pull.run = FakeRun(dry_run=True)

    summary = pull()

    assert summary.items["orders"] == 1
    assert (pull.book.inbox, pull.book.moves, pull.book.wrongs) == ([], [], [])
    assert pull.platforms[A].asked[0].peek
    assert pull.platforms[A].kept == []


def test_a_file_is_put_away_once_its_orders_are_stored() -> None:
    pull = Pull(a=FakePlatform([["1"]], reading=Reading.FILES))
    stored: list[list[tuple[str, str]]] = []
    pull.platforms[A].kept = _Watched(lambda: stored.append(list(pull.book.inbox)))

    pull()

    assert stored == [[(A, "1")]]


class _Watched(list[str]):
    def __init__(self, heard: object) -> None:
        self._heard = heard

    def extend(self, _: object) -> None:
        self._heard()  # type: ignore[operator]


# --- windows --------------------------------------------------------------------------------------


def asked_for(
    watermark: datetime | None, request: PullRequest = ALL, **more: int
) -> list[tuple[timedelta, timedelta, timedelta | None]]:
    """Give each window and the cursor after it, as spans before noon."""
    setting = setting_of(A, **more)
    return [
        (NOON - w.since, NOON - w.until, NOON - w.moves_to if w.moves_to else None)
        for w in windows(request, setting, watermark, NOON)
    ]


def test_the_first_run_looks_back_as_far_as_is_set() -> None:
    days = asked_for(None, first_days=2, slice_hours=24)

    day = timedelta(days=1)
    assert days == [
        (2 * day + LAG, day + LAG, day + LAG),
        (day + LAG + SEAM, LAG, LAG),
    ]


def test_a_long_absence_is_read_in_slices_and_the_cursor_moves_after_each() -> None:
    slices = asked_for(NOON - 5 * HOUR, slice_hours=2)

    assert [moved for _, _, moved in slices] == [3 * HOUR + OVERLAP, HOUR + OVERLAP, LAG]


@pytest.mark.parametrize(
    ("since", "until", "moved"),
    [
        (None, None, LAG),
        (90 * MINUTE, None, LAG),  # it begins within what was read
        (30 * MINUTE, None, None),  # there would be a gap
        (90 * MINUTE, 70 * MINUTE, None),  # never back
        (90 * MINUTE, 20 * MINUTE, 20 * MINUTE),  # not past what was read
        (None, 20 * MINUTE, 20 * MINUTE),
    ],
)
def test_a_scoped_run_moves_the_cursor_neither_back_nor_over_a_gap(
    since: timedelta | None, until: timedelta | None, moved: timedelta | None
) -> None:
    request = PullRequest(
        platforms=(A,),
        since=NOON - since if since else None,
        until=NOON - until if until else None,
    )

    (only,) = asked_for(NOON - HOUR, request)

    assert only[2] == moved


def test_nothing_younger_than_the_lag_is_asked_for() -> None:
    request = PullRequest(platforms=(A,), until=NOON + HOUR)

    assert asked_for(NOON - HOUR, request)[0][1] == LAG


def test_a_window_turned_round_is_refused() -> None:
    request = PullRequest(platforms=(A,), since=NOON - HOUR, until=NOON - 2 * HOUR)

    with pytest.raises(Refused, match="nothing lies between 2026-11-21 11:00:00 UTC"):
        asked_for(None, request)


def test_a_cursor_ahead_of_the_clock_is_forgotten_and_all_is_read_again() -> None:
    pull = Pull(a=FakePlatform([["1"]]))
    pull.finds(watermark=NOON + HOUR)

    summary = pull()

    assert (summary.items["orders"], pull.book.forgotten) == (1, [A])
    assert pull.platforms[A].asked[0].since == NOON - LAG - timedelta(days=30)
    assert pull.book.moves[-1] == (A, NOON - LAG)
    assert pull.run.logged[0][0] == "platform.ahead"


def test_a_dry_run_and_a_window_of_ones_own_forget_no_cursor() -> None:
    pull = Pull(a=FakePlatform([["1"]]))
    pull.finds(watermark=NOON + HOUR)
    pull(PullRequest(platforms=(A,), since=NOON - HOUR))
    pull.run = FakeRun(dry_run=True)

    assert pull().items["orders"] == 0
    assert (pull.book.forgotten, pull.book.moves) == ([], [])


# --- one platform among others --------------------------------------------------------------------


def test_platforms_that_are_off_are_left_alone() -> None:
    pull = Pull(a=FakePlatform([["1"]]), b=FakePlatform([["2"]]))
    pull.shelf = MemoryShelf(setting_of(A), setting_of(B, active=False))

    assert results(pull()) == [(A, UnitResult.DONE)]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("c", "--platform c: there is no such platform; there are a"),
        (B, "--platform b: it is not active"),
    ],
)
def test_a_platform_that_cannot_be_asked_is_refused_by_name(name: str, why: str) -> None:
    pull = Pull(a=FakePlatform(), b=FakePlatform())
    pull.shelf = MemoryShelf(setting_of(A), setting_of(B, active=False))

    with pytest.raises(Refused, match=why):
        pull(PullRequest(platforms=(A, name)))


def test_each_platform_gets_a_share_of_the_time_that_is_left() -> None:
    pull = Pull(a=FakePlatform(), b=FakePlatform())
    pull.shelf = MemoryShelf(setting_of(A), setting_of(B, budget_seconds=7))
    pull.run.remaining = timedelta(seconds=100)

    pull()

    assert pull.reach.budgets == {A: timedelta(seconds=50), B: timedelta(seconds=7)}


@pytest.mark.parametrize("error", [LockLost("gone"), StoreUnavailable("away")])
def test_what_is_not_the_platforms_fault_ends_the_run_and_counts_against_none(
    error: Exception,
) -> None:
    pull = Pull(a=FakePlatform([error]), b=FakePlatform([["2"]]))

    with pytest.raises(type(error)):
        pull()

    assert (pull.book.inbox, pull.book.wrongs) == ([], [])


def test_a_stop_is_heard_between_pages() -> None:
    pull = Pull(a=FakePlatform([["1"], ["2"]]))
    pull.run = FakeRun(stop_at="stored")

    with pytest.raises(StopRequested):
        pull()

    assert pull.book.inbox == [(A, "1")]


# --- limits and rests -----------------------------------------------------------------------------


def test_a_limit_that_is_used_up_is_no_failure() -> None:
    pull = Pull(a=FakePlatform([LimitReached("ask again in 90 s")], reading=Reading.BLOCKS))

    summary = pull()

    assert (summary.outcome, results(summary)) == (Outcome.EMPTY, [(A, UnitResult.SKIPPED)])
    assert pull.book.wrongs == []


def test_a_platform_that_asked_for_a_pause_is_left_alone_until_then() -> None:
    pull = Pull(a=FakePlatform([["1"]]))
    pull.finds(failures=1, reason="answered 429", blocked_for=timedelta(seconds=90))

    summary = pull(PullRequest(platforms=(A,)))

    assert summary.outcome is Outcome.FAILED  # so that the incident stays open
    assert summary.units[0].message == (
        "PlatformRests: it wants to be left alone: not asked for 90 s:"
        " it failed once, last: answered 429"
    )
    assert (pull.platforms[A].asked, pull.book.wrongs) == ([], [])


def test_a_failure_is_counted_with_the_pause_that_the_platform_asked_for() -> None:
    broken = TransferBroken("busy", retry_after=HOUR)
    pull = Pull(a=FakePlatform([broken]))

    pull()

    assert pull.book.wrongs == [(A, "busy", HOUR)]


def test_a_pause_without_end_is_one_of_a_day() -> None:
    pull = Pull(a=FakePlatform([TransferBroken("busy", retry_after=timedelta(days=9_999))]))

    pull()

    assert pull.book.wrongs == [(A, "busy", timedelta(days=1))]


def test_a_platform_that_failed_too_often_rests_and_that_is_told_as_a_failure() -> None:
    pull = Pull(a=FakePlatform([["1"]]))
    pull.finds(failures=5, reason="answered 503", rests_for=timedelta(minutes=20))

    summary = pull()

    assert summary.outcome is Outcome.FAILED
    assert summary.units[0].message == (
        "PlatformRests: not asked for 20 min: it failed 5 times, last: answered 503"
    )
    assert (pull.platforms[A].asked, pull.book.wrongs) == ([], [])


def test_a_platform_that_is_named_is_asked_though_it_rests() -> None:
    pull = Pull(a=FakePlatform([["1"]]))
    pull.finds(failures=5, rests_for=timedelta(minutes=20))

    assert pull(PullRequest(platforms=(A,))).outcome is Outcome.SUCCEEDED
    assert pull.book.wells == [A]


def test_the_failure_that_lets_it_rest_is_told() -> None:
    pull = Pull(a=FakePlatform([TransferBroken("cut")]))
    pull.finds(failures=5, reason="cut", rests_for=timedelta(minutes=30))

    pull(PullRequest(platforms=(A,)))

    assert [event for event, *_ in pull.run.logged] == ["platform.rests", "unit.failed"]


# --- scoped runs ----------------------------------------------------------------------------------


def test_one_order_is_asked_for_and_no_cursor_moves() -> None:
    pull = Pull(a=FakePlatform([["1"]]))

    pull(PullRequest(platforms=(A,), orders=("4711",)))

    assert pull.book.inbox == [(A, "4711")]
    assert (pull.book.moves, pull.platforms[A].asked) == ([], [])


@pytest.mark.parametrize("reading", [Reading.BLOCKS, Reading.FILES])
def test_where_there_are_no_windows_none_can_be_asked_for(reading: Reading) -> None:
    pull = Pull(a=FakePlatform([["1"]], reading=reading))

    summary = pull(PullRequest(platforms=(A,), since=NOON - HOUR))

    assert "leave out --since, --until" in summary.units[0].message


def test_blocks_go_on_from_the_last_stored_one() -> None:
    pull = Pull(a=FakePlatform([["1"]], reading=Reading.BLOCKS))
    pull.finds(counter=4711, was_asking=True)

    pull()

    assert (pull.platforms[A].asked[0].counter, pull.platforms[A].asked[0].was_asking) == (
        4711,
        True,
    )
    assert pull.book.moves == []


# --- settings -------------------------------------------------------------------------------------

SOUND = PlatformSetting(
    platform_id="shop",
    adapter=Adapter.SHOPIFY,
    url="https://shop.example",
    token="env:TOKEN",  # noqa: S106 - a reference
)


def _keys(setting: PlatformSetting) -> Sequence[str]:
    return [key for key, _ in faults(setting)]


def test_a_sound_setting_has_no_faults() -> None:
    assert _keys(SOUND) == []


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"url": "shop.example"}, "url"),
        ({"url": "https://user:one@shop.example"}, "url"),
        ({"folder": "/etc"}, "folder"),
        ({"folder": "../../etc"}, "folder"),
        ({"zone": "Berlin"}, "zone"),
        ({"token": ""}, "token"),
        ({"token": "shpat_12345"}, "token"),
        ({"country": "DE"}, "country"),
        ({"pattern": "../*.xml"}, "pattern"),
        ({"page_size": 251}, "page_size"),
        ({"first_days": 0}, "first_days"),
        ({"budget_seconds": 0}, "budget_seconds"),
        ({"adapter": Adapter.TYRE24}, "user"),
        ({"adapter": Adapter.FILES}, "folder"),
    ],
)
def test_a_setting_that_cannot_be_right_is_told_by_key(change: dict[str, object], key: str) -> None:
    assert _keys(replace(SOUND, **change)) == [key]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[platform.Shop]\nadapter = 'files'\nfolder = 'x'", "name in small letters"),
        ("[platform.a]\nadapter = 'magento3'", "did you mean 'magento2'?"),
        ("[platform.a]\nadapter = 'files'", "[platform.a] folder: files needs folder"),
        ("[platform.a]\nadapter = 'files'\nfolder = 'x'\nfolders = 1", "folders is unknown"),
        ("", "no [platform.NAME] table"),
    ],
)
def test_a_file_with_a_fault_is_refused_with_its_place(toml: str, said: str) -> None:
    with pytest.raises(ConfigurationInvalid) as told:
        load_platforms(toml)

    assert said in str(told.value)


# --- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"platform": [A, B], "order": ["1"]}, "need exactly one --platform"),
        ({"until": "2026-11-01"}, "need exactly one --platform"),
        ({"platform": [A], "order": ["1"], "until": "2026-11-01"}, "--order goes without"),
        ({"platform": [A], "since": "soon"}, "soon is no instant"),
        ({"platform": [A], "since": ""}, "is no instant"),
        ({"platform": [A], "order": [""]}, "--order is empty"),
    ],
)
def test_words_that_do_not_go_together_are_refused(words: dict[str, Any], said: str) -> None:
    with pytest.raises(BadParameter, match=said):
        PlatformPullOrders.request(**words)


@pytest.mark.parametrize(
    ("words", "scope"),
    [
        ({}, "all"),
        ({"platform": [B, A]}, "a b"),
        ({"platform": [A], "order": ["7"]}, "a order.7"),
        ({"platform": [A], "since": "2026-11-20"}, "a since.2026-11-20T00:00:00+00:00"),
    ],
)
def test_what_was_narrowed_down_is_a_firing_of_its_own(words: dict[str, Any], scope: str) -> None:
    assert PlatformPullOrders.request(**words).scope == scope
