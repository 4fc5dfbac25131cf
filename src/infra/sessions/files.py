"""Session files looked at and removed one by one, whatever happens to their folder meanwhile."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from domain.jobs.session_purge.policy import PREFIX, Basis, SessionFolder, is_session
from domain.jobs.session_purge.ports import FolderRefused, Tally
from infra.sessions.in_use import OpenSessions, identity
from infra.sessions.tree import leaves, opened

STEP = 1_000
"""So many files between two looks at the time."""

# Never follow a link, never wait for the other end of a pipe.
_SESSION = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

_FIXED = (errno.EROFS, errno.EBUSY)
"""The file system takes no change, or something is mounted upon the file."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class DiskSessions:
    """The SessionFiles port."""

    def purge(
        self, folder: SessionFolder, before: datetime, basis: Basis, *, dry_run: bool
    ) -> Iterator[Tally]:
        sweep = _Sweep(
            before_ns=_nanoseconds(before - _EPOCH),
            age_ns=_nanoseconds(folder.max_age),
            basis=f"st_{basis}_ns",
            dry_run=dry_run,
        )
        with opened(folder) as root, closing(leaves(root, folder.depth, sweep.shut)) as found:
            for leaf in found:
                yield from sweep.through(leaf)
        yield sweep.tally


@dataclass(kw_only=True)
class _Sweep:
    """One pass; nothing is kept of a file but its count."""

    before_ns: int
    age_ns: int
    basis: str
    dry_run: bool
    tally: Tally = field(default_factory=Tally)
    open_elsewhere: OpenSessions = field(default_factory=OpenSessions)

    def shut(self, _branch: str) -> None:
        self.tally.denied += 1

    def through(self, folder: int) -> Iterator[Tally]:
        tally = self.tally
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith(PREFIX):
                    tally.seen += 1
                    self._look(folder, entry)
                    if tally.seen % STEP == 0:
                        yield tally

    def _look(self, folder: int, entry: os.DirEntry[str]) -> None:
        try:
            found = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            self.tally.vanished += 1
            return
        except PermissionError:
            self.tally.denied += 1
            return
        if not stat.S_ISREG(found.st_mode) or not is_session(entry.name):
            self.tally.refused += 1
        elif self._is_young(found):
            self.tally.young += 1
        else:
            self._open(folder, entry.name)

    def _open(self, folder: int, name: str) -> None:
        try:
            session = os.open(name, _SESSION, dir_fd=folder)
        except FileNotFoundError:
            self.tally.vanished += 1
        except PermissionError:
            self.tally.denied += 1
        except OSError:  # a link by now, or a socket
            self.tally.refused += 1
        else:
            try:
                self._judge(folder, name, session)
            finally:
                os.close(session)

    def _judge(self, folder: int, name: str, session: int) -> None:
        """Look again at what is open, under its lock: until here it may have been used."""
        if not _locked(session):
            self.tally.in_use += 1
            return
        found = os.fstat(session)
        if not stat.S_ISREG(found.st_mode):
            self.tally.refused += 1
        elif self._is_young(found):
            self.tally.young += 1
        elif identity(found) in self.open_elsewhere:
            self.tally.in_use += 1
        else:
            self._remove(folder, name, found)

    def _remove(self, folder: int, name: str, judged: os.stat_result) -> None:
        try:
            if not _is_same(folder, name, judged):
                self.tally.vanished += 1
                return
            if not self.dry_run:
                os.unlink(name, dir_fd=folder)
        except FileNotFoundError:
            self.tally.vanished += 1
        except IsADirectoryError:
            self.tally.refused += 1
        except OSError as error:
            if not isinstance(error, PermissionError) and error.errno not in _FIXED:
                raise
            self.tally.denied += 1
        else:
            self.tally.removed += 1
            self.tally.bytes += judged.st_size

    def _is_young(self, found: os.stat_result) -> bool:
        """Measure by the clock as it is now where it was set back: files are dated by it too."""
        last_used: int = getattr(found, self.basis)
        return last_used >= min(self.before_ns, time.time_ns() - self.age_ns)


def _nanoseconds(span: timedelta) -> int:
    return span // timedelta(microseconds=1) * 1_000


def _is_same(folder: int, name: str, judged: os.stat_result) -> bool:
    """The look at other processes takes its time: the name may be that of a new session."""
    return identity(os.stat(name, dir_fd=folder, follow_symlinks=False)) == identity(judged)


def _locked(session: int) -> bool:
    """Take the lock that PHP holds during a request; it ends with the descriptor."""
    try:
        fcntl.flock(session, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:  # as NFS does of files that are open for reading only
        raise FolderRefused(
            f"sessions cannot be locked here, so none was removed: {error.strerror}"
        ) from error
    return True
