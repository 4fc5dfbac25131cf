"""What one start of CR-002 was asked to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ExportRequest:
    """Every active export, or those that fit each of the three; none is ever written in part.

    ``force`` passes the guard against lost articles once, for a reason.
    """

    exports: tuple[int, ...] = ()
    suppliers: tuple[int, ...] = ()
    customers: tuple[int, ...] = ()
    skip_generation: bool = False
    force: bool = False
    reason: str = ""

    @property
    def scope(self) -> str:
        said = [
            *_said("export", self.exports),
            *_said("supplier", self.suppliers),
            *_said("customer", self.customers),
        ]
        return ".".join(said) or "all"


def _said(word: str, numbers: Iterable[int]) -> list[str]:
    written = "+".join(str(number) for number in sorted(set(numbers)))
    return [word, written] if written else []
