"""Where messages are kept: the port behind which SQLite, PostgreSQL and MariaDB stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from domain.queue.job import Message
from domain.queue.transitions import Move


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a holder shows to prove that a message is still its own."""

    message_id: int
    claim_no: int


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Who changes something by hand, and why; both go into the audit."""

    actor: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Enqueued:
    """The message of a dedupe key: a new one, or the one that was waiting already."""

    message_id: int
    is_new: bool


@dataclass(frozen=True, kw_only=True)
class Swept:
    """One stale message, and which of the moves of Q8 it was given."""

    message: Message
    move: Move


class Producer(Protocol):
    """Writes messages within the transaction of whoever has something to say."""

    def enqueue(self, message: Message) -> Enqueued:
        """Q1. The message's id and status are the store's. Nothing is seen before the commit."""
        ...


class QueueDAO(Protocol):
    """The status machine's transitions, each one guarded statement.

    Whether a guard held is told by the number of rows *matched*: a False, or an id that is not in
    the answer, means that the claim is somebody else's by now, and is no error. Instants are by
    the database's clock. All raise StoreUnavailable; after it, whether a commit was done is not
    known, and the message is left to its lease.
    """

    def claim(self, queue: str, run_id: str, most: int) -> Sequence[Message]:
        """Q2. Take up to ``most`` due messages in their order, each under a lease of 60 s.

        Messages that cannot be read are crashed as invalid and not returned. Nothing is returned
        while the queue is paused.
        """
        ...

    def start(self, claim: Claim) -> bool:
        """Q3. Count an attempt; at False do not call the handler."""
        ...

    def heartbeat(self, claims: Sequence[Claim]) -> Sequence[Claim]:
        """Q4. Renew the leases every 20 s; give those that are still held. Stop the others."""
        ...

    def finish(self, claim: Claim) -> bool:
        """Q5. Settle in the open transaction of the handler's effects; at False roll it back."""
        ...

    def retry(self, claim: Claim, wait: timedelta, error: str) -> bool:
        """Q6. Make it available again after the wait."""
        ...

    def crash(self, claim: Claim, move: Move, error: str) -> bool:
        """Q7. Give it up, by CRASH_PERMANENT or CRASH_EXHAUSTED."""
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

    def pause(self, queue: str, type_: str | None, why: Reason, until: datetime | None) -> None:
        """Stop Q2 of a queue, or of one message type in it; None: until resumed."""
        ...

    def resume(self, queue: str, type_: str | None, why: Reason) -> bool:
        """Lift a pause; False where there was none."""
        ...

    def clean(self, finished_before: datetime, most: int) -> int:
        """Q13. Delete up to ``most`` processed messages by primary key; give their number."""
        ...
