"""Files held open while they are read and moved, and what the disk says in a run's words."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from domain.errors import DiskFull, JobError
from domain.jobs.supplier_import.failures import FeedChanged, FeedRefused
from domain.jobs.supplier_import.ports import Feed

_LONGEST_NAME_BYTES = 200


@contextmanager
def held(feed: Feed) -> Iterator[DirectoryFeed]:
    """Open a file that was found; what its name stands for by now is told from it."""
    with translated(feed.name):
        # Never follow a link, never wait for the writer of a pipe.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(feed.path, flags)
    try:
        opened = DirectoryFeed(feed, descriptor)
        opened.verify()
        yield opened
    finally:
        os.close(descriptor)


class DirectoryFeed:
    """A file held open, so that its replacement does not go unnoticed."""

    def __init__(self, feed: Feed, descriptor: int) -> None:
        self._feed, self._descriptor = feed, descriptor
        self._identity = _identity(os.fstat(descriptor))

    @property
    def feed(self) -> Feed:
        return self._feed

    @property
    def path(self) -> Path:
        return Path(self._feed.path)

    @cached_property
    def digest(self) -> str:
        with open(self._descriptor, "rb", closefd=False) as content:
            content.seek(0)
            return hashlib.file_digest(content, "sha256").hexdigest()

    def verify(self) -> None:
        """Both what is open and what the name now stands for must be what was found."""
        now = os.fstat(self._descriptor)
        if not stat.S_ISREG(now.st_mode):
            raise FeedRefused(f"{self._feed.name} is not a regular file")
        try:
            named = self.path.lstat()
        except FileNotFoundError as error:
            raise FeedChanged(f"{self._feed.name} was taken away while it was read") from error
        same = self._identity == _identity(now) == _identity(named)
        if not same or feed_of(self.path, now) != self._feed:
            raise FeedChanged(f"{self._feed.name} was replaced or grew while it was read")


def _identity(found: os.stat_result) -> tuple[int, int, int, int]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def feed_of(path: Path, found: os.stat_result) -> Feed:
    return Feed(
        path=str(path),
        name=os.fsencode(path.name).decode("utf-8", "backslashreplace"),
        size_bytes=found.st_size,
        modified=datetime.fromtimestamp(found.st_mtime_ns // 1000 / 1_000_000, UTC),
    )


def short_name(name: str) -> str:
    """The end of a long name, with room for what is put around it."""
    return name.encode()[-_LONGEST_NAME_BYTES:].decode(errors="ignore")


def sync_folder(folder: Path) -> None:
    """Make renames in the folder outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def move(file: Path, to: Path, note: str = "", ending: str = "") -> None:
    """Move a file that was read, for good, with a note beside it.

    The note is written first: a file that was moved has one, whenever the run dies.
    """
    to.parent.mkdir(exist_ok=True)
    if note:
        to.with_name(f"{to.name}{ending}").write_text(note, "utf-8")
    file.rename(to)
    sync_folder(to.parent)
    sync_folder(file.parent)


@contextmanager
def translated(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _known(name, error) from error


def _known(name: str, error: OSError) -> JobError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskFull(f"{name}: {error.strerror}; free space, then run again")
    if error.errno == errno.ENOENT:
        return FeedChanged(f"{name} is no longer there")
    if error.errno == errno.ELOOP:
        return FeedRefused(f"{name} is a link; only regular files are read")
    return FeedRefused(f"{name}: {error.strerror}; give this user access to it")
