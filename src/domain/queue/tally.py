"""What a processor's run has done, by message type, and how it sums up."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from domain.operating.run import Summary, Unit, UnitResult
from domain.queue.crew import Result
from domain.queue.dao import Settlement, Swept
from domain.queue.job import Message
from domain.queue.seat import Ended
from domain.queue.transitions import Move

_WORDS = {
    Result.PROCESSED: "processed",
    Result.RETRIED: "retried",
    Result.CRASHED: "crashed",
    Result.REFUSED: "crashed",
    Result.LOST: "lost",
}
_SWEPT = {Move.RESTART: "rescued", Move.POISON: "crashed", Move.EXHAUST: "crashed"}
_CRASHES = (Result.CRASHED, Result.REFUSED)
_UNTOLD = "unknown: no error was told"

_LONGEST = 160
"""More of an error is read where its message is shown."""

WORDS = ("processed", "retried", "crashed", "rescued")


@dataclass
class _Crashes:
    """The crashes of one type: how many by their classes, and the first message."""

    classes: Counter[str] = field(default_factory=Counter)
    first: int = 0
    error: str = ""

    def add(self, message_id: int, error: str) -> None:
        line = error.partition("\n")[0][:_LONGEST]
        self.classes[line.partition(":")[0]] += 1
        if not self.first:
            self.first, self.error = message_id, line

    def __str__(self) -> str:
        [(name, _)] = self.classes.most_common(1)
        others = sum(self.classes.values()) - 1
        more = f", and {others} more" if others else ""
        reason = self.error.partition(": ")[2] if self.error.startswith(f"{name}:") else self.error
        return f"{name}: {reason} (message {self.first}{more}; see bin/console queue:list)"


class Tally:
    """Counts results."""

    def __init__(self) -> None:
        self.types: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._crashes: defaultdict[str, _Crashes] = defaultdict(_Crashes)
        self.moved: Counter[str] = Counter()

    @property
    def ended(self) -> int:
        """How many attempts came to a settlement."""
        return sum(
            counts[word] for counts in self.types.values() for word in WORDS if word != "rescued"
        )

    def add(self, ended: Sequence[Ended]) -> None:
        counted = Counter((one.message.type, one.result) for one in ended)
        for (type_, result), count in counted.items():
            if word := _WORDS.get(result):
                self.types[type_][word] += count
        for one in ended:
            if one.result in _CRASHES:
                self._crashes[one.message.type].add(one.message.id, one.error or _UNTOLD)

    def sweep(self, swept: Iterable[Swept]) -> None:
        for one in swept:
            message = one.message
            self._count(message.type, _SWEPT.get(one.move, ""), message.id, message.error or "")

    def overdue(self, message: Message, settlement: Settlement) -> None:
        word = "retried" if settlement.move is Move.RETRY else "crashed"
        self._count(message.type, word, message.id, settlement.error)

    def _count(self, type_: str, word: str, message_id: int, error: str) -> None:
        if word:
            self.types[type_][word] += 1
        if word == "crashed":
            self._crashes[type_].add(message_id, error or _UNTOLD)

    def summary(self, queue: str, notes: tuple[str, ...] = ()) -> Summary:
        """Sum up: one unit for the queue as a whole, and one for each message type.

        A crash is a message's fault and not the processor's: whatever crashed, it is partial.
        """
        totals = sum(self.types.values(), Counter[str]())
        items = {word: totals[word] for word in WORDS}
        if not any(totals.values()):
            return Summary(items=items, notes=notes)
        whole = Unit(name=queue, result=UnitResult.DONE, counts=items)
        return Summary(units=(whole, *self._units()), items=items, notes=notes)

    def _units(self) -> Iterable[Unit]:
        for type_, counts in sorted(self.types.items()):
            crashes = self._crashes.get(type_)
            yield Unit(
                name=type_,
                result=UnitResult.FAILED if crashes else UnitResult.DONE,
                message=str(crashes or ""),
                counts=counts,
            )
