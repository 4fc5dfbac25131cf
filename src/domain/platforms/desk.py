"""What people see of the inbox, and what they may do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

MOST_LISTED = 100


@dataclass(frozen=True, kw_only=True)
class InboxOrder:
    """One version of one order."""

    inbox_id: int
    platform: str
    external_id: str
    version: str
    received_at: datetime
    format: str
    status: str
    reason: str
    run_id: str
    raw: str


class OrderDesk(Protocol):
    """The inbox by hand."""

    def listed(
        self, *, platform: str | None, status: str | None, limit: int
    ) -> Sequence[InboxOrder]:
        """Give the newest first."""
        ...

    def find(self, inbox_id: int) -> InboxOrder | None: ...
    def requeue(self, inbox_ids: Sequence[int], *, actor: str, reason: str) -> Sequence[int]:
        """Queue those that are in quarantine once more; gives which they were."""
        ...
