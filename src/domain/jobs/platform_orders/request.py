"""What one start of CR-008 was asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class PullRequest:
    """All active platforms or some; a window of one's own, or single orders."""

    platforms: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    orders: tuple[str, ...] = ()

    @property
    def scope(self) -> str:
        """Name the firing: what was narrowed down is a firing of its own."""
        said = [*sorted(set(self.platforms)), *(f"order.{one}" for one in sorted(self.orders))]
        ends = (("since", self.since), ("until", self.until))
        said += [f"{word}.{when.isoformat()}" for word, when in ends if when]
        return " ".join(said) or "all"

    @property
    def has_window(self) -> bool:
        return self.since is not None or self.until is not None
