"""A supervisor in a process of its own: ``python -m supervised.stage '{"job": "works", …}'``.

Runs the job once per attempt and prints one JSON object: the last end and what was seen.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from domain.errors import StoreUnavailable
from domain.operating.contract import Contract
from domain.operating.ports import ActiveRun, AttemptEnd, Busy, JobCall, Lease
from domain.operating.run import Outcome, Start, Summary
from domain.operating.sessions import Sessions
from fakes.operating import CONTRACT, START
from infra.locks.file import FileLocks
from infra.process import descendants
from infra.process.forked import ForkedAttempts
from infra.process.limits import Pace
from infra.process.prctl import adopt_orphans
from infra.process.signals import StopSignals
from infra.sql.connection import Database
from infra.sql.sessions import SqlSessions
from infra.telemetry.logs import JsonLog
from supervised.jobs import FOREVER, JOBS, mark
from supervised.traces import statements_of


@dataclass(frozen=True, kw_only=True)
class Play:
    """What the stage shows; times in seconds. ``store`` names how renewals fare."""

    job: str
    folder: str
    timeout: float = 60.0
    grace: float = 30.0
    store: str = "file"
    pace: tuple[float, float, float] = (10.0, 20.0, 27.0)
    memory_bytes: int | None = None
    attempts: int = 1
    wait: float = 0.0
    locked: bool = True
    orphan: bool = False
    checkpoint: bool = False
    run_id: str = START.run_id


@dataclass(frozen=True, kw_only=True)
class Call:
    """The job call of one attempt."""

    start: Start
    contract: Contract
    soft_deadline: float
    work: Callable[[ActiveRun], Summary]


class CountingStore(FileLocks):
    """Notes how many statements of the run its server still works on when a lock comes back."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "locks")
        self._marks = folder

    def release(self, lease: Lease) -> None:
        living = statements_of((self._marks / "url").read_text(), lease.run_id)
        mark(self._marks, "living-at-release", str(len(living)))
        super().release(lease)


@dataclass
class BadStore:
    """A lock store whose renewals fail from the second one on."""

    store: FileLocks
    how: str
    folder: Path
    renewals: int = field(default=0)

    def acquire(self, key: str, run_id: str, *, above: int = 0) -> Lease | Busy:
        return self.store.acquire(key, run_id, above=above)

    def release(self, lease: Lease) -> None:
        self.store.release(lease)

    def held(self) -> Sequence[Busy]:
        return self.store.held()

    def break_(self, key: str) -> int:
        return self.store.break_(key)

    def renew(self, lease: Lease) -> bool:
        self.renewals += 1
        if self.how == "lost_before" or (self.how == "lost" and self.renewals > 1):
            return False
        if self.renewals > 1 or self.how == "away_before":
            if self.how == "stuck":
                _hang_until(self.folder / "unstuck")
            raise StoreUnavailable("no answer")
        return True


def _hang_until(path: Path) -> None:
    give_up = time.monotonic() + FOREVER
    while not path.exists() and time.monotonic() < give_up:
        time.sleep(0.01)


def main() -> None:
    play = Play(**json.loads(sys.argv[1]))
    folder = Path(play.folder)
    counted = (folder / "url").exists()
    if counted:
        _load_what_the_job_needs(folder)
    store = CountingStore(folder) if counted else FileLocks(folder / "locks")
    leases = [store.acquire("own", play.run_id)] if play.locked else []
    progress: list[tuple[str, int, int | None]] = []
    attempts = _attempts(play, store, progress)
    mark(folder, "staged")
    with attempts.stop_signals:
        end = _end_of(play, attempts, [lease for lease in leases if isinstance(lease, Lease)])
    said = {
        "kind": type(end).__name__,
        "end": asdict(end),
        "progress": progress,
        "descriptors": _open_files(),
        "children": descendants.children(),
        "held": [busy.key for busy in store.held()],
    }
    sys.stdout.write(json.dumps(said, default=_plain) + "\n")


def _attempts(play: Play, store: FileLocks, progress: list[Any]) -> ForkedAttempts:
    folder = Path(play.folder)
    return ForkedAttempts(
        locks=store if play.store == "file" else BadStore(store, play.store, folder),
        child_log=lambda: JsonLog(verbosity=1),
        on_output=_pass_on,
        on_progress=lambda *shown: progress.append(shown),
        on_checkpoint=partial(mark, folder, "checkpoint") if play.checkpoint else None,
        sessions=_sessions(folder),
        keep=store.descriptors,
        stop_signals=StopSignals(),
        pace=Pace(renew_every=play.pace[0], stop_after=play.pace[1], kill_after=play.pace[2]),
        memory_bytes=play.memory_bytes,
    )


def _load_what_the_job_needs(folder: Path) -> None:
    """Before the job's time begins, which must not pass with loading on a busy machine."""
    from infra.sql import session_limits  # noqa: F401 - the job's process inherits it
    from infra.sql.engine import make_engine

    make_engine((folder / "url").read_text()).dispose()


def _sessions(folder: Path) -> Sessions:
    """End sessions where the play has a server; the address does not matter where it has none."""
    url = (folder / "url").read_text() if (folder / "url").exists() else "sqlite:///none"
    return SqlSessions(Database(url), JsonLog(verbosity=1))


def _pass_on(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _end_of(play: Play, attempts: ForkedAttempts, leases: list[Lease]) -> AttemptEnd:
    if play.orphan:
        adopt_orphans()
        subprocess.run(["sh", "-c", "sleep 0.2 &"], check=True)
    for attempt in range(1, play.attempts + 1):
        end = attempts.run(_call(play), attempt=attempt, leases=leases)
        if attempt < play.attempts and play.wait:
            mark(Path(play.folder), "waiting")
            stopped = attempts.wait(play.wait)
            if stopped:
                return stopped
    return end


def _call(play: Play) -> JobCall:
    job = JOBS[play.job]
    return Call(
        start=replace(START, run_id=play.run_id),
        contract=replace(
            CONTRACT,
            timeout=timedelta(seconds=play.timeout),
            grace=timedelta(seconds=play.grace),
        ),
        soft_deadline=time.monotonic() + play.timeout,
        work=lambda run: job(run, Path(play.folder)),
    )


def _open_files() -> list[str]:
    entries = list(Path("/proc/self/fd").iterdir())
    return sorted(str(entry.readlink()) for entry in entries if entry.is_symlink())


def _plain(value: object) -> object:
    if isinstance(value, Outcome):
        return value.word
    if isinstance(value, timedelta):
        return value.total_seconds()
    raise TypeError(type(value).__name__)


if __name__ == "__main__":
    gc.disable()  # as the console does for its start
    main()
