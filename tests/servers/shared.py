"""The servers that a whole session of tests shares: each is started by the first test that asks."""

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

from servers.finding import find
from servers.recipes import MariaDb, PostgreSql, Redis
from servers.record import note, wanted
from servers.server import Recipe, Server

SESSION = "CRON_TEST_SESSION"
"""``PID:FOLDER`` of the process that owns the servers; its children find them by it."""

_SHARED: dict[str, Callable[[], Recipe]] = {
    "postgresql": lambda: PostgreSql(arguments=("-c", "synchronous_commit=off")),
    "mariadb": MariaDb,
    "redis": Redis,
}


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
        guards = [json.loads(file.read_text("utf-8"))["guard"] for file in self._servers()]
        for guard in guards:
            with suppress(ProcessLookupError):
                os.kill(guard, signal.SIGTERM)
        give_up = time.monotonic() + 20
        while any(_runs(guard) for guard in guards) and time.monotonic() < give_up:
            time.sleep(0.02)
        shutil.rmtree(self.folder, ignore_errors=True)
        os.environ.pop(SESSION, None)

    def _servers(self) -> list[Path]:
        return [file for name in _SHARED if (file := self.folder / f"{name}.json").exists()]


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


def shared(name: str) -> str:
    """Give the address of the session's server; skips where there is none."""
    with wanted(name):
        return str(session().once(name, lambda: _start(name, session()))["url"])


def _start(name: str, where: Session) -> dict[str, Any]:
    found = find(name)
    began = time.monotonic()
    if found.url:
        started = {"url": found.url, "guard": 0}
    else:
        server = Server(_SHARED[name](), found, owner=where.owner, sweep=where.folder)
        server.start()
        started = {"url": server.url, "guard": server.guard}
        server.hand_over()
    seconds = f"{time.monotonic() - began:.1f}"
    note(name, "started", version=found.version(), origin=found.origin, seconds=seconds)
    return started


def redis_url() -> str:
    """Give the address of an empty database number on the shared Redis."""
    import redis

    address = shared("redis").rpartition("/")[0]
    with redis.Redis.from_url(f"{address}/0") as first:
        most = int(first.config_get("databases")["databases"])
        number = 1 + int(first.incr("crontract-tests")) % (most - 1)
    with redis.Redis.from_url(f"{address}/{number}") as own:
        own.flushdb()
    return f"{address}/{number}"


def _runs(pid: int) -> bool:
    """Tell whether the guard still runs; one of our own is waited for."""
    with suppress(ChildProcessError):
        return os.waitpid(pid, os.WNOHANG) == (0, 0)
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False
