"""A partner's folder in memory, which fails as it is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import BinaryIO

from domain.errors import JobError
from domain.transfers.ports import RemoteFile


class MemoryFolder:
    """Files by name; ``faults`` are raised by the calls they name (``put a.part``), one each.

    A put that fails has sent ``partly`` bytes; a rename that fails is done all the same where
    ``answers_get_lost``.
    """

    def __init__(self, *, stages: bool = True) -> None:
        self.stages, self.content = stages, dict[str, bytes]()
        self.modified: dict[str, datetime] = {}
        self.faults: list[tuple[str, JobError]] = []
        self.partly, self.answers_get_lost = 0, False
        self.calls: list[str] = []

    def files(self) -> Sequence[RemoteFile]:
        self._meet("files")
        return [
            RemoteFile(name=name, size_bytes=len(content), modified=self.modified.get(name))
            for name, content in self.content.items()
        ]

    def size(self, name: str) -> int | None:
        return len(self.content[name]) if name in self.content else None

    def get(self, name: str, into: BinaryIO, *, offset: int = 0) -> None:
        try:
            self._meet(f"get {name}")
        except JobError:
            into.write(self.content[name][offset : offset + self.partly])
            raise
        into.write(self.content[name][offset:])

    def put(self, name: str, content: BinaryIO, *, offset: int = 0) -> None:
        kept, sent = self.content.get(name, b"")[:offset], content.read()
        try:
            self._meet(f"put {name}" + f" from {offset}" * bool(offset))
        except JobError:
            self.content[name] = kept + sent[: self.partly]
            raise
        self.content[name] = kept + sent

    def rename(self, name: str, to: str) -> None:
        try:
            self._meet(f"rename {name}")
        except JobError:
            if self.answers_get_lost:
                self.content[to] = self.content.pop(name)
            raise
        self.content[to] = self.content.pop(name)

    def remove(self, name: str) -> None:
        self._meet(f"remove {name}")
        self.content.pop(name, None)

    def _meet(self, call: str) -> None:
        self.calls.append(call)
        if self.faults and self.faults[0][0] == call:
            raise self.faults.pop(0)[1]


class OnePartner:
    """The Partners port; counts the connections, and refuses those after ``closes_after``."""

    def __init__(self, folder: MemoryFolder) -> None:
        self._folder = folder
        self.connections, self.refusal = 0, None
        self.closes_after = 1000

    refusal: JobError | None

    def verify(self, partner: str) -> None:
        """Find nothing wrong."""

    @contextmanager
    def folder(self, partner: str, within: timedelta) -> Iterator[MemoryFolder]:
        assert partner
        assert within > timedelta()
        self.connections += 1
        if self.refusal and self.connections > self.closes_after:
            raise self.refusal
        yield self._folder
