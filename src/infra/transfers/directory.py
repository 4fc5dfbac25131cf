"""A partner's folder that is a folder of this host, or mounted here."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from domain.transfers.failures import PartnerRefused, QuotaReached, TransferBroken
from domain.transfers.ports import RemoteFile
from infra.transfers.local import CHUNK_BYTES, LocalFile
from infra.transfers.names import is_plain, plain

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_AWAY = (errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EHOSTDOWN, errno.ENOTCONN)
"""What a mounted folder says while its server cannot be reached."""


@contextmanager
def directory(folder: Path, *, make: bool) -> Iterator[DirectoryFolder]:
    """Open a folder; ``make`` it where it is not there yet."""
    with _translated(str(folder)):
        if make:
            folder.mkdir(parents=True, exist_ok=True)
        os.scandir(folder).close()
    yield DirectoryFolder(folder)


class DirectoryFolder:
    """Regular files only: a link is neither listed nor followed."""

    stages = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def files(self) -> Sequence[RemoteFile]:
        with _translated(str(self._folder)), os.scandir(self._folder) as entries:
            plain_ones = sorted((it for it in entries if is_plain(it.name)), key=_name)
            return [file for it in plain_ones if (file := _remote(it))]

    def size(self, name: str) -> int | None:
        path = self._path(name)
        with _translated(name):
            try:
                seen = path.lstat()
            except FileNotFoundError:
                return None
        return seen.st_size if stat.S_ISREG(seen.st_mode) else None

    def get(self, name: str, into: BinaryIO, *, offset: int = 0) -> None:
        local = LocalFile(into)
        with _translated(name), _opened(self._path(name), os.O_RDONLY) as file:
            file.seek(offset)
            while chunk := file.read(CHUNK_BYTES):
                local.write(chunk)

    def put(self, name: str, content: BinaryIO, *, offset: int = 0) -> None:
        flags = os.O_WRONLY | os.O_CREAT
        with _translated(name), _opened(self._path(name), flags) as file:
            file.truncate(offset)
            file.seek(offset)
            for chunk in LocalFile(content).chunks():
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())

    def rename(self, name: str, to: str) -> None:
        with _translated(name):
            self._path(name).replace(self._path(to))
            self._sync()

    def remove(self, name: str) -> None:
        with _translated(name):
            self._path(name).unlink(missing_ok=True)
            self._sync()

    def _path(self, name: str) -> Path:
        return self._folder / plain(name)

    def _sync(self) -> None:
        """Make the new names outlive a power cut."""
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[BinaryIO]:
    """Never follow a link, never wait for the other end of a pipe."""
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o644)
    with open(descriptor, "wb" if flags & os.O_WRONLY else "rb") as file:  # noqa: PTH123 - the descriptor is open already
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise PartnerRefused(f"{path.name} is not a regular file")
        yield file


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _remote(entry: os.DirEntry[str]) -> RemoteFile | None:
    """Look at it; None for what is no regular file, or went away since it was listed."""
    try:
        seen = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(seen.st_mode):
        return None
    modified = datetime.fromtimestamp(seen.st_mtime, UTC)
    return RemoteFile(name=entry.name, size_bytes=seen.st_size, modified=modified)


@contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        said = f"{what}: {error.strerror or error}"
        if error.errno in _FULL:
            raise QuotaReached(f"{said}; the folder takes no more") from error
        kind = TransferBroken if error.errno in _AWAY else PartnerRefused
        raise kind(said) from error
