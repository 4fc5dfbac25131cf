"""One lock file: who took it last, and the fence that only grows.

It holds two records that are written in turn, so that a write torn by a crash leaves the older
one, and with it the fence, in place. Nothing is written at release: the kernel knows best who
holds a file.
"""

from __future__ import annotations

import fcntl
import json
import os
from binascii import crc32
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from domain.errors import ConfigurationInvalid
from domain.operating.ports import Busy

_RECORD_BYTES = 1024
_SUM_LENGTH = 8
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


@dataclass(frozen=True, kw_only=True)
class Record:
    """One taking of the lock. ``since`` is ISO 8601 in UTC, empty where nobody took it yet."""

    key: str = ""
    fence: int = 0
    run_id: str = ""
    host: str = ""
    pid: int = 0
    since: str = ""

    def busy(self, key: str) -> Busy:
        since = datetime.fromisoformat(self.since) if self.since else None
        return Busy(key=key, run_id=self.run_id, host=self.host, pid=self.pid, since=since)


def record(key: str, fence: int, run_id: str) -> Record:
    """Make the record of this process and this moment."""
    return Record(
        key=key,
        fence=fence,
        run_id=run_id,
        host=os.uname().nodename,
        pid=os.getpid(),
        since=datetime.now(UTC).isoformat(),
    )


def open_(path: str | Path) -> int:
    return os.open(path, _FLAGS, 0o600)


@contextmanager
def opened(path: str | Path) -> Iterator[int]:
    descriptor = open_(path)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def closed_on_error(descriptor: int) -> Iterator[None]:
    """Close, and by that unlock, a file whose taking failed half-way."""
    try:
        yield
    except BaseException:
        os.close(descriptor)
        raise


def take(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_at(descriptor: int, path: str) -> bool:
    """Tell whether the path still leads to this open file."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except FileNotFoundError:
        return False


def holder(path: Path) -> Busy | None:
    """Tell who holds the file, by trying to take it for a moment."""
    with opened(path) as descriptor:
        if take(descriptor):
            return None
        last, _ = read(descriptor)
        return last.busy(last.key)


def read(descriptor: int) -> tuple[Record, int]:
    """Read the newest whole record, and where the next goes: over the older of the two.

    An empty or damaged file counts from 0.
    """
    content = os.pread(descriptor, 2 * _RECORD_BYTES, 0)
    first, second = _parsed(content[:_RECORD_BYTES]), _parsed(content[_RECORD_BYTES:])
    return (first, _RECORD_BYTES) if first.fence > second.fence else (second, 0)


def write(descriptor: int, new: Record, offset: int) -> None:
    os.pwrite(descriptor, _formatted(new), offset)


def sync(descriptor: int) -> None:
    """Wait until the fence is on the disk: a lease given out must outlive a power cut."""
    getattr(os, "fdatasync", os.fsync)(descriptor)


def replace(path: str, new: Record) -> None:
    """Put a new file in the place of the old one, which its holder keeps, nameless."""
    fresh = Path(f"{path}.new")
    fresh.unlink(missing_ok=True)
    with opened(fresh) as descriptor:
        write(descriptor, new, 0)
        sync(descriptor)
    fresh.replace(path)


def _formatted(new: Record) -> bytes:
    body = json.dumps(vars(new)).encode()
    line = b"%08x " % crc32(body) + body
    if len(line) >= _RECORD_BYTES:
        raise ConfigurationInvalid(f"lock key {new.key[:60]}… is too long for a lock file")
    return line.ljust(_RECORD_BYTES - 1) + b"\n"


def _parsed(line: bytes) -> Record:
    """Read one record; one that was torn, and nothing at all, is nobody with fence 0."""
    checksum, body = line[:_SUM_LENGTH], line[_SUM_LENGTH + 1 :].rstrip()
    if not body or checksum != b"%08x" % crc32(body):
        return Record()
    return Record(**json.loads(body))
