"""What one run of CR-014 was asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, kw_only=True)
class PurgeRequest:
    """All configured folders or some of them; by their own ages or by ``max_age``."""

    max_age: timedelta | None = None
    paths: tuple[str, ...] = ()

    @property
    def scope(self) -> str:
        return " ".join(self.paths) or "all"
