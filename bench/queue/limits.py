"""Messages per second on each database: by hand, and by the queue with all its guards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.queue import raw
from bench.queue.databases import LIBRARIES, NAMES, databases
from bench.queue.rounds import Rate, Row, Way, in_turn, table
from bench.table import Table
from bench.timing import PYTHON, run

MESSAGES = 5_000
WORKERS = ("1", "2", "4")
MANNERS = (raw.SINGLE, raw.BULK)

_MANY = (raw.TOGETHER, raw.WITH_ROWS, raw.BULK)
"""What is so fast that it takes more messages to be timed."""

_BY_HAND = {
    raw.ONE_BY_ONE: "by hand: claim 100, finish one by one",
    raw.TOGETHER: "by hand: claim and finish 100 together",
    raw.WITH_ROWS: "by hand: the same, a row inserted for each",
}
_ENQUEUE = "by hand: INSERT"


def report(folder: Path, kinds: Sequence[str], rounds: int, messages: int) -> Sequence[Table]:
    """Everything on all the kinds, in turn."""
    with databases(folder, kinds) as urls:
        ways = [way for kind, url in urls.items() for way in _raw(kind, url, messages)]
        rates = in_turn(ways, rounds, folder)
    work = [Row(_named(kind, name)) for kind in kinds for name in _BY_HAND.values()]
    enqueue = [Row(_named(kind, _ENQUEUE)) for kind in kinds]
    return (
        table("No-op messages processed per second, by workers", WORKERS, work, rates),
        table("Messages enqueued per second", MANNERS, enqueue, rates),
    )


def _named(kind: str, words: str) -> str:
    return f"{NAMES[kind]}, {words}"


def _raw(kind: str, url: str, messages: int) -> Iterator[Way]:
    for manner in MANNERS:
        yield _by_hand(url, _named(kind, _ENQUEUE), manner, (manner, "1"), messages)
    for way, words in _BY_HAND.items():
        for workers in WORKERS:
            yield _by_hand(url, _named(kind, words), workers, (way, workers), messages)


def _by_hand(url: str, row: str, column: str, how: tuple[str, str], messages: int) -> Way:
    count = messages * 4 if how[0] in _MANY else messages
    argv = [PYTHON, "-m", "bench.queue.raw", url, *how, str(count)]
    return Way(row, column, lambda: Rate(float(run(argv, LIBRARIES))))
