"""Where image lists come from, and where it is kept that they were queued."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.errors import Refused, Retryable
from domain.operating.ports import ActiveRun
from domain.queue.work import Draft


class ListChanged(Retryable):
    """A list was replaced, grew or was taken away while it was read; the next run takes it."""


class ListRefused(Refused):
    """The file is no list that can be queued; it is set aside with this reason."""


class ImageList(Protocol):
    """A file as it was found in the inbox."""

    @property
    def name(self) -> str: ...
    @property
    def modified(self) -> datetime: ...


class Rows(Protocol):
    """The rows of one file with the lines they begin on, read as they are asked for."""

    @property
    def header(self) -> Sequence[str] | None: ...
    def __iter__(self) -> Iterator[tuple[int, list[str]]]: ...


class OpenList(Protocol):
    """A list held open, so that its replacement is noticed."""

    @property
    def digest(self) -> str:
        """SHA-256 of the content in hexadecimal, read at the first use."""
        ...

    def rows(self) -> AbstractContextManager[Rows]:
        """Read from the start. Raises Refused for what is no list at all."""
        ...

    def verify(self) -> None:
        """Raise ListChanged unless the file still is what was opened."""
        ...


class Inbox(Protocol):
    """The folder of lists."""

    def waiting(self) -> Sequence[ImageList]:
        """All that is called like a list, the oldest first."""
        ...

    def named(self, path: str) -> ImageList: ...
    def is_settled(self, found: ImageList) -> bool:
        """Nobody has written to it for a while."""
        ...

    def open(self, found: ImageList) -> AbstractContextManager[OpenList]:
        """Raises ListRefused for what is no regular file or may not be read."""
        ...

    def put_away(self, found: ImageList, opened: OpenList, notes: Sequence[str]) -> None:
        """Move a list that is queued; the notes tell of lines that were left out."""
        ...

    def set_aside(self, found: ImageList, why: str) -> None:
        """Move a list that cannot be read, and leave a note that says why."""
        ...


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What the book keeps of a list."""

    digest: str
    name: str
    images: int
    rejected: int
    batches: int


class BatchBook(Protocol):
    """The lists that were queued, by their content. Raises StoreUnavailable."""

    def queued(self, digest: str) -> str | None:
        """Name the file under which the content was queued, if it was."""
        ...

    def enter(self, entry: Entry, drafts: Iterable[Draft], run: ActiveRun) -> bool:
        """Write all messages and the entry in one transaction that outlives a power cut.

        False, and nothing written, where the content is queued already. Commits only while the
        run's lease holds: raises LockLost.
        """
        ...

    def note_failed(self, digest: str, name: str, why: str, run: ActiveRun) -> None:
        """Keep why a list was set aside; the same content may come again."""
        ...
