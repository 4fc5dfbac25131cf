"""Results as text or JSON on stdout."""

from __future__ import annotations

import json
from collections.abc import Sequence
from shutil import get_terminal_size
from typing import TextIO

from commands.result import Cell, Facts, Result, Table, Text
from infra.secrets import scrub, scrubbed
from infra.telemetry.printable import harmless

_COLOURS = {"green": 32, "yellow": 33, "magenta": 35, "red": 31}

LEAST_ROOM = 12
"""Characters of a last column that are still worth reading."""


def width_of(stream: TextIO) -> int | None:
    """Give a terminal's width in characters; None where the stream is a file or a pipe."""
    return get_terminal_size().columns if stream.isatty() else None


def render(result: Result, format_: str, *, width: int | None = None, colour: bool = False) -> str:
    """Write a result; ``width`` is the terminal's, None where stdout is none (no cut)."""
    if isinstance(result, Table) and format_ in result.documents:
        return json.dumps(scrubbed(result.documents[format_]), ensure_ascii=False, indent=2)
    if format_ == "json":
        return json.dumps(scrubbed(_data(result)), ensure_ascii=False, indent=2)
    text = harmless(scrub(_text(result, width)))
    return _coloured(text, result.colour) if colour and isinstance(result, Facts) else text


def _text(result: Result, width: int | None) -> str:
    if isinstance(result, Text):
        return result.text
    if isinstance(result, Facts):
        return _facts_text(result, width)
    return table_text(result, width)


def _coloured(text: str, colour: str) -> str:
    """Colour the title, which is the first line."""
    title, end, rest = text.partition("\n")
    return f"\033[{_COLOURS[colour]}m{title}\033[0m{end}{rest}" if colour else text


def _data(result: Result) -> object:
    if isinstance(result, Table):
        return [dict(zip(result.columns, row, strict=True)) for row in result.rows]
    if isinstance(result, Facts):
        if result.data is not None:
            return result.data
        tables = {table.title: _data(table) for table in result.tables}
        return {**result.facts, **result.texts, **tables}
    return dict(result.data) or {"text": result.text}


def _facts_text(result: Facts, width: int | None) -> str:
    wide = max((len(name) for name in result.facts), default=0)
    lines = [result.title, *(f"  {name:<{wide}}  {_fact(v)}" for name, v in result.facts.items())]
    for table in result.tables:
        lines += ["", table_text(table, width)]
    for name, text in result.texts.items():
        lines += ["", f"{name}:", *(f"  {line}" for line in text.splitlines())]
    return "\n".join(lines)


def _fact(value: Cell | Sequence[Cell]) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(_cell(item) for item in value) or "-"
    return _cell(value)  # type: ignore[arg-type]  # a sequence was answered above


def _cell(value: Cell) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    known = scrub(str(value))  # before a column is cut, and a secret with it
    return harmless(known.replace("\n", " "))


def table_text(table: Table, width: int | None) -> str:
    """Write a table with aligned columns; numbers stand right, the last column is cut to fit."""
    lines = [table.title] if table.title else []
    if not table.rows:
        return "\n".join([*lines, table.empty, *table.notes])
    cells = [list(table.columns), *([_cell(value) for value in row] for row in table.rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(table.columns))]
    right = [_are_numbers([row[i] for row in table.rows]) for i in range(len(widths))]
    body = [_row(row, widths, right) for row in cells]
    rule = "  ".join("-" * wide for wide in widths)
    if width:
        body, rule = _fitted(body, sum(widths[:-1]) + 2 * len(widths), width), rule[:width]
    lines += [body[0], rule, *body[1:], *table.notes]
    return "\n".join(lines)


def _are_numbers(column: Sequence[Cell]) -> bool:
    """Tell a column of numbers, of which some may be missing."""
    known = [value for value in column if value is not None]
    return bool(known) and all(type(value) in (int, float) for value in known)


def _row(cells: list[str], widths: list[int], right: list[bool]) -> str:
    return "  ".join(
        cell.rjust(wide) if to_right else cell.ljust(wide)
        for cell, wide, to_right in zip(cells, widths, right, strict=True)
    ).rstrip()


def _fitted(rows: list[str], last_column: int, width: int) -> list[str]:
    """Cut the last column where the others leave it room; else the terminal wraps, not we."""
    if last_column > width - LEAST_ROOM:
        return rows
    return [row if len(row) <= width else row[: width - 1] + "…" for row in rows]
