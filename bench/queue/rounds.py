"""Rates measured in turn, round by round, each beside the disk's own rate just before it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench.table import Table
from bench.timing import WrongAnswer, fdatasyncs_per_second

_SYNC_SECONDS = 0.3


@dataclass(frozen=True)
class Rate:
    """Messages per second; ``whole_seconds`` is the command from its start to its end."""

    per_second: float
    whole_seconds: float = 0.0


@dataclass(frozen=True)
class Way:
    """One cell of a table: who does it, and with how many workers or in which manner."""

    row: str
    column: str
    measure: Callable[[], Rate]


@dataclass(frozen=True)
class Row:
    """How a row is shown: ``to`` is the row it is compared with, ``bar`` the least share of it."""

    name: str
    to: str = ""
    bar: float = 0.0


@dataclass(frozen=True)
class _Taken:
    rate: Rate
    syncs: float


@dataclass
class Rates:
    """What was measured, by row, column and round."""

    taken: dict[tuple[str, str], dict[int, _Taken]] = field(default_factory=dict)
    trouble: dict[str, str] = field(default_factory=dict)

    def add(self, number: int, way: Way, folder: Path) -> None:
        """Measure once; a row that answers wrongly is out, with its reason."""
        if way.row in self.trouble:
            return
        syncs = fdatasyncs_per_second(folder, _SYNC_SECONDS)
        try:
            rate = way.measure()
        except (WrongAnswer, OSError) as error:
            self.trouble[way.row] = f"not measured: {way.row}: {' '.join(str(error).split())}"
            return
        cell = self.taken.setdefault((way.row, way.column), {})
        cell[number] = _Taken(rate, syncs)
        print(f"  {number + 1} {way.row} ({way.column}): {rate.per_second:,.0f}", file=sys.stderr)

    def rate(self, row: str, column: str) -> float | None:
        cell = self._cell(row, column)
        return median(taken.rate.per_second for taken in cell.values()) if cell else None

    def share(self, row: str, column: str, of: str) -> float | None:
        """Median over the rounds of the share within one round."""
        ours, theirs = self._cell(row, column), self._cell(of, column)
        rounds = ours.keys() & theirs.keys()
        pairs = [(ours[n].rate.per_second, theirs[n].rate.per_second) for n in rounds]
        return median(a / b for a, b in pairs) if pairs else None

    def syncs(self, row: str) -> float:
        return median(taken.syncs for taken in self._row(row))

    def whole_seconds(self, row: str, columns: Sequence[str]) -> str:
        cells = [self._cell(row, column).values() for column in columns]
        found = [median(taken.rate.whole_seconds for taken in cell) for cell in cells if cell]
        return " / ".join(f"{seconds:.2f}" for seconds in found) if any(found) else ""

    def has(self, row: str) -> bool:
        return bool(self._row(row))

    def _row(self, row: str) -> list[_Taken]:
        return [t for (name, _), cell in self.taken.items() if name == row for t in cell.values()]

    def _cell(self, row: str, column: str) -> Mapping[int, _Taken]:
        return self.taken.get((row, column), {})


def in_turn(ways: Sequence[Way], rounds: int, folder: Path) -> Rates:
    """A B C, A B C, so that a machine's moods meet all of them alike."""
    rates = Rates()
    for number in range(rounds):
        for way in ways:
            rates.add(number, way, folder)
    return rates


def table(title: str, columns: Sequence[str], rows: Sequence[Row], rates: Rates) -> Table:
    """Rates and shares; the bar says in which columns it was missed."""
    shares = [f"x: {column}" for column in columns]
    heads = ("", *columns, *shares, "whole command s", "fdatasync/s", "bar")
    made = Table(title, heads)
    for row in rows:
        if rates.has(row.name):
            made.add(row.name, *_cells(row, columns, rates))
    _without_empty_columns(made)
    made.notes += [told for row in rows if (told := rates.trouble.get(row.name))]
    return made


def _without_empty_columns(made: Table) -> None:
    kept = [place for place, cells in enumerate(zip(*made.rows, strict=True)) if any(cells)]
    made.columns = [made.columns[place] for place in kept] if made.rows else made.columns
    made.rows = [[row[place] for place in kept] for row in made.rows]


def _cells(row: Row, columns: Sequence[str], rates: Rates) -> list[str]:
    found = {c: rates.share(row.name, c, row.to) if row.to else None for c in columns}
    return [
        *(_shown(rates.rate(row.name, column), ",.0f") for column in columns),
        *(_shown(share, ".2f") for share in found.values()),
        rates.whole_seconds(row.name, columns),
        f"{rates.syncs(row.name):,.0f}",
        _verdict(row.bar, found),
    ]


def _shown(figure: float | None, form: str) -> str:
    return "" if figure is None else format(figure, form)


def _verdict(bar: float, shares: Mapping[str, float | None]) -> str:
    known = {column: share for column, share in shares.items() if share is not None}
    if not bar or not known:
        return ""
    missed = [column for column, share in known.items() if share < bar]
    return f">= {bar:g}: {'MISSED at ' + ', '.join(missed) if missed else 'met'}"
