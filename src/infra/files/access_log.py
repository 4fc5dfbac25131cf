"""A web server's log, read from where the last reading ended; it may be growing, or gzipped."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from domain.errors import Refused
from domain.page_hits.combined import PageHit, Unreadable, page_hit

LONGEST_LINE = 64 * 1024
_GZIP = b"\x1f\x8b"
_BLOCK = 1 << 20


class AccessLog:
    """One log; ``key`` tells it from every other, however much is written to it later."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._opened() as file:
            first = file.readline(LONGEST_LINE)
        if not first:
            raise Refused(f"{path} is empty")
        self.key = f"log:{hashlib.sha256(first).hexdigest()[:32]}"

    def hits(self, offset: int) -> Iterator[tuple[int, int, PageHit | Unreadable]]:
        """Give where each whole line behind an offset ends, its number, and what it says."""
        with self._opened() as file:
            number = self._lines_before(file, offset)
            while line := file.readline(LONGEST_LINE):
                number += 1
                if not line.endswith(b"\n"):
                    if len(line) < LONGEST_LINE:
                        return  # still being written
                    line = _passed_over(file)
                yield file.tell(), number, _read(line)

    def _lines_before(self, file: IO[bytes], offset: int) -> int:
        lines = 0
        for left in range(offset, 0, -_BLOCK):
            lines += file.read(min(left, _BLOCK)).count(b"\n")
        if file.tell() < offset:
            raise Refused(
                f"{self._path} is shorter than what was read of it before ({offset:,} bytes)"
            )
        return lines

    @contextmanager
    def _opened(self) -> Iterator[IO[bytes]]:
        try:
            with self._path.open("rb") as file:
                packed = file.read(len(_GZIP)) == _GZIP
                file.seek(0)
                yield gzip.GzipFile(fileobj=file) if packed else file  # type: ignore[misc]  # reads alike
        except (OSError, EOFError) as error:
            raise Refused(f"{self._path} cannot be read: {error}") from error


def _passed_over(file: IO[bytes]) -> bytes:
    """Go to the end of a line that is too long to be one; gives what stands for it."""
    while (rest := file.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
        """Read on."""
    return b""


def _read(line: bytes) -> PageHit | Unreadable:
    try:
        return page_hit(line.decode("utf-8", "replace").rstrip("\r\n"))
    except Unreadable as why:
        return why
