"""The rows of INSERT statements in an SQL dump; nothing of it is ever run."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from pathlib import Path

from domain.jobs.supplier_import.lines import RawRow
from domain.jobs.vehicle_sync.ports import SourceRefused
from infra.files.table import Rows

MOST_BYTES = 256 << 20

_INSERT = re.compile(
    r"""\bINSERT\s+(?:IGNORE\s+)?INTO\s+[`"\[]?(?P<table>[\w.]+)[`"\]]?\s*\((?P<names>[^()]*)\)\s*VALUES""",
    re.IGNORECASE,
)
_TOKEN = re.compile(
    r"""\s*(?:(?P<text>N?'(?:[^'\\]|''|\\.)*')|(?P<word>[^\s'(),;]+)|(?P<sign>[(),;]))""", re.DOTALL
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}


def read_dump(path: Path, encoding: str) -> Rows:
    """Give the rows of the first table that is filled. Raises SourceRefused for what is no dump."""
    if path.stat().st_size > MOST_BYTES:
        raise SourceRefused(f"{path.name} is larger than {MOST_BYTES:,} bytes")
    try:
        text = path.read_bytes().decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise SourceRefused(f"{path.name} is not {encoding}, from byte {error.start} on") from error
    found = _INSERT.search(text)
    if found is None:
        raise SourceRefused(f"{path.name} has no INSERT INTO table (columns) VALUES")
    header = [name.strip().strip('`"[]') for name in found["names"].split(",")]
    return Rows(header, _rows(text, path.name, found["table"]))


def _rows(text: str, name: str, table: str) -> Iterator[RawRow]:
    place, line = 0, 1
    while found := _INSERT.search(text, place):
        line += text.count("\n", place, found.end())
        place = found.end()
        if found["table"] == table:
            place = yield from _tuples(text, place, (name, line))


def _tuples(text: str, place: int, where: tuple[str, int]) -> Generator[RawRow, None, int]:
    """Read ``(…), (…);``; gives where it ends. A last statement may lack its semicolon."""
    name, line = where
    cells: list[str] | None = None
    said = ","
    while found := _TOKEN.match(text, place):
        line += text.count("\n", place, found.end())
        place, said = found.end(), found[0].strip()
        if found["sign"] == "(":
            cells = []
        elif found["sign"] == ")" and cells is not None:
            yield line, cells
            cells = None
        elif found["sign"] == ";":
            return place
        elif cells is not None and not found["sign"]:
            cells.append(_value(found))
    if cells is not None or said == "," or text[place:].strip():
        raise SourceRefused(f"{name}, line {line}: the dump breaks off in the middle of a row")
    return place


def _value(found: re.Match[str]) -> str:
    if found["text"] is None:
        return "" if found["word"].upper() == "NULL" else found["word"]
    quoted = found["text"].removeprefix("N")[1:-1]
    return re.sub(r"\\(.)|''", _unescaped, quoted, flags=re.DOTALL)


def _unescaped(found: re.Match[str]) -> str:
    return _ESCAPES.get(found[1], found[1]) if found[1] else "'"
