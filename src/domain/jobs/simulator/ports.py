"""What CR-013 needs from the outside: the files, and the book of sets that were sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import BinaryIO, Protocol

from domain.operating.ports import ActiveRun
from domain.transfers.sending import Outgoing


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where the set goes, and when it is not to be believed.

    ``least_lines`` are by file; an unchanged set is sent again after ``most_silence``.
    """

    partner: str
    most_silence: timedelta
    most_drop_percent: float
    least_lines: Mapping[str, int]


class BuiltFile(Protocol):
    """One file of the set, as it will be sent; the manifest is the last of them."""

    @property
    def name(self) -> str: ...
    @property
    def lines(self) -> int:
        """Lines below the header."""
        ...

    @property
    def size_bytes(self) -> int: ...
    @property
    def digest(self) -> str: ...
    @property
    def replaced(self) -> int:
        """Characters that the encoding lacks, written as another."""
        ...

    def open(self) -> AbstractContextManager[BinaryIO]: ...


def outgoing(file: BuiltFile) -> Outgoing:
    return Outgoing(name=file.name, size_bytes=file.size_bytes, open=file.open)


class Workshop(Protocol):
    """Builds the files from one look at the live tables; they go away with the block."""

    def built(self, run: ActiveRun) -> AbstractContextManager[Sequence[BuiltFile]]:
        """Build all, the manifest last.

        Raises Refused for a text that the encoding cannot write, DiskFull, StoreUnavailable.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class SentSet:
    """The newest set that a partner has: the digest of its manifest, its age, lines by file."""

    digest: str
    age: timedelta
    lines: Mapping[str, int]


class TransferBook(Protocol):
    """The sets that arrived whole. Raises StoreUnavailable."""

    def newest(self, subject: str, partner: str) -> SentSet | None: ...
    def enter(self, subject: str, partner: str, files: Sequence[BuiltFile], run: ActiveRun) -> None:
        """Note a set that arrived. Commits only while the run's lease holds: raises LockLost."""
        ...
