"""The database as a run needs it: reachable, migrated, and of one time with this host."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from domain.errors import ConfigurationInvalid, SchemaOutdated
from domain.operating.checkup import Seen, ok, skipped, unreachable, warn, wrong
from domain.operating.lock_store import LockStore
from domain.operating.ports import Busy, Locks
from infra.sql import migrations
from infra.sql.connection import Database
from infra.sql.database_clock import NOW

WARN_SECONDS, FAIL_SECONDS = 1.0, 5.0
"""A lease lasts 30 s and is given up 10 s before its end; log lines and slots go by this clock."""

_BY_NTP = "Set both clocks by NTP (timedatectl)"

PROBE = "doctor.probe"
"""One key for every check: the database keeps a row per key for ever."""

_WRITTEN = {
    "cron_run": "status",
    "cron_attempt": "outcome",
    "cron_slot": "outcome",
    "cron_counter": "value",
    "cron_lock": "fence",
    "cron_report": "message",
    "cron_incident": "failures",
    "cron_notice": "state",
    "cron_receipt": "answer",
    "cron_pause": "reason",
    "cron_audit": "reason",
    "queue": "error",
    "queue_history": "detail",
    "queue_pause": "reason",
    "queue_owner": "reason",
    "queue_counter": "value",
}

_TRIALS = (
    "UPDATE {table} SET {column} = {column} WHERE 1 = 0",
    "DELETE FROM {table} WHERE 1 = 0",
)

_INSERT = "INSERT INTO {table} SELECT * FROM {table} WHERE 1 = 0"

_ROWS: Mapping[str, Mapping[str, object]] = {
    "cron_report": {"command": PROBE, "scope": "", "outcome": "", "message": "", "at": ""},
    "queue": {"queue": PROBE, "type": PROBE, "payload": ""},
    "queue_history": {"message_id": 0, "move": "", "actor": PROBE, "detail": ""},
}
"""Tables whose numbers come of a sequence, which needs a right of its own."""


class _TakenBack(Exception):
    """Rolls the trial back."""


def reachable(url: str) -> Seen:
    database = Database(url)
    try:
        database.rows("SELECT 1 AS one")
        return ok(database.address.place)
    finally:
        database.close()


def migrated(url: str) -> Seen:
    """Compare the schema's revision with the newest of this version's migrations."""
    database = Database(url)
    try:
        row = database.row("SELECT version_num FROM alembic_version")
        found, needed = row["version_num"] if row else None, newest()
        if found == needed:
            return _writable(database) or ok(f"at {found}")
    finally:
        database.close()
    if found and found > needed:
        return wrong(f"at {found}, newer than this version's {needed}", "Install that version")
    return wrong(f"at {found or 'none'}, this version needs {needed}", SchemaOutdated.remedy)


def _writable(database: Database) -> Seen | None:
    """Try every kind of write on the tables of a run, and take it back; give what is refused."""
    if not database.address.is_server:
        return None
    with suppress(_TakenBack):
        try:
            with database.transaction() as transaction:
                for table, column in _WRITTEN.items():
                    for trial in _TRIALS:
                        transaction.execute(trial.format(table=table, column=column))
                    if table in _ROWS:
                        transaction.insert(table, _ROWS[table])
                    else:
                        transaction.execute(_INSERT.format(table=table))
                raise _TakenBack
        except ConfigurationInvalid as error:
            return wrong(str(error), "Grant the jobs' user what docs/how-to says")
    return None


def newest() -> str:
    """Name the newest migration by its file, without loading the library that runs them."""
    folder = Path(migrations.__path__[0]) / "versions"
    return max(path.stem.partition("_")[0] for path in folder.glob("[0-9]*.py"))


def clock(url: str) -> Seen:
    """Compare this host's clock with the database's, less the way there and back."""
    database = Database(url)
    if not database.address.is_server:
        return skipped("SQLite goes by this host's clock")
    try:
        database.rows("SELECT 1 AS one")  # connecting is no part of the way
        asked = time.time()
        row = database.row(f"SELECT {NOW[database.kind]} AS micros")
        answered = time.time()
    finally:
        database.close()
    micros = row["micros"] if row else 0
    return skew(int(micros) / 1_000_000 - (asked + answered) / 2, (answered - asked) / 2)


def skew(seconds: float, unsure: float) -> Seen:
    """Judge a difference of clocks that was measured to within ``unsure`` seconds."""
    found = f"the database is {abs(seconds):.3f} s {'ahead' if seconds > 0 else 'behind'}"
    certain = abs(seconds) - unsure
    if certain > FAIL_SECONDS:
        return wrong(found, _BY_NTP)
    return warn(found, _BY_NTP) if certain > WARN_SECONDS else ok(found)


def locks(kind: LockStore, store: Locks, *, on_server: bool) -> Seen:
    """Take, renew and give back one lock."""
    answer = store.acquire(PROBE, PROBE)
    if isinstance(answer, Busy):
        return ok(f"{kind}: another doctor holds the probe")
    renewed = store.renew(answer)
    store.release(answer)
    if not renewed:
        return unreachable(f"{kind}: a lock just taken could not be renewed")
    if kind is LockStore.FILE and on_server:
        return warn(f"{kind}: two hosts with this database would not see each other's locks")
    return ok(f"{kind}: taken, renewed, given back")
