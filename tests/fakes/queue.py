"""The queue in memory: every move is a row of the transition table, executed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from domain.errors import CommitUnknown, StoreUnavailable
from domain.queue.dao import Claim, ClaimLost, Settlement
from domain.queue.execution import after, matches
from domain.queue.guards import Given
from domain.queue.job import ENDED, Direction, Message
from domain.queue.stale import LIMITS, Limits
from domain.queue.transitions import BY_MOVE, Move
from domain.queue.work import Draft, Enqueued, Row

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)

Effect = tuple[str, dict[str, Any]]
"""A statement that was executed, and its values."""


class FakeQueue:
    """The rows as they are committed; ``now`` stands until it is set."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.limits, self.now = limits, NOON
        self.rows: dict[int, Message] = {}
        self.effects: list[Effect] = []
        self.moves: list[tuple[int, Move]] = []

    def add(self, type_: str = "sample.work", payload: str = "", **columns: Any) -> Message:
        """Put a message there, new unless told otherwise."""
        usual = dict.fromkeys(("status_since", "available_at", "created_at"), self.now)
        id_ = len(self.rows) + 1
        row = {"id": id_, "queue": "general", "type": type_, "payload": payload, **usual}
        self.rows[id_] = Message(**{**row, **columns})
        return self.rows[id_]

    def claimed(self, *messages: Message, run_id: str = "run-1") -> list[Claim]:
        """Q2 of these; gives the claims."""
        for message in messages:
            assert self.move(Move.CLAIM, message.id, run_id=run_id)
        return [self.claim_of(message.id) for message in messages]

    def claim_of(self, message_id: int) -> Claim:
        return Claim(message_id=message_id, claim_no=self.rows[message_id].claim_no)

    def held(self, move: Move, claims: Iterable[Claim]) -> list[Claim]:
        """Move those whose guard holds; gives them."""
        return [
            claim for claim in claims if self.move(move, claim.message_id, claim_no=claim.claim_no)
        ]

    def move(self, move: Move, message_id: int, **given: Any) -> bool:
        """Execute one row of the table; False where its guard does not hold."""
        row, asked = self.rows.get(message_id), self._given(given)
        if row is None or not matches(BY_MOVE[move], row, asked):
            return False
        moved = after(BY_MOVE[move], row, asked)
        if moved is None:
            del self.rows[message_id]
        else:
            self.rows[message_id] = moved
        self.moves.append((message_id, move))
        return True

    def settle(self, claim: Claim, settlement: Settlement) -> bool:
        return self.move(
            settlement.move,
            claim.message_id,
            claim_no=claim.claim_no,
            error=settlement.error,
            available_at=self.now + settlement.wait,
            readable=settlement.move is not Move.REFUSE,
        )

    def enqueue(self, draft: Draft) -> Enqueued:
        """Q1."""
        for row in self.rows.values():
            is_same = (row.queue, row.dedupe_key) == (draft.queue, draft.dedupe_key)
            if draft.dedupe_key and is_same and row.status not in ENDED:
                return Enqueued(message_id=row.id, is_new=False)
        message = self.add(
            draft.type,
            json.dumps(draft.payload),
            queue=draft.queue,
            priority=draft.priority,
            direction=draft.direction or Direction.INCOMING,
            entity_key=draft.entity_key,
            dedupe_key=draft.dedupe_key,
            available_at=self.now + draft.wait,
            max_attempts=draft.max_attempts or 3,
            correlation_id=draft.correlation_id,
            created_by=draft.created_by,
        )
        return Enqueued(message_id=message.id, is_new=True)

    def _given(self, given: dict[str, Any]) -> Given:
        return Given(now=self.now, limits=self.limits, **given)


class FakeBench:
    """A worker's connection: what it wrote is seen by nobody until it is finished.

    ``settled`` are the messages of each Q5; ``before_finish`` is when something may go wrong.
    """

    def __init__(self, queue: FakeQueue) -> None:
        self._queue = queue
        self._effects: list[Effect] = []
        self._drafts: list[Draft] = []
        self._saved = (0, 0)
        self.answers: list[Row] = []
        self.settled: list[list[int]] = []
        self.before_finish: Callable[[], None] = lambda: None

    # --- Statements and Producer ----------------------------------------------------------------

    @property
    def statements(self) -> FakeBench:
        return self

    @property
    def producer(self) -> FakeBench:
        return self

    def execute(self, statement: str, **values: Any) -> int:
        self._effects.append((statement, values))
        return 1

    def rows(self, statement: str, **values: Any) -> Sequence[Row]:
        self._effects.append((statement, values))
        return self.answers

    def row(self, statement: str, **values: Any) -> Row | None:
        return next(iter(self.rows(statement, **values)), None)

    def enqueue(self, draft: Draft) -> Enqueued:
        self._drafts.append(draft)
        return Enqueued(message_id=len(self._queue.rows) + len(self._drafts), is_new=True)

    def enqueue_all(self, drafts: Sequence[Draft]) -> Sequence[Enqueued]:
        return [self.enqueue(draft) for draft in drafts]

    # --- Bench ----------------------------------------------------------------------------------

    def start(self, claims: Sequence[Claim]) -> Sequence[Claim]:
        return self._queue.held(Move.START, claims)

    def finish(self, claims: Sequence[Claim], begin: Sequence[Claim] = ()) -> Sequence[Claim]:
        try:
            self.before_finish()
        except (StoreUnavailable, CommitUnknown):  # the connection went, and the transaction
            self.rollback()
            raise
        before, moves = dict(self._queue.rows), list(self._queue.moves)
        finished = self._queue.held(Move.FINISH, claims)
        if lost := [claim for claim in claims if claim not in finished]:
            self._queue.rows, self._queue.moves = before, moves
            self.rollback()
            raise ClaimLost(lost)
        self.settled.append([claim.message_id for claim in claims])
        self._commit()
        return self.start(begin)

    def fail(self, claim: Claim, settlement: Settlement) -> bool:
        self.rollback()
        return self._queue.settle(claim, settlement)

    def savepoint(self) -> None:
        self._saved = (len(self._effects), len(self._drafts))

    def undo(self) -> None:
        effects, drafts = self._saved
        del self._effects[effects:], self._drafts[drafts:]

    def rollback(self) -> None:
        self._saved = (0, 0)
        self.undo()

    def close(self) -> None:
        self.rollback()

    def _commit(self) -> None:
        self._queue.effects += self._effects
        for draft in self._drafts:
            self._queue.enqueue(draft)
        self.rollback()
