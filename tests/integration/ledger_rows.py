"""A migrated ledger on each real database, and what other processes do to it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing as at_the_end
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from typing import Any

from domain.operating.ports import Closing
from domain.operating.run import Outcome, Start, Summary, Verdict
from fakes.operating import START, THREE
from infra.process import identity
from infra.sql.connection import Database
from infra.sql.ledger import SqlLedger
from servers import database as new_database

CLAIMED, TAKEN = 0, 3

LIVES, DEAD, UNKNOWN = True, False, None


@contextmanager
def opened_database(kind: str) -> Iterator[Database]:
    """Open an empty ledger of its own on a database of this kind."""
    with new_database(kind) as url, at_the_end(Database(url)) as opened:
        yield opened


class Processes:
    """Tells of each process token what the test says of it."""

    def __init__(self) -> None:
        self.states: dict[str, bool | None] = {}

    def alive(self, host: str, pid: int, token: str) -> bool | None:
        return self.states.get(token, LIVES)


def start(run_id: str = "run-1", **changes: Any) -> Start:
    return replace(START, **{"run_id": run_id, "process_token": run_id, **changes})


def closing(outcome: Outcome, **changes: Any) -> Closing:
    values: dict[str, Any] = {
        "verdict": Verdict.of(outcome, outcome.word),
        "finished_at": THREE + timedelta(seconds=12),
        "attempts": 1,
        "summary": None,
        "log_tail": "",
        "holder_run_id": None,
    }
    return Closing(**{**values, **changes})


def items(**counts: int) -> Summary:
    return Summary(items=counts)


def record(
    ledger: SqlLedger, run_id: str, outcome: Outcome, *, at: datetime = THREE, **changes: Any
) -> None:
    """Put a whole run of 12 s on record; it has no slot unless one is given."""
    parts = {name: changes.pop(name) for name in ("attempts", "summary") if name in changes}
    ledger.open(start(run_id, **{"slot": None, "started_at": at, **changes}))
    ledger.close(run_id, closing(outcome, finished_at=at + timedelta(seconds=12), **parts))


def counters(database: Database) -> dict[str, float]:
    rows = database.rows("SELECT trigger_kind, name, value FROM cron_counter")
    return {
        f"{row['trigger_kind']} {row['name']}": row["value"]
        for row in rows
        if not row["name"].startswith("last:")
    }


def never_falls(before: Iterable[tuple[str, float]], after: dict[str, float]) -> bool:
    return all(after[name] >= value for name, value in before)


# --- in other processes -------------------------------------------------------------------------


def claim(url: str, number: int, together: Barrier) -> None:
    """Claim the slot at the same moment as the others; tells by exit code how it went."""
    ledger = SqlLedger(Database(url), identity.alive)
    begun = _own_start(f"run-{number}")
    together.wait(timeout=60)
    taken = ledger.open(begun)
    together.wait(timeout=60)  # a winner that has left already is dead, and its firing free again
    sys.exit(TAKEN if taken else CLAIMED)


def open_and_hang(url: str, told: Connection) -> None:
    """Begin a run, say so, and never end it."""
    SqlLedger(Database(url), identity.alive).open(_own_start("run-hangs"))
    told.send("open")
    told.poll(None)


def _own_start(run_id: str) -> Start:
    return start(run_id, host=identity.host(), pid=os.getpid(), process_token=identity.token())
