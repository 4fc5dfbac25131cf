"""A folder of sessions, walked by descriptors: no path is followed twice, no link at all."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from domain.jobs.session_purge.policy import SessionFolder, is_branch, is_session
from domain.jobs.session_purge.ports import FolderRefused

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def opened(folder: SessionFolder) -> Iterator[int]:
    """Give the folder's descriptor. Raises FolderRefused where it cannot be the one meant."""
    descriptor = _open_named(folder.path.rstrip("/"))
    try:
        if _is_mount(descriptor):
            raise FolderRefused(
                f"{folder.path} is the root of a file system: keep sessions in a folder of it"
            )
        _check_content(descriptor, folder)
        yield descriptor
    finally:
        os.close(descriptor)


def leaves(descriptor: int, depth: int) -> Generator[int, None, None]:
    """Give the descriptor of each folder that holds sessions, open until the next one."""
    if depth == 0:
        yield descriptor
        return
    with os.scandir(descriptor) as entries:
        for entry in entries:
            if is_branch(entry.name) and (branch := _open_branch(entry.name, descriptor)):
                try:
                    yield from leaves(branch, depth - 1)
                finally:
                    os.close(branch)


def _open_named(path: str) -> int:
    if Path(path).is_symlink():
        raise FolderRefused(f"{path} is a link: write the folder that it leads to")
    try:
        return os.open(path, _FOLDER)
    except FileNotFoundError as error:
        raise FolderRefused(f"there is no {path}: create it, or correct session-purge") from error
    except OSError as error:
        raise FolderRefused(f"{path}: {error.strerror}; may this user read it?") from error


def _open_branch(name: str, above: int) -> int | None:
    try:
        return os.open(name, _FOLDER, dir_fd=above)
    except (FileNotFoundError, NotADirectoryError):
        return None  # a file, or swapped for a link since it was listed


def _is_mount(descriptor: int) -> bool:
    above, here = os.stat("..", dir_fd=descriptor), os.fstat(descriptor)
    return above.st_dev != here.st_dev or above.st_ino == here.st_ino


def _check_content(descriptor: int, folder: SessionFolder) -> None:
    """Refuse a folder of anything else; the first session file is proof enough."""
    strangers = 0
    with closing(leaves(descriptor, folder.depth)) as found:
        for leaf in found:
            for entry in _entries(leaf):
                if is_session(entry.name) and entry.is_file(follow_symlinks=False):
                    return
                strangers += 1
    strangers += _strangers_above(descriptor, folder.depth)
    if strangers:
        raise FolderRefused(
            f"{folder.path} holds {strangers:,} other files and no session at depth"
            f" {folder.depth}: is it the right folder?"
        )


def _strangers_above(descriptor: int, depth: int) -> int:
    return 0 if depth == 0 else sum(not is_branch(entry.name) for entry in _entries(descriptor))


def _entries(descriptor: int) -> Iterator[os.DirEntry[str]]:
    with os.scandir(descriptor) as entries:
        yield from entries
