"""The book of image lists in memory."""

from __future__ import annotations

from collections.abc import Iterable

from domain.jobs.image_batches.ports import Entry
from domain.operating.ports import ActiveRun
from domain.queue.work import Draft


class MemoryBook:
    """Keeps an entry and its messages once all of them were given."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.drafts: list[Draft] = []
        self.failed: list[tuple[str, str]] = []

    def queued(self, digest: str) -> str | None:
        return next((entry.name for entry in self.entries if entry.digest == digest), None)

    def enter(self, entry: Entry, drafts: Iterable[Draft], run: ActiveRun) -> bool:
        run.checkpoint("entered")
        self.keep(entry, drafts)
        return True

    def keep(self, entry: Entry, drafts: Iterable[Draft]) -> None:
        self.drafts += list(drafts)
        self.entries.append(entry)

    def note_failed(self, digest: str, name: str, why: str, run: ActiveRun) -> None:
        self.failed.append((name, why))

    def images(self) -> list[tuple[str, str]]:
        """Article and image of every line that was queued."""
        return [(i["article"], i["image"]) for d in self.drafts for i in d.payload["images"]]
