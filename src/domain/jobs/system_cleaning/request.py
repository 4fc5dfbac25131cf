"""What one run of CR-011 was asked to do."""

from __future__ import annotations

from dataclasses import dataclass

OPERATIONS = ("article-search-cache", "article-popular-cache")
"""In the order in which they run."""


@dataclass(frozen=True, kw_only=True)
class SystemRequest:
    """All operations or ``only`` some; ``force`` passes the guards once, for a reason."""

    only: tuple[str, ...] = ()
    force: bool = False
    reason: str = ""

    @property
    def scope(self) -> str:
        return " ".join(self.operations) if self.only else "all"

    @property
    def operations(self) -> tuple[str, ...]:
        return tuple(name for name in OPERATIONS if not self.only or name in self.only)
