"""What the job needs of the update log and of its archive."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from domain.cleaning.stretches import OldRows, Stretch
from domain.errors import Refused
from domain.operating.ports import ActiveRun

LOG = "log_update"

Entry = Mapping[str, Any]
"""A row of the log by its columns; ``id`` names it for ever."""


class ArchiveFailed(Refused):
    """An archive does not hold what was put into it, or cannot be written; nothing was deleted."""


class UpdateLog(Protocol):
    """The table. Raises StoreUnavailable."""

    def now(self) -> datetime: ...
    def before(self, cutoff: datetime) -> OldRows[str]:
        """Give the rows from before, to be deleted just so."""
        ...

    def read(self, part: Stretch[str], cutoff: datetime) -> Sequence[Entry]:
        """Read the old rows of a stretch in the order of their ids."""
        ...

    def delete_just(
        self, part: Stretch[str], cutoff: datetime, ids: Iterable[int], run: ActiveRun
    ) -> float | None:
        """Delete the stretch's old rows if they are just these; None where others came or went.

        Gives the seconds for which locks were held.
        """
        ...

    def are_there(self, entries: Sequence[Entry]) -> bool:
        """Tell whether every one of them is in the table, id and time."""
        ...


class Sealed(Protocol):
    """Rows in an archive that was read back and found whole, but that is not valid yet."""

    def entries(self) -> Sequence[Entry]: ...
    def keep(self) -> None:
        """Make it valid: its rows are gone from the table."""
        ...

    def discard(self) -> None:
        """Remove it: its rows are still in the table."""
        ...


class LogArchive(Protocol):
    """Compressed files, one for each batch. Raises ArchiveFailed and DiskFull."""

    def seal(self, entries: Sequence[Entry]) -> Sealed:
        """Write the rows to the disk and read them back."""
        ...

    def unsettled(self) -> Iterator[Sealed]:
        """Give what a run that died left between its archive and its deletion."""
        ...
