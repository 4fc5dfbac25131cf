"""What a run of CR-005 deletes, asks and leaves for the next one."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest

from domain.cleaning.allowance import Allowance, TooMuch
from domain.cleaning.pace import LOOK_ROWS, Pace
from domain.errors import ConfigurationInvalid, Refused, StopRequested
from domain.operating.events import Event
from domain.operating.run import Outcome, Summary
from domain.queue.cleaning import CleanRequest, QueueCleaning
from domain.queue.job import Status
from domain.queue.retention import Retention
from fakes.ended_messages import FRESH, OLD, FakeEndedMessages, Row
from fakes.supplier_import import FakeRun

FORTNIGHT = timedelta(days=14)
USUAL_ALLOWANCE = Allowance(what="ended messages")
SMALL_ALLOWANCE = Allowance(rows=3_000, what="ended messages")
FORCED = CleanRequest(force=True, reason="first run")


@pytest.fixture
def messages() -> FakeEndedMessages:
    return FakeEndedMessages()


def clean(
    messages: FakeEndedMessages,
    request: CleanRequest | None = None,
    run: FakeRun | None = None,
    *,
    crashed: timedelta | None = None,
    allowance: Allowance | None = None,
) -> Summary:
    retention = Retention(processed=FORTNIGHT, crashed=crashed)
    cleaning = QueueCleaning(messages, retention, allowance or USUAL_ALLOWANCE, ["general"])
    return cleaning(request or CleanRequest(), run or FakeRun())


def left(messages: FakeEndedMessages) -> Counter[Row]:
    return Counter(messages.rows.values())


# --- what goes ---------------------------------------------------------------------------------


def test_only_what_was_processed_longer_ago_than_it_is_kept_goes(
    messages: FakeEndedMessages,
) -> None:
    for status in Status:
        messages.add(3, Row(OLD, status))
        messages.add(5, Row(FRESH, status))

    summary = clean(messages)

    assert left(messages)[Row(OLD)] == 0
    assert left(messages).total() == 3 * 4 + 5 * 5
    assert summary.items == {"processed": 3, "crashed": 0, "history": 0, "remaining": 0}
    assert summary.outcome is Outcome.SUCCEEDED


def test_crashed_messages_go_by_their_own_retention_alone(messages: FakeEndedMessages) -> None:
    messages.add(4, Row(OLD, Status.CRASH))
    messages.add(2, Row(timedelta(days=99), Status.CRASH))

    summary = clean(
        messages, CleanRequest(older_than=timedelta(days=20)), crashed=timedelta(days=90)
    )

    assert left(messages) == {Row(OLD, Status.CRASH): 4}
    assert summary.items["crashed"] == 2


@pytest.mark.parametrize("age", [FORTNIGHT, FORTNIGHT - timedelta(microseconds=1)])
def test_what_is_not_strictly_older_stays(messages: FakeEndedMessages, age: timedelta) -> None:
    messages.add(2, Row(age))

    assert clean(messages).outcome is Outcome.EMPTY
    assert left(messages).total() == 2


def test_another_queue_than_the_one_asked_for_is_left_alone(messages: FakeEndedMessages) -> None:
    messages.add(3, Row(OLD, queue="general"))
    messages.add(3, Row(OLD, queue="mails"))

    summary = clean(messages, CleanRequest(queue="mails"))

    assert left(messages) == {Row(OLD, queue="general"): 3}
    assert [unit.name for unit in summary.units] == ["mails"]


def test_a_queue_that_nobody_knows_is_refused_but_not_one_without_old_messages(
    messages: FakeEndedMessages,
) -> None:
    messages.add(2, Row(FRESH, queue="mails"))

    assert clean(messages, CleanRequest(queue="general")).outcome is Outcome.EMPTY
    assert clean(messages, CleanRequest(queue="mails")).outcome is Outcome.EMPTY
    with pytest.raises(Refused, match=r"no queue is called mials; .* declares: general"):
        clean(messages, CleanRequest(queue="mials"))


@pytest.mark.parametrize("most", [1, 7, 999, 1_000, 1_001])
def test_no_more_goes_than_asked_for(messages: FakeEndedMessages, most: int) -> None:
    for _ in range(500):
        messages.add(3, Row(OLD))
        messages.add(1, Row(OLD, Status.CRASH))

    summary = clean(messages, CleanRequest(max_rows=most), allowance=Allowance(percent=100))

    assert summary.items["processed"] == most
    assert summary.items["remaining"] == 1_500 - most
    assert left(messages)[Row(OLD)] == 1_500 - most


def test_a_dry_run_tells_what_would_go_and_deletes_nothing(messages: FakeEndedMessages) -> None:
    messages.add(20, Row(OLD))

    summary = clean(messages, run=FakeRun(dry_run=True))

    assert summary.items["processed"] == 20
    assert summary.notes == ("dry run: nothing was written",)
    assert messages.batches == []


# --- how far it looks --------------------------------------------------------------------------


def test_the_search_ends_behind_a_whole_range_of_new_messages(
    messages: FakeEndedMessages,
) -> None:
    messages.add(50, Row(OLD))
    messages.add(LOOK_ROWS * 5, Row(FRESH))

    clean(messages)

    assert max(after for after, _ in messages.looks) == LOOK_ROWS


def test_messages_of_the_future_do_not_hide_the_old_ones_behind_them(
    messages: FakeEndedMessages,
) -> None:
    messages.add(LOOK_ROWS * 2, Row(-timedelta(days=400)))
    messages.add(50, Row(OLD))

    assert clean(messages).items["processed"] == 50


def test_old_messages_out_of_order_go_with_the_others(messages: FakeEndedMessages) -> None:
    for _ in range(100):
        messages.add(3, Row(FRESH))
        messages.add(2, Row(OLD), gap=5_000_000)

    assert clean(messages).items["processed"] == 200
    assert set(left(messages)) == {Row(FRESH)}


# --- guards ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "kept", "said"),
    [
        (1_001, 999, "1,001 of 2,000 ended messages would go, allowed are 50 %"),
        (3_001, 9_000, "3,001 ended messages would go, allowed are 3,000"),
    ],
)
def test_too_much_at_once_asks_before_the_first_deletion(
    messages: FakeEndedMessages, old: int, kept: int, said: str
) -> None:
    messages.add(old, Row(OLD))
    messages.add(kept, Row(FRESH))
    run = FakeRun()

    with pytest.raises(TooMuch, match=said):
        clean(messages, run=run, allowance=SMALL_ALLOWANCE)
    assert messages.batches == []

    clean(messages, FORCED, run, allowance=SMALL_ALLOWANCE)
    assert left(messages) == {Row(FRESH): kept}
    assert [(event, fields["reason"]) for event, _, fields in run.logged] == [
        (Event.GUARD_FORCED, "first run")
    ]


@pytest.mark.parametrize(("old", "kept"), [(1_000, 0), (1_001, 1_001), (2_999, 3_000)])
def test_what_is_little_or_no_more_than_half_goes_unasked(
    messages: FakeEndedMessages, old: int, kept: int
) -> None:
    messages.add(old, Row(OLD))
    messages.add(kept, Row(FRESH))

    assert clean(messages, allowance=SMALL_ALLOWANCE).items["processed"] == old


def test_the_share_is_known_where_most_of_what_stays_is_far_behind(
    messages: FakeEndedMessages,
) -> None:
    messages.add(LOOK_ROWS, Row(OLD))
    messages.add(LOOK_ROWS, Row(FRESH, Status.NEW))
    messages.add(LOOK_ROWS, Row(FRESH))

    assert clean(messages).items["processed"] == LOOK_ROWS


def test_no_more_than_allowed_needs_no_force(messages: FakeEndedMessages) -> None:
    messages.add(4_000, Row(OLD))

    request = CleanRequest(max_rows=1_500)

    assert clean(messages, request, allowance=SMALL_ALLOWANCE).items["processed"] == 1_500


def test_less_than_is_set_needs_force(messages: FakeEndedMessages) -> None:
    messages.add(3, Row(timedelta(days=3)))
    request = CleanRequest(older_than=timedelta(days=2))

    with pytest.raises(TooMuch, match="--older-than is less than the 14 days"):
        clean(messages, request)

    forced = CleanRequest(older_than=timedelta(days=2), force=True, reason="disk")
    assert clean(messages, forced).items["processed"] == 3


@pytest.mark.parametrize("days", [0, -1])
@pytest.mark.parametrize("kind", ["processed", "crashed"])
def test_a_retention_of_nothing_makes_no_sense(kind: str, days: int) -> None:
    spans = {"processed": FORTNIGHT, kind: timedelta(days=days)}

    with pytest.raises(ConfigurationInvalid, match=rf"{kind} .* must be above 0"):
        Retention(**spans)


# --- time --------------------------------------------------------------------------------------


def test_out_of_time_it_leaves_the_rest_to_the_next_run(messages: FakeEndedMessages) -> None:
    messages.add(9_000, Row(OLD))
    run = FakeRun()

    def time_is_over(name: str) -> None:
        if name == "batch" and run.checkpoints.count("batch") == 3:
            run.remaining = timedelta(seconds=19)

    run.at_checkpoint = time_is_over
    summary = clean(messages, FORCED, run)

    assert summary.outcome is Outcome.SUCCEEDED
    assert len(messages.batches) == 3
    assert summary.items["remaining"] == left(messages)[Row(OLD)] > 0
    assert clean(messages, FORCED).items["remaining"] == 0


def test_a_stop_between_batches_keeps_what_is_done(messages: FakeEndedMessages) -> None:
    messages.add(3_000, Row(OLD))

    with pytest.raises(StopRequested):
        clean(messages, FORCED, FakeRun(stop_at="batch"))
    assert left(messages).total() == 3_000

    clean(messages, FORCED)
    assert not messages.rows


def test_nothing_is_left_for_a_second_run(messages: FakeEndedMessages) -> None:
    messages.add(500, Row(OLD))
    clean(messages)

    assert clean(messages).outcome is Outcome.EMPTY


def test_batches_grow_while_they_are_quick_and_shrink_when_they_are_slow() -> None:
    pace = Pace()
    sizes = [pace.rows]
    for seconds in (0.005, 0.01, 0.02, 0.4, 0.09, 0.029):
        pace.felt(seconds)
        sizes.append(pace.rows)

    assert sizes[:4] == [1_000, 2_000, 4_000, 5_000]
    assert [a > b for a, b in pairwise(sizes[3:])] == [True, True, False]
    assert pace.slowest == 0.4


@pytest.mark.parametrize(("seconds", "size"), [(0.0, Pace.MOST), (5.0, Pace.LEAST)])
def test_a_batch_is_never_tiny_nor_huge(seconds: float, size: int) -> None:
    pace = Pace()
    for _ in range(20):
        pace.felt(seconds)

    assert pace.rows == size
