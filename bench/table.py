"""A table of figures, for the terminal or for the documentation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Table:
    """Rows of text under a title; notes stand below."""

    title: str
    columns: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, *cells: str) -> None:
        self.rows.append(cells)

    def markdown(self) -> str:
        rules = ["---", *("--:" for _ in self.columns[1:])]
        lines = [f"| {' | '.join(row)} |" for row in (self.columns, rules, *self.rows)]
        return "\n".join([f"### {self.title}", "", *lines, "", *self._noted("- ")])

    def plain(self) -> str:
        columns = zip(self.columns, *self.rows, strict=True)
        widths = [max(map(len, column)) for column in columns]
        lines = [_aligned(row, widths) for row in (self.columns, *self.rows)]
        rule = "  ".join("-" * width for width in widths)
        return "\n".join([self.title, lines[0], rule, *lines[1:], *self._noted("")])

    def _noted(self, bullet: str) -> list[str]:
        return [*(f"{bullet}{note}" for note in self.notes), ""]


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    """The first column is words, the others are figures."""
    first, *rest = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
    figures = [cell.strip().rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
    return "  ".join([first, *figures])


def megabytes(size: float) -> str:
    return f"{size / 1e6:.0f}"


def against(figure: float, bar: float) -> str:
    """The bar, and whether it was met."""
    return f"<= {bar:g}: {'met' if figure <= bar else 'MISSED'}"
