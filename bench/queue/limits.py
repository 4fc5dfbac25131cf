"""Messages per second on each database: by hand, and by the queue with all its guards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import product
from pathlib import Path

from bench.queue import raw
from bench.queue.databases import LIBRARIES, NAMES, databases
from bench.queue.ours import KEYED, LOCAL, LOCAL_ROW, Shop
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
_OURS = {
    raw.ONE_BY_ONE: "ours: keyed effects, settled one by one",
    raw.TOGETHER: "ours: local effects, settled in groups",
    raw.WITH_ROWS: "ours: the same, a row inserted by each handler",
}
_TYPES = {raw.ONE_BY_ONE: KEYED, raw.TOGETHER: LOCAL, raw.WITH_ROWS: LOCAL_ROW}
_BARS = {raw.ONE_BY_ONE: 0.7, raw.TOGETHER: 0.5, raw.WITH_ROWS: 0.0}
_INSERT, _ENQUEUE = "by hand: INSERT", "ours: enqueue"


def report(folder: Path, kinds: Sequence[str], rounds: int, messages: int) -> Sequence[Table]:
    """Everything on all the kinds, in turn."""
    with databases(folder, kinds) as urls:
        shops = {kind: Shop(url, folder) for kind, url in urls.items()}
        ways = [way for kind in kinds for way in _ways(kind, shops[kind], messages)]
        rates = in_turn(ways, rounds, folder)
    work = [row for kind in kinds for way in _BY_HAND for row in _rows(kind, way)]
    return (
        table("No-op messages processed per second, by workers", WORKERS, work, rates),
        table("Messages enqueued per second", MANNERS, _enqueue_rows(kinds), rates),
    )


def _rows(kind: str, way: str) -> Sequence[Row]:
    by_hand, ours = _named(kind, _BY_HAND[way]), _named(kind, _OURS[way])
    return Row(by_hand), Row(ours, to=by_hand, bar=_BARS[way])


def _enqueue_rows(kinds: Sequence[str]) -> Sequence[Row]:
    pairs = [(_named(kind, _INSERT), _named(kind, _ENQUEUE)) for kind in kinds]
    return [row for hand, ours in pairs for row in (Row(hand), Row(ours, to=hand))]


def _named(kind: str, words: str) -> str:
    return f"{NAMES[kind]}, {words}"


def _ways(kind: str, shop: Shop, messages: int) -> Iterator[Way]:
    for manner in MANNERS:
        count = _count(manner, messages)
        yield _by_hand(shop.url, _named(kind, _INSERT), manner, (manner, "1"), count)
        yield Way(_named(kind, _ENQUEUE), manner, partial(shop.enqueue, manner, count))
    for way, workers in product(_BY_HAND, WORKERS):
        count = _count(way, messages)
        yield _by_hand(shop.url, _named(kind, _BY_HAND[way]), workers, (way, workers), count)
        ours = partial(shop.work, _TYPES[way], workers, count)
        yield Way(_named(kind, _OURS[way]), workers, ours)


def _count(way: str, messages: int) -> int:
    return messages * 4 if way in _MANY else messages


def _by_hand(url: str, row: str, column: str, how: tuple[str, str], count: int) -> Way:
    argv = [PYTHON, "-m", "bench.queue.raw", url, *how, str(count)]
    return Way(row, column, lambda: Rate(float(run(argv, LIBRARIES))))
