"""Where messages are kept: the port behind which SQLite, PostgreSQL and MariaDB stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from domain.errors import JobError
from domain.queue.job import Direction, Message
from domain.queue.transitions import Move
from domain.queue.work import Draft, Enqueued, Statements


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a holder shows to prove that a message is still its own."""

    message_id: int
    claim_no: int


class ClaimLost(JobError):
    """Messages that were settled are somebody else's by now; their effects were rolled back."""

    def __init__(self, claims: Sequence[Claim]) -> None:
        numbers = ", ".join(str(claim.message_id) for claim in claims)
        super().__init__(f"message {numbers}: claimed by another meanwhile; nothing was written")
        self.claims = tuple(claims)


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Who changes something by hand, and why; both go into the audit."""

    actor: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Swept:
    """One stale message, and which of the moves of Q8 it was given."""

    message: Message
    move: Move


class Producer(Protocol):
    """Writes messages within the transaction of whoever has something to say."""

    def enqueue(self, draft: Draft) -> Enqueued:
        """Q1. Unseen before the commit. A dedupe key that waits already is told, no error."""
        ...

    def enqueue_all(self, drafts: Sequence[Draft]) -> Sequence[Enqueued]:
        """Write many at once, in their order."""
        ...


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a processor takes: of which queue, both directions (None) or one, all types or some."""

    queue: str
    direction: Direction | None = None
    types: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """How a failed attempt is settled: RETRY after ``wait``, REFUSE, or one of the crashes."""

    move: Move
    error: str
    wait: timedelta = timedelta(0)


class Bench(Protocol):
    """A worker's own connection: it begins, does and settles messages on it.

    Every settlement is durable when its call returns.
    """

    @property
    def statements(self) -> Statements:
        """What the handler writes with; the transaction begins at the first statement."""
        ...

    @property
    def producer(self) -> Producer: ...
    def start(self, claims: Sequence[Claim]) -> Sequence[Claim]:
        """Q3. Count an attempt of each; give those that are held still. Commits."""
        ...

    def finish(self, claims: Sequence[Claim], begin: Sequence[Claim] = ()) -> Sequence[Claim]:
        """Q5. Settle in the open transaction and commit; begin the next ones (Q3) with it.

        Gives those begun. Raises ClaimLost, with everything rolled back, where one of ``claims``
        is somebody else's by now; it names which. Whether a next one was begun all the same is
        told by ``start``, which counts its attempt once.
        """
        ...

    def fail(self, claim: Claim, settlement: Settlement) -> bool:
        """Q6, Q7. Roll the handler's effects back, then settle; False where the claim is lost."""
        ...

    def savepoint(self) -> None:
        """Begin one message of a group; costs nothing until it writes."""
        ...

    def undo(self) -> None:
        """Roll back to the last savepoint: this message of the group failed."""
        ...

    def rollback(self) -> None: ...
    def close(self) -> None: ...


class QueueDAO(Protocol):
    """The status machine's transitions, each one guarded statement.

    Whether a guard held is told by the number of rows *matched*: a False, or an id that is not in
    the answer, means that the claim is somebody else's by now, and is no error. Instants are by
    the database's clock. All raise StoreUnavailable; after it, whether a commit was done is not
    known, and the message is left to its lease.
    """

    def claim(self, wanted: Wanted, run_id: str, most: int) -> Sequence[Message]:
        """Q2. Take up to ``most`` due messages in their order, each under a lease of 60 s.

        Of one entity key at most one is taken, and none while another is in flight. Nothing is
        taken of what is paused, or while the queue is the legacy side's.
        """
        ...

    def refuse(self, claims: Sequence[Claim], error: str) -> Sequence[Claim]:
        """Q2. Crash messages as invalid whose type nobody knows."""
        ...

    def heartbeat(self, claims: Sequence[Claim]) -> Sequence[Claim]:
        """Q4. Renew the leases every 20 s; give those that are still held. Stop the others."""
        ...

    def abandon(self, claims: Sequence[Claim], error: str) -> Sequence[Claim]:
        """Q4. Leave the claims of a worker that is dead to the sweeper, with what is known."""
        ...

    def settle(self, claim: Claim, settlement: Settlement) -> bool:
        """Q6, Q7. Settle what a dead or stopped worker had begun, by its parent."""
        ...

    def restart_stale(self, queue: str, most: int) -> Sequence[Swept]:
        """Q8. Take up to ``most`` messages from holders that nobody hears of any more."""
        ...

    def give_back(self, claims: Sequence[Claim]) -> Sequence[Claim]:
        """Q9. On the way out; give those put back. The others were lost, or given back 5 times.

        What was begun and is not put back is retried instead, which counts the attempt.
        """
        ...

    def reset(self, message_ids: Sequence[int], why: Reason) -> Sequence[int]:
        """Q10. Make crashed messages new; give those that were."""
        ...

    def cancel(self, message_ids: Sequence[int], why: Reason) -> Sequence[int]:
        """Q11. Crash messages that nobody took yet; give those that were."""
        ...

    def force_restart(
        self, queue: str, why: Reason, *, including_live: bool = False
    ) -> Sequence[Swept]:
        """Q12. Put back what is in flight without waiting for its staleness.

        Rows whose lease is still renewed are left out unless they are included: their handlers may
        be at work, and lose it.
        """
        ...

    def prioritize(self, message_ids: Sequence[int], priority: int, why: Reason) -> Sequence[int]:
        """Move waiting messages up or down; give those that were waiting."""
        ...

    def pause(self, queue: str, type_: str | None, why: Reason, until: datetime | None) -> None:
        """Stop Q2 of a queue, or of one message type in it; None: until resumed."""
        ...

    def resume(self, queue: str, type_: str | None, why: Reason) -> bool:
        """Lift a pause; False where there was none."""
        ...

    def own(self, queue: str, owner: str, why: Reason) -> None:
        """Give a queue to ``crontract`` or ``legacy``; the other side then leaves it alone."""
        ...

    def strange(self, queue: str) -> Mapping[str, int]:
        """Give the status words that nobody knows, and how many rows have them."""
        ...

    def count(self, queue: str, counts: Mapping[str, int]) -> None:
        """Add to the queue's counters: ``to:PROCESSED``, ``stale_restarts``, ``stale_settles``."""
        ...
