"""One run of tests: a folder that all its processes use, and what ends with it."""

from __future__ import annotations

import atexit
import fcntl
import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from servers.record import SESSION


@dataclass(frozen=True)
class Session:
    """A folder that several processes use, and the process at whose end it goes."""

    owner: int
    folder: Path

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Let one process at a time in."""
        with (self.folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def once(self, name: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Give what the first process to ask made."""
        file = self.folder / f"{name}.json"
        with self.alone(name):
            if not file.exists():
                file.write_text(json.dumps(make()), encoding="utf-8")
        made: dict[str, Any] = json.loads(file.read_text("utf-8"))
        return made

    def close(self) -> None:
        """End the servers and remove the folder; only the owner may."""
        if self.owner != os.getpid():
            return
        guards = list(self._guards())
        for guard in guards:
            with suppress(ProcessLookupError):
                os.kill(guard, signal.SIGTERM)
        give_up = time.monotonic() + 20
        while any(_runs(guard) for guard in guards) and time.monotonic() < give_up:
            time.sleep(0.02)
        shutil.rmtree(self.folder, ignore_errors=True)
        os.environ.pop(SESSION, None)

    def _guards(self) -> Iterator[int]:
        for file in self.folder.glob("*.json"):
            if guard := json.loads(file.read_text("utf-8")).get("guard"):
                yield guard


def session() -> Session:
    """Give the session that this process belongs to, or begin one."""
    owner, _, folder = os.environ.get(SESSION, "").partition(":")
    if folder and Path(folder).is_dir():
        return Session(int(owner), Path(folder))
    begun = Session(os.getpid(), Path(mkdtemp(prefix="crontract-servers-")))
    begun.folder.chmod(0o755)  # nobody's servers have their data below it
    os.environ[SESSION] = f"{begun.owner}:{begun.folder}"
    atexit.register(begun.close)
    return begun


def _runs(pid: int) -> bool:
    """Tell whether the guard still runs; one of our own is waited for."""
    with suppress(ChildProcessError):
        return os.waitpid(pid, os.WNOHANG) == (0, 0)
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False
