"""What one start of CR-013 was asked to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class SimulatorRequest:
    """``force`` sends what is unchanged, and passes the guards once, for a ``reason``."""

    force: bool = False
    reason: str = ""

    @property
    def scope(self) -> str:
        return "all"
