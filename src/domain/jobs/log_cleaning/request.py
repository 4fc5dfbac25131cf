"""What one run of CR-007 was asked to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class LogRequest:
    """By the settings' retention or by ``days``; ``force`` passes the guards once, for a reason."""

    days: int | None = None
    force: bool = False
    reason: str = ""

    @property
    def scope(self) -> str:
        return "all"
