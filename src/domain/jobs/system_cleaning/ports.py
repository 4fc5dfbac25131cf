"""What the job needs: the tables behind the operations, and the account that it gives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.cleaning.stretches import OldRows
from domain.operating.ports import ActiveRun


class Ended(StrEnum):
    """How an operation ended; one whose run died is ``interrupted`` from the next start on."""

    DONE = "done"
    UNFINISHED = "unfinished"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Window:
    """From the oldest row there was to the cutoff."""

    oldest: datetime | None
    cutoff: datetime


@dataclass(frozen=True, kw_only=True)
class Account:
    """What an operation tells at its end.

    ``remaining`` is due and still there, ``kept`` is not due.
    """

    ended: Ended
    deleted: int = 0
    remaining: int = 0
    kept: int = 0
    error: str = ""
    notes: tuple[str, ...] = ()


class Accounts(Protocol):
    """The caches, and one row of audit for each operation of a run. Raises StoreUnavailable."""

    def now(self) -> datetime: ...
    def oldest(self, operation: str) -> datetime | None:
        """Give the time of the oldest row."""
        ...

    def rows(self, operation: str, cutoff: datetime) -> OldRows[str]:
        """Give what is older; its deletions are counted in the account, all or none."""
        ...

    def begin(self, operation: str, cutoff: datetime, run: ActiveRun) -> None:
        """Open the account, or go on with that of an earlier attempt of the run."""
        ...

    def end(
        self, operation: str, account: Account, oldest: datetime | None, run: ActiveRun
    ) -> None:
        """Close it; what was deleted stands in it already."""
        ...
