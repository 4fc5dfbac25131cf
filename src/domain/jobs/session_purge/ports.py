"""What the job needs of the file system."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Protocol

from domain.errors import Refused
from domain.jobs.session_purge.policy import Basis, SessionFolder


class FolderRefused(Refused):
    """It cannot be the folder that is meant, or cannot be read; nothing in it was touched."""


@dataclass
class Tally:
    """What became of all that is called like a session, so far.

    ``refused``: a link, a folder, an id that PHP would never make. ``denied``: this user may not.
    ``vanished``: somebody else removed it meanwhile.
    """

    seen: int = 0
    removed: int = 0
    young: int = 0
    in_use: int = 0
    refused: int = 0
    denied: int = 0
    vanished: int = 0
    bytes: int = 0

    def counts(self) -> dict[str, int]:
        return asdict(self)


class SessionFiles(Protocol):
    """The folders of sessions."""

    def purge(
        self, folder: SessionFolder, before: datetime, basis: Basis, *, dry_run: bool
    ) -> Iterator[Tally]:
        """Remove what was last used strictly before, and yield the tally now and then.

        Between two yields it may be left for good. Raises FolderRefused before anything is
        touched.
        """
        ...
