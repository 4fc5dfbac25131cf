"""One attempt at one message: what its handler sees, and how its end is settled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from domain.errors import CommitUnknown, Refused, Retryable, StopRequested, StoreUnavailable
from domain.queue.attempt import Tools, attempted
from domain.queue.crew import Order
from domain.queue.dao import Settlement
from domain.queue.job import CrashReason, Direction, Message, Status
from domain.queue.transitions import Move
from domain.queue.work import Draft, Work
from fakes.operating import FakeClock, FixedEntropy
from fakes.queue import FakeBench, FakeQueue
from fakes.worker import Count, Lines, OneType, SeenBoard


class Stage:
    """One worker with its queue; ``play`` does one attempt at one message and settles it."""

    def __init__(self) -> None:
        self.queue, self.clock, self.lines = FakeQueue(), FakeClock(), Lines()
        self.bench, self.board = FakeBench(self.queue), SeenBoard()
        self.type = OneType()
        self.tools = Tools(
            self.type,
            self.clock,
            FixedEntropy(),
            self.lines,
            lambda text: text.replace("hunter2", "***"),
        )

    def attempt(self, message: Message) -> Settlement | None:
        (claim,) = self.bench.start(self.queue.claimed(message))
        order = Order.of(message)._replace(claim_no=claim.claim_no)
        return attempted(order, self.bench, self.board, self.tools)

    def play(self, does: Callable[[Any, Work], None], **columns: Any) -> Message:
        """Give the row as the attempt leaves it."""
        self.type.does = does
        message = self.queue.add(**columns)
        failure = self.attempt(message)
        claim = self.queue.claim_of(message.id)
        if failure:
            assert self.bench.fail(claim, failure)
        else:
            self.bench.finish([claim])
        return self.queue.rows[message.id]


@pytest.fixture
def stage() -> Stage:
    return Stage()


def raising(error: BaseException) -> Callable[[Any, Work], None]:
    def does(_payload: Any, work: Work) -> None:
        work.database.execute("INSERT INTO effect VALUES (1)")
        raise error

    return does


def enqueuing(draft: Draft) -> Callable[[Any, Work], None]:
    def does(_payload: Any, work: Work) -> None:
        work.enqueue(draft)

    return does


def test_what_a_handler_wrote_and_enqueued_is_there_once_its_message_is_processed(
    stage: Stage,
) -> None:
    def does(payload: Count, work: Work) -> None:
        work.database.execute("INSERT INTO effect VALUES (:article)", article=payload.article)
        work.enqueue(Draft(type="sample.work", payload={"article": 8}))

    row = stage.play(does, correlation_id="corr-1")

    assert row.status is Status.PROCESSED
    assert stage.queue.effects == [("INSERT INTO effect VALUES (:article)", {"article": 7})]
    following = stage.queue.rows[2]
    assert (following.status, following.correlation_id) == (Status.NEW, "corr-1")
    assert following.created_by == "msg:1"


def test_a_message_left_to_its_type_gets_the_types_direction_and_attempts(stage: Stage) -> None:
    draft = Draft(type="sample.work", payload={})

    stage.play(enqueuing(draft))

    following = stage.queue.rows[2]
    assert (following.direction, following.max_attempts) == (Direction.OUTGOING, 2)


def test_a_handler_sees_its_key_its_attempt_and_the_time_it_has_left(stage: Stage) -> None:
    seen: list[Any] = []

    def does(_payload: Count, work: Work) -> None:
        stage.clock.advance(12)
        seen.extend([work.idempotency_key, work.attempt, work.remaining, work.correlation_id])

    stage.play(does, attempts=1, correlation_id="corr-1")

    assert seen == ["msg:1", 2, timedelta(seconds=18), "corr-1"]


def test_the_time_left_never_falls_below_zero(stage: Stage) -> None:
    seen: list[timedelta] = []

    def does(_payload: Count, work: Work) -> None:
        stage.clock.advance(600)
        seen.append(work.remaining)

    stage.play(does)

    assert seen == [timedelta(0)]


def test_a_handler_that_logs_a_field_of_ours_is_no_defect(stage: Stage) -> None:
    stage.play(lambda _, work: work.log("label.printed", message_type="label"))

    assert stage.lines.written[0]["message_type"] == "sample.work"


def test_log_lines_of_a_handler_name_their_message(stage: Stage) -> None:
    stage.play(lambda _, work: work.log("label.printed", copies=2), correlation_id="corr-1")

    assert stage.lines.written == [
        {
            "event": "label.printed",
            "message": "",
            "correlation_id": "corr-1",
            "message_id": 1,
            "message_type": "sample.work",
            "copies": 2,
        }
    ]


@pytest.mark.parametrize(
    ("error", "attempts", "status", "reason"),
    [
        (Retryable("the partner is away"), 0, Status.NEW, None),
        (Retryable("the partner is away"), 1, Status.CRASH, CrashReason.EXHAUSTED),
        (StoreUnavailable("deadlock"), 0, Status.NEW, None),
        (Refused("no such article"), 0, Status.CRASH, CrashReason.PERMANENT),
        (CommitUnknown("lost in the commit"), 0, Status.CRASH, CrashReason.PERMANENT),
        (ZeroDivisionError("a defect"), 0, Status.CRASH, CrashReason.PERMANENT),
        (SystemExit(3), 0, Status.CRASH, CrashReason.PERMANENT),
        (RecursionError("too deep"), 0, Status.CRASH, CrashReason.PERMANENT),
    ],
)
def test_a_failure_is_settled_by_its_kind_and_leaves_no_effect(
    stage: Stage, error: BaseException, attempts: int, status: Status, reason: CrashReason | None
) -> None:
    row = stage.play(raising(error), attempts=attempts, max_attempts=2)

    assert (row.status, row.crash_reason, row.attempts) == (status, reason, attempts + 1)
    assert stage.queue.effects == []


def test_a_retry_waits_as_its_type_says(stage: Stage) -> None:
    row = stage.play(raising(Retryable("away")), max_attempts=9, attempts=1)

    assert row.available_at - stage.queue.now == timedelta(seconds=40)


def test_a_wait_that_a_partner_asked_for_wins(stage: Stage) -> None:
    row = stage.play(raising(Retryable("busy", retry_after=timedelta(seconds=50))))

    assert row.available_at - stage.queue.now == timedelta(seconds=50)


def test_only_a_defect_brings_its_traceback_and_no_error_brings_a_secret(stage: Stage) -> None:
    foreseen = stage.play(raising(Refused("no such article as hunter2")))
    defect = stage.play(raising(KeyError("hunter2")))

    assert foreseen.error == "Refused: no such article as ***"
    assert str(defect.error).startswith("KeyError: '***'\nTraceback")
    assert "in does" in str(defect.error)
    assert "hunter2" not in str(defect.error)


def test_a_payload_that_does_not_fit_never_reaches_its_handler(stage: Stage) -> None:
    def refuses(_payload: str) -> Any:
        raise Refused("the payload does not fit: article: Field required")

    stage.type.read_as = refuses

    row = stage.play(raising(AssertionError("called")))

    assert (row.status, row.crash_reason) == (Status.CRASH, CrashReason.INVALID)
    assert row.error == "Refused: the payload does not fit: article: Field required"


def test_a_schema_that_breaks_on_a_payload_is_a_defect_of_its_message_only(stage: Stage) -> None:
    def breaks(_payload: str) -> Any:
        raise KeyError("article")

    stage.type.read_as = breaks

    row = stage.play(raising(AssertionError("called")))

    assert (row.status, row.crash_reason) == (Status.CRASH, CrashReason.PERMANENT)
    assert str(row.error).startswith("KeyError: 'article'\nTraceback")


def test_a_type_that_cannot_be_loaded_is_a_defect_of_its_messages_only(stage: Stage) -> None:
    def breaks(_type: str) -> None:
        raise SyntaxError("invalid syntax")

    stage.type.looked_up = breaks

    row = stage.play(raising(AssertionError("called")))

    assert (row.status, row.crash_reason) == (Status.CRASH, CrashReason.PERMANENT)
    assert str(row.error).startswith("SyntaxError: invalid syntax\nTraceback")


def test_what_follows_from_a_message_without_a_known_cause_names_the_message(stage: Stage) -> None:
    stage.play(enqueuing(Draft(type="sample.work", payload={})))

    assert stage.queue.rows[2].correlation_id == "msg:1"


def test_a_type_that_nobody_declares_is_invalid(stage: Stage) -> None:
    failure = stage.attempt(stage.queue.add("sample.play"))

    assert failure is not None
    assert failure.move is Move.REFUSE
    assert "sample.play" in failure.error


def test_a_handler_cannot_enqueue_what_nobody_declares(stage: Stage) -> None:
    draft = Draft(type="sample.play", payload={})

    row = stage.play(enqueuing(draft))

    assert row.crash_reason is CrashReason.PERMANENT
    assert "bin/console queue:types" in str(row.error)


def test_a_checkpoint_lets_go_of_the_message_when_the_processor_stops(stage: Stage) -> None:
    stage.board.stopping = True
    stage.type.does = lambda _, work: work.checkpoint()

    with pytest.raises(StopRequested):
        stage.attempt(stage.queue.add())


def test_a_checkpoint_is_passed_while_nothing_stops(stage: Stage) -> None:
    row = stage.play(lambda _, work: work.checkpoint())

    assert row.status is Status.PROCESSED
