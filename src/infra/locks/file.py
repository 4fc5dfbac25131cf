"""Locks for one host: the kernel's flock on a file per key, freed by the kernel at death."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import time
from binascii import crc32
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from domain.errors import StoreUnavailable
from domain.operating.ports import Busy, Lease
from infra.locks import lock_file

_SUFFIX = ".lock"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
_NAME_LENGTH = 200
"""Characters of the key in the file's name; a name may have 255 bytes."""

_DOOR_SECONDS = 5.0
"""A process stays in the door for less than a millisecond; after this long it is frozen."""

_DOOR_POLL_SECONDS = 0.0005


class FileLocks:
    """The Locks port on a local folder; every failure of the folder is a StoreUnavailable."""

    def __init__(self, directory: Path | str) -> None:
        self._directory = str(directory)
        self._held: dict[str, tuple[int, Lease]] = {}

    def descriptors(self) -> Sequence[int]:
        """Open files of the locks held now: a process that keeps them open keeps the locks."""
        return [descriptor for descriptor, _ in self._held.values()]

    def acquire(self, key: str, run_id: str, *, above: int = 0) -> Lease | Busy:
        with self._translated():
            answer = self._claim(key, run_id, above)
            if isinstance(answer, Busy):
                return answer
            descriptor, lease = answer
            with lock_file.closed_on_error(descriptor):
                lock_file.sync(descriptor)
        self._held[key] = descriptor, lease
        return lease

    def renew(self, lease: Lease) -> bool:
        """See the port: the path leads to another file once the lock was broken or deleted."""
        descriptor = self._descriptor(lease)
        if descriptor is None:
            return False
        with self._translated():
            return lock_file.is_at(descriptor, self._path(lease.key))

    def release(self, lease: Lease) -> None:
        descriptor = self._descriptor(lease)
        if descriptor is not None:
            del self._held[lease.key]
            # Closing would do, were it not for a forked process that has the file open too.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
            os.close(descriptor)

    def held(self) -> Sequence[Busy]:
        """List the locks that the kernel says are held; nobody can take one meanwhile."""
        if not Path(self._directory).exists():
            return []
        with self._translated(), self._door():
            paths = sorted(Path(self._directory).glob(f"*{_SUFFIX}"))
            return [busy for path in paths if (busy := lock_file.holder(path))]

    def break_(self, key: str) -> int:
        """Put a new file with a higher fence in place; the old one stays locked, but nowhere."""
        path = self._path(key)
        with self._translated(), self._door() as folder:
            with lock_file.opened(path) as descriptor:
                fence = lock_file.read(descriptor)[0].fence + 1
            lock_file.replace(path, lock_file.record(key, fence, run_id=""))
            os.fsync(folder)
        return fence

    # --- below the port -------------------------------------------------------------------------

    def _claim(self, key: str, run_id: str, above: int) -> tuple[int, Lease] | Busy:
        with self._door():
            descriptor = self._locked(key)
            if isinstance(descriptor, Busy):
                return descriptor
            with lock_file.closed_on_error(descriptor):
                last, offset = lock_file.read(descriptor)
                fence = max(last.fence, above) + 1
                lock_file.write(descriptor, lock_file.record(key, fence, run_id), offset)
        return descriptor, Lease(key=key, fence=fence, run_id=run_id)

    def _locked(self, key: str) -> int | Busy:
        path = self._path(key)
        while True:
            descriptor = lock_file.open_(path)
            with lock_file.closed_on_error(descriptor):
                taken = lock_file.take(descriptor)
                # Whoever deletes lock files by hand does not come through the door.
                if taken and lock_file.is_at(descriptor, path):
                    return descriptor
                last, _ = lock_file.read(descriptor)
            os.close(descriptor)
            if not taken:
                return last.busy(key)

    def _descriptor(self, lease: Lease) -> int | None:
        descriptor, held = self._held.get(lease.key, (None, None))
        return descriptor if held == lease else None

    def _path(self, key: str) -> str:
        """Name the key's file so that people know it; the checksum tells "a/b" from "a_b"."""
        safe = _UNSAFE.sub("_", key[:_NAME_LENGTH])
        return f"{self._directory}/{safe}.{crc32(key.encode()):08x}{_SUFFIX}"

    @contextmanager
    def _door(self) -> Iterator[int]:
        """Let one process at a time take, list or break: none sees another's half-done step."""
        folder = self._open_folder()
        try:
            give_up = time.monotonic() + _DOOR_SECONDS
            while not lock_file.take(folder):
                if time.monotonic() > give_up:
                    raise TimeoutError(errno.ETIMEDOUT, "a frozen process keeps it locked")
                time.sleep(_DOOR_POLL_SECONDS)
            yield folder
        finally:
            os.close(folder)

    def _open_folder(self) -> int:
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        try:
            return os.open(self._directory, flags)
        except FileNotFoundError:
            Path(self._directory).mkdir(mode=0o700, parents=True, exist_ok=True)
            return os.open(self._directory, flags)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreUnavailable(self._fault(error)) from error

    def _fault(self, error: OSError) -> str:
        said = error.strerror or error
        if str(error.filename or "").endswith(_SUFFIX):
            return (
                f"lock file {error.filename}: {said}; it must be a regular file that the user of "
                "the jobs may read and write: delete it while no job runs"
            )
        return (
            f"lock folder {self._directory}: {said}; "
            "it must be a local folder in which the user of the jobs may write"
        )
