"""A folder of sessions, walked by descriptors: no path is followed twice, no link at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager

from domain.jobs.session_purge.policy import SessionFolder, is_branch, is_session
from domain.jobs.session_purge.ports import FolderRefused

Shut = Callable[[str], object]
"""Is told of a branch that this user may not read."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def opened(folder: SessionFolder) -> Iterator[int]:
    """Give the folder's descriptor. Raises FolderRefused where it cannot be the one meant."""
    descriptor = _open_named(folder.path.rstrip("/"))
    try:
        if _is_mount(descriptor, folder.path):
            raise FolderRefused(
                f"{folder.path} is the root of a file system: keep sessions in a folder of it"
            )
        _check_content(descriptor, folder)
        yield descriptor
    finally:
        os.close(descriptor)


def leaves(descriptor: int, depth: int, shut: Shut) -> Generator[int, None, None]:
    """Give the descriptor of each folder that holds sessions, open until the next one."""
    if depth == 0:
        yield descriptor
        return
    with os.scandir(descriptor) as entries:
        for entry in entries:
            if not is_branch(entry.name):
                continue
            branch = _open_branch(entry.name, descriptor, shut)
            if branch is not None:
                try:
                    yield from leaves(branch, depth - 1, shut)
                finally:
                    os.close(branch)


def _open_named(path: str) -> int:
    try:
        if stat.S_ISLNK(os.lstat(path).st_mode):
            raise FolderRefused(f"{path} is a link: write the folder that it leads to")
        return os.open(path, _FOLDER)
    except FileNotFoundError as error:
        raise FolderRefused(f"there is no {path}: create it, or correct session-purge") from error
    except OSError as error:
        raise FolderRefused(f"{path}: {error.strerror}; may this user read it?") from error


def _open_branch(name: str, above: int, shut: Shut) -> int | None:
    try:
        return os.open(name, _FOLDER, dir_fd=above)
    except (FileNotFoundError, NotADirectoryError):
        return None  # a file, or swapped for a link since it was listed
    except PermissionError:
        shut(name)
        return None


def _is_mount(descriptor: int, path: str) -> bool:
    try:
        above, here = os.stat("..", dir_fd=descriptor), os.fstat(descriptor)
    except OSError as error:  # to list a folder is one right, to enter it another
        raise FolderRefused(f"{path}: {error.strerror}; may this user enter it?") from error
    return above.st_dev != here.st_dev or above.st_ino == here.st_ino


def _check_content(descriptor: int, folder: SessionFolder) -> None:
    """Refuse a folder of anything else; the first session file is proof enough."""
    strangers = 0
    with closing(leaves(descriptor, folder.depth, _never_mind)) as found:
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


def _never_mind(_branch: str) -> None:
    """The purge itself counts it."""


def _strangers_above(descriptor: int, depth: int) -> int:
    return 0 if depth == 0 else sum(not is_branch(entry.name) for entry in _entries(descriptor))


def _entries(descriptor: int) -> Iterator[os.DirEntry[str]]:
    with os.scandir(descriptor) as entries:
        yield from entries
