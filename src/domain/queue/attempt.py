"""One attempt at one message: what its handler is given, and what is made of how it ends."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Protocol

from domain.errors import JobError, Refused, Retryable, StopRequested
from domain.operating.ports import Clock, Entropy
from domain.queue.crew import Board, Order
from domain.queue.dao import Bench, Settlement
from domain.queue.message_type import MessageType
from domain.queue.retry import Backoff
from domain.queue.transitions import Move
from domain.queue.work import Draft, Enqueued, Statements, Work


class Handling(Protocol):
    """A message type with its handler."""

    @property
    def declares(self) -> MessageType[Any]: ...
    def read(self, payload: str) -> Any:
        """Check a payload against its schema. Raises Refused, which says what is wrong."""
        ...

    def handle(self, payload: Any, work: Work) -> None: ...


class Repertoire(Protocol):
    """Every declared message type, loaded at its first use."""

    def find(self, type_: str) -> Handling | None:
        """Find it by its name or by the legacy side's."""
        ...


class Loaded:
    """A repertoire in which a type that cannot be loaded breaks nothing but its own messages."""

    def __init__(self, repertoire: Repertoire) -> None:
        self._repertoire = repertoire
        self.faults: dict[str, Exception] = {}

    def find(self, type_: str) -> Handling | None:
        """Find a type; None for one that nobody declares, or that has a fault."""
        if type_ in self.faults:
            return None
        try:
            return self._repertoire.find(type_)
        except Exception as error:  # noqa: BLE001 - a module with a defect is its messages' defect
            self.faults[type_] = error
            return None


class Journal(Protocol):
    """Where handlers' log lines go."""

    def log(self, event: str, message: str = "", **fields: Any) -> None: ...
    def warn(self, event: str, message: str = "", **fields: Any) -> None: ...


class Attempt:
    """The Work port for one order."""

    def __init__(
        self, order: Order, limit: timedelta, bench: Bench, board: Board, tools: Tools
    ) -> None:
        self._order, self._bench, self._board, self._tools = order, bench, board, tools
        self._ends = tools.clock.monotonic() + limit.total_seconds()

    @property
    def idempotency_key(self) -> str:
        return f"msg:{self._order.message_id}"

    @property
    def correlation_id(self) -> str:
        """Give the cause's, or begin with this message where nobody named one."""
        return self._order.correlation_id or self.idempotency_key

    @property
    def attempt(self) -> int:
        return self._order.attempts + 1

    @property
    def remaining(self) -> timedelta:
        return timedelta(seconds=max(0.0, self._ends - self._tools.clock.monotonic()))

    @property
    def database(self) -> Statements:
        return self._bench.statements

    def enqueue(self, draft: Draft) -> Enqueued:
        whole = replace(
            self._tools.completed(draft),
            correlation_id=draft.correlation_id or self.correlation_id,
            created_by=draft.created_by or self.idempotency_key,
        )
        return self._bench.producer.enqueue(whole)

    def checkpoint(self) -> None:
        if self._board.stopping:
            raise StopRequested("the processor stops")

    def log(self, event: str, message: str = "", **fields: Any) -> None:
        self._tools.journal.log(event, message, **{**fields, **self._marks})

    def warn(self, event: str, message: str = "", **fields: Any) -> None:
        self._tools.journal.warn(event, message, **{**fields, **self._marks})

    @property
    def _marks(self) -> dict[str, Any]:
        order = self._order
        return {
            "correlation_id": self.correlation_id,
            "message_id": order.message_id,
            "message_type": order.type,
        }


class Tools:
    """What every attempt of a worker works with; ``scrub`` keeps secrets out of errors."""

    def __init__(
        self,
        repertoire: Repertoire,
        clock: Clock,
        entropy: Entropy,
        journal: Journal,
        scrub: Callable[[str], str] = str,
    ) -> None:
        self.types, self.clock, self.entropy = Loaded(repertoire), clock, entropy
        self.journal, self._scrub = journal, scrub

    def completed(self, draft: Draft) -> Draft:
        """Fill in what the draft leaves to its type."""
        known = self.types.find(draft.type)
        if known is None:
            raise Refused(f"no message type is called {draft.type}; see bin/console queue:types")
        declares = known.declares
        return replace(
            draft,
            direction=draft.direction or declares.direction,
            max_attempts=draft.max_attempts or declares.max_attempts,
        )

    def settlement(self, error: BaseException, order: Order, backoff: Backoff) -> Settlement:
        """Choose how a failed attempt is settled: again after a wait, or never."""
        attempts = order.attempts + 1
        if not isinstance(error, Retryable):
            return Settlement(move=Move.CRASH_PERMANENT, error=self.words(error))
        if attempts >= order.max_attempts:
            return Settlement(move=Move.CRASH_EXHAUSTED, error=self.words(error))
        wait = backoff.wait(attempts, self.entropy, error.retry_after)
        return Settlement(move=Move.RETRY, error=self.words(error), wait=wait)

    def refusal(self, error: BaseException) -> Settlement:
        return Settlement(move=Move.REFUSE, error=self.words(error))

    def unknown(self, order: Order) -> Settlement:
        """Settle a message that nothing here can handle."""
        if fault := self.types.faults.get(order.type):
            return Settlement(move=Move.CRASH_PERMANENT, error=self.words(fault))
        return self.refusal(Refused(f"no message type is called {order.type}"))

    def words(self, error: BaseException) -> str:
        """Name the error; a defect with its traceback."""
        said = f"{type(error).__name__}: {error}"
        if isinstance(error, JobError):
            return self._scrub(said)
        return self._scrub(f"{said}\n{''.join(traceback.format_exception(error))}")


def attempted(order: Order, bench: Bench, board: Board, tools: Tools) -> Settlement | None:
    """Do one attempt; None where all is well. Raises StopRequested for one left half-way."""
    known = tools.types.find(order.type)
    if known is None:
        return tools.unknown(order)
    declares = known.declares
    try:
        try:
            payload = known.read(order.payload)
        except Refused as error:
            return tools.refusal(error)
        known.handle(payload, Attempt(order, declares.limit, bench, board, tools))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - one message must not end the worker
        return tools.settlement(error, order, declares.backoff)
    return None
