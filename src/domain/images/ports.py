"""What the update of article images needs from the outside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from domain.errors import Refused, Retryable
from domain.images.message import ImageLine
from domain.queue.work import Statements


class ImageUnfit(Refused):
    """What was found is no picture that can be shown; its neighbours are done all the same."""


class ImageAbsent(Retryable):
    """The picture is not there yet, or its host is away or busy; only this one is tried again."""


class FolderAway(Retryable):
    """A folder is not mounted or has no room: nothing of the message can be done now."""


@dataclass(frozen=True, kw_only=True)
class Rendition:
    """One size in which the shop shows an image: upper bounds, and how it is written."""

    name: str
    width: int
    height: int
    format: str
    quality: int


class Status(StrEnum):
    """What became of one image, as its row says."""

    DONE = "done"
    WAITING = "waiting"
    FAILED = "failed"
    REMOVED = "removed"


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What the shop shows of an image: paths in the media folder by the rendition's name."""

    source_sha256: str
    width: int
    height: int
    renditions: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Result:
    """What became of one line; ``shown`` where it is done, ``reason`` where it is not."""

    line: ImageLine
    status: Status
    reason: str = ""
    shown: Shown | None = None


class Sources(Protocol):
    """Where images come from: a folder, and the web's hosts that are allowed."""

    def read(self, image: str, within: timedelta) -> bytes:
        """Give the content. Raises ImageUnfit, ImageAbsent, FolderAway."""
        ...


class Studio(Protocol):
    """Makes renditions."""

    def size(self, content: bytes) -> tuple[int, int]:
        """Width and height in pixels as it is shown; decodes nothing. Raises ImageUnfit."""
        ...

    def render(self, content: bytes, wanted: Sequence[Rendition]) -> Mapping[str, bytes]:
        """Write the picture in each size. Raises ImageUnfit."""
        ...


class Media(Protocol):
    """The folder that the shop shows images from; a path's content never changes."""

    def has(self, path: str) -> bool: ...
    def put(self, path: str, content: bytes, owner: str) -> None:
        """Write whole and at once; ``owner`` keeps two writers apart. Raises FolderAway."""
        ...

    def sync(self) -> None:
        """Make what was put outlive a power cut."""
        ...

    def remove(self, path: str) -> None: ...


class ImageBook(Protocol):
    """What became of each article image, written in the message's own transaction."""

    def record(
        self, database: Statements, results: Sequence[Result], asked_by: int
    ) -> tuple[Counter[str], Sequence[str]]:
        """Write what differs; gives what came of the lines, and the paths that are new.

        A row that a later message decided stays. What is no longer shown becomes obsolete.
        """
        ...

    def obsolete(self, database: Statements, keep: timedelta) -> Sequence[str]:
        """Strike out paths that nobody has shown for so long; they are to be removed."""
        ...
