"""A set of files for tests with real partners, and what the partner shows of it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from domain.transfers.sending import Outgoing
from partner_hosts import PartnerHost

LARGE = bytes(range(256)) * 4096  # 1 MiB


class Told(io.BytesIO):
    """Calls back once, when so many bytes were read of it."""

    def __init__(self, content: bytes, at: int, call: Callable[[], None]) -> None:
        super().__init__(content)
        self._at, self._calls = at, [call]

    def read(self, size: int | None = -1) -> bytes:
        if self.tell() >= self._at and self._calls:
            self._calls.pop()()
        return super().read(size)


def outgoing(name: str, content: bytes, meanwhile: Callable[[], None] | None = None) -> Outgoing:
    """``meanwhile`` happens once, when the file is half read."""
    calls = [meanwhile] if meanwhile else []

    @contextmanager
    def opened() -> Iterator[BinaryIO]:
        call = calls.pop() if calls else None
        yield Told(content, len(content) // 2, call) if call else io.BytesIO(content)

    return Outgoing(name=name, size_bytes=len(content), open=opened)


SET = (
    outgoing("large.csv", LARGE),
    outgoing("räder & reifen.csv", b"205/55R16;4\n"),
    outgoing("manifest.txt", b"2 files\n"),
)


def shown(host: PartnerHost) -> dict[str, int]:
    """Give what lies in the partner's folder, with sizes."""
    return {path.name: path.stat().st_size for path in host.folder.iterdir()}
