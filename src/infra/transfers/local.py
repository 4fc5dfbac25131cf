"""Our own end of a transfer: its faults are not the partner's."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from domain.errors import DiskFull, Refused

CHUNK_BYTES = 1 << 18


class LocalFile:
    """An open file of this host; what fails here is told apart from what fails at the partner."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, most: int = CHUNK_BYTES) -> bytes:
        with ours():
            return self._file.read(most)

    def write(self, data: bytes) -> int:
        with ours():
            return self._file.write(data)

    def chunks(self) -> Iterator[bytes]:
        while chunk := self.read():
            yield chunk


@contextmanager
def ours() -> Iterator[None]:
    """Translate what goes wrong with files of this host. Raises DiskFull and Refused."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise DiskFull(f"this host: {error.strerror}; free space, then run again") from error
        raise Refused(f"this host: {error.strerror or error}") from error
