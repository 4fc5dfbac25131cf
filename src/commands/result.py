"""What a command hands back to be printed: as text for people, as JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Cell = str | int | float | bool | None


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows under named columns; ``empty`` is said where there is none.

    ``documents`` are what other formats say, and JSON where it says more than the rows.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    title: str = ""
    notes: Sequence[str] = ()
    empty: str = "nothing to show"
    exit_code: int = 0
    documents: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """One thing described by its named facts, with longer texts below.

    ``colour`` is the title's on a terminal; ``data`` is what JSON says instead of all this.
    """

    title: str
    facts: Mapping[str, Cell | Sequence[Cell]]
    texts: Mapping[str, str] = field(default_factory=dict)
    tables: Sequence[Table] = ()
    colour: str = ""
    data: Mapping[str, Any] | None = None
    exit_code: int = 0


@dataclass(frozen=True, kw_only=True)
class Text:
    """Plain text, ``data`` being what JSON says instead."""

    text: str
    data: Mapping[str, Cell] = field(default_factory=dict)
    exit_code: int = 0


Result = Table | Facts | Text
