"""What a new supplier's file looks like, and a first settings fragment for it: guesses, marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from domain.jobs.supplier_import.numerals import TYPED_DECIMAL
from domain.jobs.supplier_import.setting import ColumnRef, Format, Layout, Reading
from domain.jobs.supplier_import.text import folded
from infra.files.guesses import Roles, column_roles, currencies, decimal_and_thousands
from infra.files.rows import open_rows
from infra.files.setting_form import Document, literal
from infra.files.settings_file import IMPORTS
from infra.files.sniff import Guess, sniff

SAMPLE_ROWS = 1000
_SHOWN_SAMPLES = 3
_SHOWN_SIGNS = 40
_DEFAULT = Reading().currency


@dataclass(frozen=True, kw_only=True)
class ColumnSeen:
    """One column: its number from 1, its header, some of its cells, what it may hold."""

    number: int
    name: str
    samples: tuple[str, ...]
    role: str | None


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What was seen in the first thousand rows; ``doubts`` says what a person must look at."""

    file: str
    layout: Layout
    encoding_is_sure: bool
    rows_seen: int
    columns: tuple[ColumnSeen, ...]
    decimal: str
    thousands: str
    currency: str
    quantity_words: tuple[str, ...]
    doubts: tuple[str, ...]


def inspect_file(path: Path, member: str = "", encoding: str = "") -> Inspection:
    """Look at the file's beginning; ``member`` chooses from a ZIP that holds several.

    ``encoding`` overrules the guess. Raises Refused for a file that cannot be opened as anything.
    """
    guess = sniff(path, member, encoding)
    with open_rows(path, guess.layout) as rows:
        sample = list(islice(rows, SAMPLE_ROWS))
        header = rows.header
    width = max((len(cells) for _, cells in sample), default=len(header or ()))
    names = [*(header or ()), *[""] * (width - len(header or ()))]
    cells = [[row[place] for _, row in sample if place < len(row)] for place in range(width)]
    roles = column_roles(names, cells)
    place = roles.roles.index("price") if "price" in roles.roles else None
    prices = [] if place is None else cells[place]
    decimal, thousands, is_proved = decimal_and_thousands(prices)
    found = currencies("" if place is None else names[place], prices)
    return Inspection(
        file=path.name,
        layout=guess.layout,
        encoding_is_sure=guess.encoding_is_sure,
        rows_seen=len(sample),
        columns=_columns(names, cells, roles),
        decimal=decimal,
        thousands=thousands,
        currency=found[0] if found else _DEFAULT,
        quantity_words=roles.words,
        doubts=(*_doubts(guess, roles, is_proved), *_currency_doubts(found)),
    )


def fragment(inspection: Inspection, supplier_id: int) -> str:
    """TOML to start from; what was guessed or not found stands above it as a comment."""
    layout, is_text = inspection.layout, inspection.layout.format is Format.CSV
    written: Document = {"format": layout.format.value, "header_row": layout.header_row}
    if is_text:
        written |= {"encoding": layout.encoding, "delimiter": layout.delimiter}
    written |= {key: getattr(layout, key) for key in ("comment", "member", "row_tag")}
    written |= {"quote": layout.quote} if layout.quote != Layout().quote else {}
    reading: Document = {"decimal": inspection.decimal, "thousands": inspection.thousands}
    reading |= {"currency": inspection.currency} if inspection.currency != _DEFAULT else {}
    document: Document = {
        "supplier_id": supplier_id,
        "name": f"Supplier {supplier_id}",
        "active": False,
        "source": str(supplier_id),
        "pattern": "*" + Path(inspection.file).suffix,
        "process": "standard",
        "mode": "full",
        "duplicates": "sum",
        "columns": _mapping(inspection.columns),
        "layout": {key: value for key, value in written.items() if value != ""},
        "reading": reading,
        "guards": {"max_age_hours": 24, "settle_seconds": 5, "min_rows": 1},
    }
    remarks = "".join(f"# {line}\n" for line in _remarks(inspection))
    return remarks + IMPORTS.as_toml(document) + _words_to_fill(inspection, supplier_id)


def _words_to_fill(inspection: Inspection, supplier_id: int) -> str:
    """A table to complete: what a word means, only the supplier knows."""
    if not inspection.quantity_words:
        return ""
    lines = [f"[supplier.{supplier_id}.reading.quantity_words]"]
    lines += [f"{literal(word)} = " for word in inspection.quantity_words]
    return "\n" + "".join(f"# {line}\n" for line in lines)


def _columns(
    names: Sequence[str], cells: Sequence[Sequence[str]], roles: Roles
) -> tuple[ColumnSeen, ...]:
    return tuple(
        ColumnSeen(number=number, name=name, samples=_samples(column), role=role)
        for number, (name, column, role) in enumerate(
            zip(names, cells, roles.roles, strict=True), 1
        )
    )


def _samples(column: Sequence[str]) -> tuple[str, ...]:
    filled = dict.fromkeys(cell.strip()[:_SHOWN_SIGNS] for cell in column if cell.strip())
    return tuple(cell.replace(TYPED_DECIMAL, ".") for cell in islice(filled, _SHOWN_SAMPLES))


def _mapping(columns: Sequence[ColumnSeen]) -> Document:
    names = [folded(column.name) for column in columns]
    mapping: Document = {"quantity": []}
    quantities: list[ColumnRef] = []
    for column in columns:
        unique = column.name.strip() and names.count(folded(column.name)) == 1
        ref = column.name.strip() if unique else column.number
        if column.role == "quantity":
            quantities.append(ref)
        elif column.role:
            mapping[column.role] = ref
    return mapping | {"quantity": quantities}


def _doubts(guess: Guess, found: Roles, is_proved: bool) -> Iterator[str]:
    roles = set(found.roles)
    if not guess.encoding_is_sure:
        yield (
            f"encoding {guess.layout.encoding} is a guess: look at the umlauts;"
            " --encoding=NAME asks again with another"
        )
    yield from guess.doubts
    yield from found.doubts
    if "price" in roles and not is_proved:
        yield "decimal and thousands signs are a guess: the prices do not prove them"
    if "quantity" not in roles:
        yield "no quantity column was found: name it in columns.quantity"
    if not roles & {"article_no", "ean"}:
        yield "no article number was found: name it in columns.article_no or columns.ean"


def _currency_doubts(found: Sequence[str]) -> Iterator[str]:
    if found[1:]:
        yield f"prices in several currencies: {', '.join(found)}; one file has one"
    if found and found[0] != _DEFAULT:
        yield f"currency {found[0]} is a guess by the prices' signs"


def _remarks(inspection: Inspection) -> Iterator[str]:
    yield f"From {inspection.file!r}, {inspection.rows_seen} rows seen; check it before activating."
    for column in inspection.columns:
        samples = ", ".join(map(repr, column.samples))
        yield f"column {column.number} {column.name.strip()!r}: {samples}"
    for doubt in inspection.doubts:
        yield f"DOUBT: {doubt}"
