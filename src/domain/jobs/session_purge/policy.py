"""Which files are sessions, where they may be, and how old they may grow."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from posixpath import isabs, normpath

from domain.errors import ConfigurationInvalid

PREFIX = "sess_"

# As PHP makes them: session.sid_length is 22 to 256.
is_session = re.compile(r"sess_[A-Za-z0-9,-]{22,256}").fullmatch
is_branch = re.compile(r"[A-Za-z0-9,-]").fullmatch
"""Where the path has a depth, each folder below it is named by one sign of the ids in it."""

DEEPEST = 8
"""PHP itself warns of more than a few: a level has 64 folders."""


class Store(StrEnum):
    """Where the sessions are."""

    FILES = "files"
    REDIS = "redis"


class Basis(StrEnum):
    """What a session's last use is read from: as PHP itself does, or as Debian's clean-up does."""

    MTIME = "mtime"
    CTIME = "ctime"


@dataclass(frozen=True, kw_only=True)
class SessionFolder:
    """One folder of sessions; what was last used longer ago than ``max_age`` goes."""

    path: str
    depth: int
    max_age: timedelta

    def __post_init__(self) -> None:
        if fault := fault_of(self.path):
            raise ConfigurationInvalid(f"session folder {self.path!r}: {fault}")


def fault_of(path: str) -> str:
    """Say why sessions cannot be in such a place; nothing where they may."""
    faults = {
        "it is empty: write the folder of session.save_path": not path.strip(),
        "it has a NUL, which no path has": "\0" in path,
        "it is relative: write it from / on": not isabs(path),
        "it is the root of everything": not normpath(path).strip("/"),
        f"write it without detours: {normpath(path)}": normpath(path) != path.rstrip("/"),
    }
    return next((fault for fault, is_so in faults.items() if is_so), "")


@dataclass(frozen=True, kw_only=True)
class RetentionPolicy:
    """``longest_gc`` is the greatest session.gc_maxlifetime of all PHPs that use the folders."""

    store: Store = Store.FILES
    basis: Basis = Basis.MTIME
    longest_gc: timedelta
    folders: Sequence[SessionFolder] = field(default_factory=tuple)

    def __post_init__(self) -> None:
        for folder in self.folders:
            if fault := self.fault_of_age(folder.max_age):
                raise ConfigurationInvalid(f"session folder {folder.path}: {fault}")

    def fault_of_age(self, age: timedelta) -> str:
        """Say why an age would end sessions that PHP still takes; nothing where it is right."""
        if age < self.longest_gc:
            return (
                f"{age.total_seconds():.0f} s is less than session.gc_maxlifetime, which is"
                f" {self.longest_gc.total_seconds():.0f} s"
            )
        return ""
