"""What must hold in the row for a transition; evaluated in the one statement that does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from domain.queue.job import Message
from domain.queue.stale import LIMITS, Limits, is_stale, rescues_with


@dataclass(frozen=True, kw_only=True)
class Given:
    """What whoever asks for a transition brings, and what else is true at that moment.

    ``now`` is the database's clock. ``claim_no`` is the holder's own, ``seen`` the row as the
    sweeper read it. ``available_at``, ``run_id`` and ``error`` are for rows that set them.
    """

    now: datetime
    limits: Limits = LIMITS
    claim_no: int | None = None
    seen: Message | None = None
    run_id: str | None = None
    available_at: datetime | None = None
    error: str | None = None
    actor: str = ""
    reason: str = ""
    cutoff: datetime | None = None
    including_live: bool = False
    readable: bool = True
    paused: bool = False
    entity_busy: bool = False
    key_taken: bool = False


@dataclass(frozen=True, kw_only=True)
class Guard:
    """One condition: its name for the SQL, its words for the docs, its test for the model.

    In ``words`` the names of limits stand for their values.
    """

    name: str
    words: str
    holds: Callable[[Message, Given], bool]


OWN_CLAIM = Guard(
    name="own_claim",
    words="same `claim_no` as the holder's",
    holds=lambda row, given: row.claim_no == given.claim_no,
)
AS_SEEN = Guard(
    name="as_seen",
    words="`status` and `claim_no` as the sweeper saw them",
    holds=lambda row, given: (
        given.seen is not None
        and (row.status, row.claim_no) == (given.seen.status, given.seen.claim_no)
    ),
)
STALE = Guard(
    name="stale",
    words="stale: the lease is over, or there is none and the row is too old",
    holds=lambda row, given: is_stale(row, given.now, given.limits),
)
DUE = Guard(
    name="due",
    words="`available_at` reached",
    holds=lambda row, given: row.available_at <= given.now,
)
NOT_PAUSED = Guard(
    name="not_paused",
    words="queue and message type not paused",
    holds=lambda _, given: not given.paused,
)
ENTITY_FREE = Guard(
    name="entity_free",
    words="no other message of its `entity_key` in flight",
    holds=lambda row, given: row.entity_key is None or not given.entity_busy,
)
KEY_FREE = Guard(
    name="key_free",
    words="no other message with its `dedupe_key` that has not ended",
    holds=lambda row, given: row.dedupe_key is None or not given.key_taken,
)
UNREADABLE = Guard(
    name="unreadable",
    words="payload invalid or type unknown",
    holds=lambda _, given: not given.readable,
)
ATTEMPTS_LEFT = Guard(
    name="attempts_left",
    words="`attempts` below `max_attempts`",
    holds=lambda row, _: row.attempts < row.max_attempts,
)
NO_ATTEMPTS_LEFT = Guard(
    name="no_attempts_left",
    words="`attempts` at `max_attempts`",
    holds=lambda row, _: row.attempts >= row.max_attempts,
)
RESCUES_LEFT = Guard(
    name="rescues_left",
    words="fewer than {rescues} rescues in {rescue_window}, this one included",
    holds=lambda row, given: rescues_with(row, given.now, given.limits) < given.limits.rescues,
)
NO_RESCUES_LEFT = Guard(
    name="no_rescues_left",
    words="rescue number {rescues} in {rescue_window}, this one included",
    holds=lambda row, given: rescues_with(row, given.now, given.limits) >= given.limits.rescues,
)
GIVE_BACKS_LEFT = Guard(
    name="give_backs_left",
    words="given back fewer than {give_backs} times",
    holds=lambda row, given: row.give_backs < given.limits.give_backs,
)
ACCOUNTED = Guard(
    name="accounted",
    words="actor and reason given",
    holds=lambda _, given: bool(given.actor.strip() and given.reason.strip()),
)
HOLDER_SILENT = Guard(
    name="holder_silent",
    words="lease over or none, or live ones included by the operator",
    holds=lambda row, given: (
        given.including_live or row.lease_until is None or row.lease_until <= given.now
    ),
)
FINISHED_BEFORE = Guard(
    name="finished_before",
    words="finished (by old rows: created) before the cutoff",
    holds=lambda row, given: (
        given.cutoff is not None and (row.finished_at or row.created_at) < given.cutoff
    ),
)
