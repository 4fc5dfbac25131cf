"""Which session files some process has open, as far as this user may see."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from domain.jobs.session_purge.policy import PREFIX

_FRESH_SECONDS = 5.0
"""A request that opens its session later holds the file's lock by then."""

Identity = tuple[int, int]


def identity(found: os.stat_result) -> Identity:
    return found.st_dev, found.st_ino


class OpenSessions:
    """Looks at every process's descriptors, and again when that was a while ago."""

    def __init__(self, processes: Path = Path("/proc")) -> None:
        self._processes = processes
        self._looked = -_FRESH_SECONDS
        self._known: frozenset[Identity] = frozenset()

    def __contains__(self, file: Identity) -> bool:
        if time.monotonic() - self._looked >= _FRESH_SECONDS:
            self._known = frozenset(_open_sessions(self._processes))
            self._looked = time.monotonic()
        return file in self._known


def _open_sessions(processes: Path) -> Iterator[Identity]:
    mine = str(os.getpid())
    for process in _entries(processes):
        if process.name.isdigit() and process.name != mine:
            for descriptor in _entries(process / "fd"):
                yield from _session(descriptor)


def _session(descriptor: Path) -> Iterator[Identity]:
    with suppress(OSError):  # closed meanwhile
        if descriptor.readlink().name.startswith(PREFIX):
            yield identity(descriptor.stat())


def _entries(folder: Path) -> Sequence[Path]:
    try:
        return list(folder.iterdir())
    except OSError:  # ended meanwhile, or not ours to see
        return ()
