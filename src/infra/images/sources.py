"""Images by what a list calls them: files below one folder, or web addresses."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from domain.images.ports import FolderAway, ImageAbsent, ImageUnfit
from domain.images.reference import is_web

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


_NEVER = {
    errno.ELOOP: "leads over a link",
    errno.ENOTDIR: "leads over a link or through a file",
    errno.EACCES: "may not be read by this user",
    errno.EPERM: "may not be read by this user",
    errno.ENAMETOOLONG: "has a name longer than any file's",
}


class Fetch(Protocol):
    """Gets what is behind a web address."""

    def __call__(self, address: str, within: timedelta) -> bytes: ...


class SourceFolder:
    """Regular files below one folder; no link is followed on the way, nothing above is reached."""

    def __init__(self, root: Path, most_bytes: int, settle: timedelta) -> None:
        self._root, self._most_bytes, self._settle = root, most_bytes, settle

    def read(self, image: str) -> bytes:
        try:
            with self._opened(image) as descriptor:
                self._check(os.fstat(descriptor))
                with open(descriptor, "rb", closefd=False) as file:
                    return file.read(self._most_bytes + 1)
        except OSError as error:
            raise _told(error) from error

    @contextmanager
    def _opened(self, image: str) -> Iterator[int]:
        """Walk the path part by part, so that none can be exchanged for a link in between."""
        *folders, name = image.split("/")
        with ExitStack() as opened:
            at = self._open_root(opened)
            for folder in folders:
                at = os.open(folder, _FOLDER, dir_fd=at)
                opened.callback(os.close, at)
            descriptor = os.open(name, _FILE, dir_fd=at)
            opened.callback(os.close, descriptor)
            yield descriptor

    def _open_root(self, opened: ExitStack) -> int:
        try:
            root = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise FolderAway(
                f"{self._root} is no folder: create it or correct images.source"
            ) from error
        opened.callback(os.close, root)
        return root

    def _check(self, found: os.stat_result) -> None:
        if not stat.S_ISREG(found.st_mode):
            raise ImageUnfit("is no regular file")
        if found.st_size > self._most_bytes:
            raise ImageUnfit(f"has {found.st_size:,} bytes, allowed are {self._most_bytes:,}")
        if abs(time.time() - found.st_mtime) < self._settle.total_seconds():
            raise ImageAbsent("is still being written")


class ImageSources:
    """The Sources port."""

    def __init__(self, folder: SourceFolder, fetch: Fetch) -> None:
        self._folder, self._fetch = folder, fetch

    def read(self, image: str, within: timedelta) -> bytes:
        content = self._fetch(image, within) if is_web(image) else self._folder.read(image)
        if not content:
            raise ImageUnfit("is empty")
        return content


def _told(error: OSError) -> ImageUnfit | ImageAbsent:
    if error.errno == errno.ENOENT:
        return ImageAbsent("is not in the source folder")
    if error.errno in _NEVER:
        return ImageUnfit(_NEVER[error.errno])
    return ImageAbsent(f"cannot be read: {error.strerror}")
