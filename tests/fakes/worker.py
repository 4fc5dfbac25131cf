"""A queue's worker on a stage: its types, its board, its inbox and where its log lines go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from domain.queue.crew import Order, Result
from domain.queue.job import Direction
from domain.queue.message_type import Effects, MessageType
from domain.queue.retry import Backoff
from domain.queue.work import Work

TYPE = "sample.work"


@dataclass(frozen=True)
class Count:
    """The payload of the only type."""

    article: int


def declared(effects: Effects = Effects.LOCAL) -> MessageType[Count]:
    return MessageType(
        name=TYPE,
        payload=Count,
        effects=effects,
        idempotency="rows are committed with the settlement",
        limit=timedelta(seconds=30),
        max_attempts=2,
        backoff=Backoff(base=timedelta(seconds=10), cap=timedelta(minutes=1)),
        direction=Direction.OUTGOING,
    )


@dataclass
class OneType:
    """The only declared type, and where it is found; does what the test tells it."""

    does: Callable[[Any, Work], None] = lambda *_: None
    read_as: Callable[[str], Any] = lambda text: Count(article=int(text or "7"))
    looked_up: Callable[[str], None] = lambda _: None
    declares: MessageType[Count] = field(default_factory=declared)

    def find(self, type_: str) -> OneType | None:
        self.looked_up(type_)
        return self if type_ == TYPE else None

    def read(self, payload: str) -> Any:
        return self.read_as(payload)

    def handle(self, payload: Any, work: Work) -> None:
        self.does(payload, work)


class Lines:
    """Log lines as they were written."""

    def __init__(self) -> None:
        self.written: list[dict[str, Any]] = []

    def log(self, event: str, message: str = "", **fields: Any) -> None:
        self.written.append({"event": event, "message": message, **fields})

    warn = log


class SeenBoard:
    """A worker's board, as its parent has seen it."""

    def __init__(self) -> None:
        self.stopping = False
        self.begun = 0
        self.results: dict[int, Result] = {}

    def begins(self, until: int) -> None:
        self.begun = max(self.begun, until)

    def does(self, place: int) -> None:
        assert place < self.begun, "at a message that the parent believes to be unbegun"

    def ended(self, place: int, result: Result) -> None:
        assert place not in self.results
        self.results[place] = result

    def pauses(self) -> None: ...


class FilledInbox:
    """Brings batch after batch, then lets the worker go."""

    def __init__(self, batches: Iterable[Sequence[Order]]) -> None:
        self._batches = list(batches)
        self.told: list[tuple[int, str]] = []

    def orders(self, *, wait: bool) -> Sequence[Order] | None:
        if self._batches:
            return self._batches.pop(0)
        return None if wait else ()

    def tell(self, place: int, error: str) -> None:
        self.told.append((place, error))

    def wake(self) -> None: ...
