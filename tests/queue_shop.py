"""A shop with a queue: messages for the probes in, their effects and the rows' ends out."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from domain.queue.work import Draft, Enqueued
from infra.sql.connection import Database
from infra.sql.queue.producer import SqlProducer
from private_shop import CHECKOUT, Shop, children_of
from servers.access import Access

CONSOLE = CHECKOUT / "tests" / "queue_console.py"
PROCESS = "cron:queue:process"
PATIENCE_SECONDS = 60.0
DONE = ("PROCESSED", None)


class QueueShop(Shop):
    """A shop whose processor knows the probes; leases are short where a test says so."""

    def __init__(self, root: Path, *, url: str = "", **limits: float) -> None:
        root.mkdir(parents=True, exist_ok=True)
        super().__init__(root, url=url)
        self.limit(**limits)
        with Access(self.url) as access:
            access.execute("CREATE TABLE probe_effect (mark INTEGER NOT NULL, pid INTEGER)")

    def limit(self, **limits: float) -> None:
        """Set limits in config/queues.toml."""
        file = self.root / "config" / "queues.toml"
        text = file.read_text(encoding="utf-8")
        for name, value in limits.items():
            text, found = re.subn(rf"(?m)^{name} = [0-9.]+", f"{name} = {value}", text)
            assert found == 1, name
        file.write_text(text, encoding="utf-8")

    # --- messages -------------------------------------------------------------------------------

    def enqueue(self, type_: str, *payloads: dict[str, Any], **draft: Any) -> list[Enqueued]:
        database = Database(self.url)
        try:
            with database.transaction() as transaction:
                drafts = [Draft(type=type_, payload=payload, **draft) for payload in payloads]
                return list(SqlProducer(transaction, database.kind).enqueue_all(drafts))
        finally:
            database.close()

    def enqueue_marks(self, type_: str, count: int, **payload: Any) -> None:
        self.enqueue(type_, *({"mark": mark, **payload} for mark in range(count)))

    def execute(self, statement: str, *values: object) -> int:
        with Access(self.url) as access:
            return access.execute(statement, *values)

    # --- the processor --------------------------------------------------------------------------

    def begin(self, *words: str, faults: str = "") -> subprocess.Popen[str]:
        """Start a processor, and do not wait for it."""
        return self._begun(faults, PROCESS, *words)

    def process(self, *words: str, faults: str = "") -> subprocess.CompletedProcess[str]:
        """Let a processor work until nothing is due."""
        return _ended(self.begin("--stop-when-empty", *words, faults=faults))

    def type(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Type a command that knows the probes, and wait for it."""
        return _ended(self._begun("", *words))

    def _begun(self, *words: str) -> subprocess.Popen[str]:
        return self._popen([sys.executable, "-I", str(CONSOLE), *words], {})

    def process_all(self, *words: str) -> None:
        """Process until every message has ended: what was in flight comes back by its lease.

        Each time under another lock, for that of a killed run would have to be waited for too.
        """
        give_up = time.monotonic() + PATIENCE_SECONDS
        while self.unended():
            assert time.monotonic() < give_up, self.ends()
            done = self.process(*words, faults=f"lock:after-{time.monotonic_ns()}")
            assert done.returncode in {0, 4}, done.stderr

    # --- what came of it ------------------------------------------------------------------------

    def unended(self) -> int:
        [(count,)] = self.query(
            "SELECT COUNT(*) FROM queue WHERE status IN ('NEW', 'IN_QUEUE', 'PROCESSING')"
        )
        return int(count)

    def ends(self) -> Counter[tuple[str, str | None]]:
        """Count messages by status and crash reason."""
        return Counter(self.query("SELECT status, crash_reason FROM queue"))

    def marks(self) -> list[int]:
        return [mark for (mark,) in self.query("SELECT mark FROM probe_effect ORDER BY mark")]

    def until(self, statement: str, what: str) -> None:
        """Wait until a count is not zero."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        while not self.query(statement)[0][0]:
            assert time.monotonic() < give_up, f"waited in vain until {what}"
            time.sleep(0.01)


def _ended(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    stdout, stderr = process.communicate(timeout=PATIENCE_SECONDS)
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def parent_of_workers(process: subprocess.Popen[str]) -> int:
    """Find the run's child: the supervisor's warden's only one."""
    [warden] = children_of(process.pid)
    [parent] = children_of(warden)
    return parent


def workers_of(process: subprocess.Popen[str]) -> list[int]:
    return children_of(parent_of_workers(process))
