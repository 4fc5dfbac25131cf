"""How much one run may delete without being asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from domain.errors import Refused
from domain.operating.events import Event
from domain.operating.ports import ActiveRun


class TooMuch(Refused):
    """More would be deleted than a run may delete unasked; nothing was."""


class Forcible(Protocol):
    """A request that may pass the guards once, for a reason."""

    @property
    def force(self) -> bool: ...
    @property
    def reason(self) -> str: ...


def ask(fault: str, request: Forcible, run: ActiveRun) -> None:
    """Raise TooMuch for a fault, or pass it once where that was asked for."""
    if not fault:
        return
    if not request.force:
        raise TooMuch(
            f"{fault}; are the retention and the database's clock right? Then once with"
            " --force --reason=WHY"
        )
    run.warn(Event.GUARD_FORCED, fault, actor=run.actor, reason=request.reason)


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """What one run may delete unasked, of ``what``: "messages", "ended messages" for the share.

    Below ``few`` the share is not looked at: of ten rows six may well be old.
    """

    rows: int = 1_000_000
    percent: int = 50
    few: int = 1_000
    what: str = "rows"

    def fault(self, going: int, staying: int) -> str:
        """Say what is too much about a plan; nothing where it may be done."""
        if going > self.rows:
            return f"{going:,} {self.what} would go, allowed are {self.rows:,}"
        if going > self.few and not self.is_borne(going, staying):
            return (
                f"{going:,} of {going + staying:,} {self.what} would go, allowed are"
                f" {self.percent} %"
            )
        return ""

    def is_borne(self, going: int, staying: int) -> bool:
        """Tell whether the share is right, however much more may stay."""
        return going * 100 <= self.percent * (going + staying)
