"""What one start of CR-003 was asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True)
class ReminderRequest:
    """As of today, or of a ``date``; ``exact`` reminds on the very day only, as before."""

    offsets: tuple[int, ...] | None = None
    date: date | None = None
    exact: bool = False

    @property
    def scope(self) -> str:
        return "all" if self.date is None else f"date.{self.date}"
