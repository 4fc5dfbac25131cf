"""The bytes of a supplier's file as they come off the disk or out of a ZIP, within bounds."""

from __future__ import annotations

import io
import zlib
from typing import IO
from zipfile import BadZipFile

from domain.errors import Refused
from domain.jobs.supplier_import.failures import FeedUnavailable

MOST_BYTES = 1 << 30
LONGEST_LINE_BYTES = 1 << 20
"""A line this long is no stock line; without the bound it would be read into memory whole."""
_HEAD_BYTES = 4


class Source(io.BufferedIOBase):
    """One file's bytes, counted: too many, or too many without a line end, are refused.

    ``line`` is the line that ends what was read so far, for messages about a broken sign.
    """

    def __init__(self, raw: IO[bytes], name: str, most_bytes: int = MOST_BYTES) -> None:
        self.name, self._raw, self._most_bytes = name, raw, most_bytes
        self._bytes = self._unbroken = self._feeds = self._returns = 0
        self._lines_bounded = False
        self.head = self._ahead = self._fetched(_HEAD_BYTES)

    def readable(self) -> bool:
        return True

    def read1(self, size: int = -1, /) -> bytes:
        """Give what was read ahead first."""
        chunk = self._ahead + self._fetched(size)
        self._ahead = b""
        self._count_lines(chunk)
        return chunk

    def read(self, size: int | None = -1, /) -> bytes:
        """Give ``size`` bytes or all that is left, which the bound on bytes keeps sane."""
        parts, wanted = [], size if size is not None and size >= 0 else self._most_bytes + 1
        while wanted > 0 and (chunk := self.read1(min(wanted, 1 << 16))):
            parts.append(chunk)
            wanted -= len(chunk)
        return b"".join(parts)

    def bound_lines(self) -> None:
        """From now on refuse a line longer than any stock line."""
        self._lines_bounded = True

    def skip(self, count: int) -> None:
        """Drop the first bytes (a byte order mark)."""
        self._ahead = self._ahead[count:]

    def line_before_end(self, rest: bytes) -> int:
        """Number, from 1, of the line on which the last ``rest`` bytes begin."""
        feeds, returns = self._feeds - rest.count(b"\n"), self._returns - rest.count(b"\r")
        return max(feeds, returns) + 1

    def _fetched(self, size: int) -> bytes:
        try:
            chunk = self._raw.read(size)
        except (BadZipFile, zlib.error, EOFError) as error:
            raise Refused(f"{self.name} is damaged ({error}): ask for it again") from error
        except OSError as error:
            raise FeedUnavailable(f"{self.name} cannot be read: {error.strerror}") from error
        self._bytes += len(chunk)
        if self._bytes > self._most_bytes:
            raise Refused(f"{self.name} unpacks to more than {self._most_bytes:,} bytes")
        return chunk

    def _count_lines(self, chunk: bytes) -> None:
        self._feeds += chunk.count(b"\n")
        self._returns += chunk.count(b"\r")
        end = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
        self._unbroken = len(chunk) - 1 - end if end >= 0 else self._unbroken + len(chunk)
        if self._lines_bounded and self._unbroken > LONGEST_LINE_BYTES:
            line = self.line_before_end(b"")
            raise Refused(f"{self.name}, line {line}: longer than {LONGEST_LINE_BYTES:,} bytes")
