"""What every reader of a file hands back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from domain.jobs.supplier_import.lines import RawRow


@dataclass(frozen=True)
class Rows:
    """A file's header, if it has one, and its rows; they can be read once."""

    header: list[str] | None
    rows: Iterator[RawRow]

    def __iter__(self) -> Iterator[RawRow]:
        return self.rows
