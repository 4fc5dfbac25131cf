"""What one start of CR-001 was asked to do."""

from __future__ import annotations

from dataclasses import dataclass

USUAL_BATCH, LARGEST_BATCH = 100, 1000


@dataclass(frozen=True, kw_only=True)
class BatchRequest:
    """All lists that wait, or one; ``batch_size`` lines make a message."""

    batch_size: int = USUAL_BATCH
    file: str | None = None

    @property
    def scope(self) -> str:
        return "all" if self.file is None else f"file.{self.file}"
