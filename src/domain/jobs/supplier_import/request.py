"""What one start of the import was asked to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ImportRequest:
    """Every active supplier (``supplier`` None), or one.

    ``update_anyway`` books a file again whose content is already in; ``file`` names the file
    instead of the newest one waiting; ``force`` passes the guards once, for a reason.
    """

    supplier: int | None = None
    update_anyway: bool = False
    file: str | None = None
    force: bool = False
    reason: str = ""

    @property
    def scope(self) -> str:
        return "all" if self.supplier is None else f"supplier.{self.supplier}"
