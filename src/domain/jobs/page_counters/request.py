"""What one start of CR-004 was asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True)
class CountRequest:
    """What is new; ``rebuild_from`` counts whole days anew, ``from_id`` moves the watermark.

    ``force`` passes the guard against vanished hits once, for a reason.
    """

    rebuild_from: date | None = None
    from_id: int | None = None
    force: bool = False
    reason: str = ""

    @property
    def scope(self) -> str:
        return "all" if self.rebuild_from is None else f"from.{self.rebuild_from}"
