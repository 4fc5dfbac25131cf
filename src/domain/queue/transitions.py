"""Every legal move of a message, as one table: the SQL, the model and the docs are made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.queue import guards as g
from domain.queue.guards import Guard
from domain.queue.job import IN_FLIGHT, CrashReason, Status


class Move(StrEnum):
    """The transitions by what happens."""

    ENQUEUE = "enqueue"
    CLAIM = "claim"
    REFUSE = "refuse"
    START = "start"
    HEARTBEAT = "heartbeat"
    ABANDON = "abandon"
    FINISH = "finish"
    RETRY = "retry"
    CRASH_PERMANENT = "crash"
    CRASH_EXHAUSTED = "crash exhausted"
    PUT_BACK = "put back"
    RESTART = "restart"
    POISON = "poison"
    EXHAUST = "exhaust"
    RELEASE = "release"
    GIVE_BACK = "give back"
    RESET = "reset"
    CANCEL = "cancel"
    FORCE_RESTART = "force restart"
    FORCE_CRASH = "force crash"
    CLEAN = "clean"
    CLEAN_CRASHED = "clean crashed"


class Who(StrEnum):
    """Who asks for a transition."""

    PRODUCER = "producer"
    PARENT = "worker's parent"
    WORKER = "worker"
    SWEEPER = "sweeper"
    OPERATOR = "operator"
    CLEANER = "CR-005"


class To(StrEnum):
    """What a transition does where it leads to no other status."""

    SAME = "(same)"
    DELETED = "(deleted)"


class Value(StrEnum):
    """What a column is set to; instants are by the database's clock, limits are named."""

    PLUS_ONE = "+1"
    MINUS_ONE = "-1"
    ZERO = "0"
    EMPTY = "null"
    NOW = "now"
    LEASE_END = "now + {lease}"
    GIVEN = "as given"
    RESCUES = "+1, or 1 in a new window"
    WINDOW_START = "now in a new window"


@dataclass(frozen=True, kw_only=True)
class Transition:
    """One row of the table: one guarded statement whose matched rows must be 1.

    A change of status also sets ``status_since``.
    """

    number: str
    move: Move
    sources: tuple[Status, ...]
    target: Status | To
    guards: tuple[Guard, ...]
    who: Who
    sets: Mapping[str, Value | CrashReason]


_NOT_HELD = {"run_id": Value.EMPTY, "lease_until": Value.EMPTY}
_GIVEN_UP = {"lease_until": Value.EMPTY, "finished_at": Value.NOW, "error": Value.GIVEN}
_RESCUED = {"rescues": Value.RESCUES, "first_rescue_at": Value.WINDOW_START}

TRANSITIONS: tuple[Transition, ...] = (
    Transition(
        number="Q1",
        move=Move.ENQUEUE,
        sources=(),
        target=Status.NEW,
        guards=(g.KEY_FREE,),
        who=Who.PRODUCER,
        sets={},
    ),
    Transition(
        number="Q2",
        move=Move.CLAIM,
        sources=(Status.NEW,),
        target=Status.IN_QUEUE,
        guards=(g.DUE, g.NOT_PAUSED, g.ENTITY_FREE),
        who=Who.PARENT,
        sets={
            "claim_no": Value.PLUS_ONE,
            "run_id": Value.GIVEN,
            "lease_until": Value.LEASE_END,
        },
    ),
    Transition(
        number="Q2",
        move=Move.REFUSE,
        sources=IN_FLIGHT,
        target=Status.CRASH,
        guards=(g.OWN_CLAIM, g.UNREADABLE),
        who=Who.WORKER,
        sets={**_GIVEN_UP, "crash_reason": CrashReason.INVALID},
    ),
    Transition(
        number="Q3",
        move=Move.START,
        sources=(Status.IN_QUEUE,),
        target=Status.PROCESSING,
        guards=(g.OWN_CLAIM,),
        who=Who.WORKER,
        sets={"attempts": Value.PLUS_ONE},
    ),
    Transition(
        number="Q4",
        move=Move.HEARTBEAT,
        sources=IN_FLIGHT,
        target=To.SAME,
        guards=(g.OWN_CLAIM,),
        who=Who.PARENT,
        sets={"lease_until": Value.LEASE_END},
    ),
    Transition(
        number="Q4",
        move=Move.ABANDON,
        sources=IN_FLIGHT,
        target=To.SAME,
        guards=(g.OWN_CLAIM,),
        who=Who.PARENT,
        # The worker is dead and its parent has seen it: the sweeper need not wait for the lease.
        sets={"lease_until": Value.NOW, "error": Value.GIVEN},
    ),
    Transition(
        number="Q5",
        move=Move.FINISH,
        sources=(Status.PROCESSING,),
        target=Status.PROCESSED,
        guards=(g.OWN_CLAIM,),
        who=Who.WORKER,
        sets={"lease_until": Value.EMPTY, "finished_at": Value.NOW, "error": Value.EMPTY},
    ),
    Transition(
        number="Q6",
        move=Move.RETRY,
        sources=(Status.PROCESSING,),
        target=Status.NEW,
        guards=(g.OWN_CLAIM, g.ATTEMPTS_LEFT),
        who=Who.WORKER,
        sets={**_NOT_HELD, "available_at": Value.GIVEN, "error": Value.GIVEN},
    ),
    Transition(
        number="Q7",
        move=Move.CRASH_PERMANENT,
        sources=(Status.PROCESSING,),
        target=Status.CRASH,
        guards=(g.OWN_CLAIM,),
        who=Who.WORKER,
        sets={**_GIVEN_UP, "crash_reason": CrashReason.PERMANENT},
    ),
    Transition(
        number="Q7",
        move=Move.CRASH_EXHAUSTED,
        sources=(Status.PROCESSING,),
        target=Status.CRASH,
        guards=(g.OWN_CLAIM, g.NO_ATTEMPTS_LEFT),
        who=Who.WORKER,
        sets={**_GIVEN_UP, "crash_reason": CrashReason.EXHAUSTED},
    ),
    Transition(
        number="Q8",
        move=Move.PUT_BACK,
        sources=(Status.IN_QUEUE,),
        target=Status.NEW,
        guards=(g.AS_SEEN, g.STALE),
        who=Who.SWEEPER,
        # No rescue is counted: what was never begun killed nobody, and one poison message
        # would take the rest of its batch with it.
        sets=_NOT_HELD,
    ),
    Transition(
        number="Q8",
        move=Move.RESTART,
        sources=(Status.PROCESSING,),
        target=Status.NEW,
        guards=(g.AS_SEEN, g.STALE, g.RESCUES_LEFT, g.ATTEMPTS_LEFT),
        who=Who.SWEEPER,
        sets={**_NOT_HELD, **_RESCUED},
    ),
    Transition(
        number="Q8",
        move=Move.POISON,
        sources=(Status.PROCESSING,),
        target=Status.CRASH,
        guards=(g.AS_SEEN, g.STALE, g.NO_RESCUES_LEFT),
        who=Who.SWEEPER,
        sets={**_GIVEN_UP, **_RESCUED, "crash_reason": CrashReason.POISON},
    ),
    Transition(
        number="Q8",
        move=Move.EXHAUST,
        sources=(Status.PROCESSING,),
        target=Status.CRASH,
        guards=(g.AS_SEEN, g.STALE, g.RESCUES_LEFT, g.NO_ATTEMPTS_LEFT),
        who=Who.SWEEPER,
        sets={**_GIVEN_UP, **_RESCUED, "crash_reason": CrashReason.EXHAUSTED},
    ),
    Transition(
        number="Q9",
        move=Move.RELEASE,
        sources=(Status.IN_QUEUE,),
        target=Status.NEW,
        guards=(g.OWN_CLAIM,),
        who=Who.WORKER,
        sets=_NOT_HELD,
    ),
    Transition(
        number="Q9",
        move=Move.GIVE_BACK,
        sources=(Status.PROCESSING,),
        target=Status.NEW,
        guards=(g.OWN_CLAIM, g.GIVE_BACKS_LEFT),
        who=Who.WORKER,
        sets={**_NOT_HELD, "attempts": Value.MINUS_ONE, "give_backs": Value.PLUS_ONE},
    ),
    Transition(
        number="Q10",
        move=Move.RESET,
        sources=(Status.CRASH,),
        target=Status.NEW,
        guards=(g.ACCOUNTED, g.KEY_FREE),
        who=Who.OPERATOR,
        sets={
            "run_id": Value.EMPTY,
            "available_at": Value.NOW,
            "attempts": Value.ZERO,
            "give_backs": Value.ZERO,
            "rescues": Value.ZERO,
            "first_rescue_at": Value.EMPTY,
            "crash_reason": Value.EMPTY,
            "finished_at": Value.EMPTY,
        },
    ),
    Transition(
        number="Q11",
        move=Move.CANCEL,
        sources=(Status.NEW,),
        target=Status.CRASH,
        guards=(g.ACCOUNTED,),
        who=Who.OPERATOR,
        sets={**_GIVEN_UP, "crash_reason": CrashReason.CANCELLED},
    ),
    Transition(
        number="Q12",
        move=Move.FORCE_RESTART,
        sources=IN_FLIGHT,
        target=Status.NEW,
        guards=(g.ACCOUNTED, g.HOLDER_SILENT, g.ATTEMPTS_LEFT),
        who=Who.OPERATOR,
        sets={**_NOT_HELD, "claim_no": Value.PLUS_ONE},
    ),
    Transition(
        number="Q12",
        move=Move.FORCE_CRASH,
        sources=IN_FLIGHT,
        target=Status.CRASH,
        guards=(g.ACCOUNTED, g.HOLDER_SILENT, g.NO_ATTEMPTS_LEFT),
        who=Who.OPERATOR,
        sets={
            **_GIVEN_UP,
            "claim_no": Value.PLUS_ONE,
            "crash_reason": CrashReason.EXHAUSTED,
        },
    ),
    Transition(
        number="Q13",
        move=Move.CLEAN,
        sources=(Status.PROCESSED,),
        target=To.DELETED,
        guards=(g.FINISHED_BEFORE,),
        who=Who.CLEANER,
        sets={},
    ),
    Transition(
        number="Q13",
        move=Move.CLEAN_CRASHED,
        sources=(Status.CRASH,),
        target=To.DELETED,
        # A cutoff of its own, and none unless the settings have one: config/queues.toml.
        guards=(g.FINISHED_BEFORE,),
        who=Who.CLEANER,
        sets={},
    ),
)

BY_MOVE: Mapping[Move, Transition] = {row.move: row for row in TRANSITIONS}
