"""Locks as rows of the database: leases that run out, by the database's own clock."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from domain.errors import ConfigurationInvalid, StoreUnavailable
from domain.operating.ports import Busy, Lease
from infra.process import identity
from infra.sql.connection import Database, Row, Transaction
from infra.sql.database_clock import NOW

LEASE_SECONDS = 30.0
"""A constant of the system; ``infra.process.limits.Pace`` is made for it."""

_SECOND = 1_000_000
_LONGEST_KEY = 200

_HOLDER = """
    SELECT lock_key, fence, run_id, host, pid, since, {now} AS asked_at, lease_until
    FROM cron_lock
"""

_LOOK = f"{_HOLDER} WHERE lock_key = :lock_key"

_LIST = f"{_HOLDER} WHERE lease_until > {{now}} ORDER BY lock_key"

# The fence seen makes this a compare-and-swap: whoever took the key meanwhile has raised it.
_TAKE = """
    UPDATE cron_lock SET fence = :fence, run_id = :run_id, host = :host, pid = :pid,
        since = {now}, lease_until = {now} + :lease
    WHERE lock_key = :lock_key AND fence = :seen
        AND (lease_until IS NULL OR lease_until <= {now})
"""

# A lease that ran out stays dead, taken over or not: nobody who saw it free was told wrong.
_RENEW = """
    UPDATE cron_lock SET lease_until = {now} + :lease
    WHERE lock_key = :lock_key AND fence = :fence AND run_id = :run_id AND lease_until > {now}
"""

_RELEASE = """
    UPDATE cron_lock SET lease_until = 0
    WHERE lock_key = :lock_key AND fence = :fence AND run_id = :run_id
"""

_BREAK = """
    UPDATE cron_lock SET fence = fence + 1, run_id = '', lease_until = 0
    WHERE lock_key = :lock_key
"""


class DatabaseLocks:
    """The Locks port on ``cron_lock``, whose rows are never deleted and whose fences only grow."""

    def __init__(self, database: Database, lease_seconds: float = LEASE_SECONDS) -> None:
        self._database = database
        self._lease = round(lease_seconds * _SECOND)

    def acquire(self, key: str, run_id: str, *, above: int = 0) -> Lease | Busy:
        lease = Lease(key=key, fence=0, run_id=run_id)
        while True:
            row = self._row(key)
            if _is_of(row, lease):  # taken, but the answer was lost with the connection
                return lease
            if _is_live(row):
                return _busy(row)
            lease = Lease(key=key, fence=max(row["fence"], above) + 1, run_id=run_id)
            if self._take(lease, seen=row["fence"]):
                return lease

    def renew(self, lease: Lease) -> bool:
        """See the port; a lease that has run out is not brought back to life."""
        return self._write(_RENEW, **_named(lease), lease=self._lease)

    def release(self, lease: Lease) -> None:
        self._write(_RELEASE, **_named(lease))

    def held(self) -> Sequence[Busy]:
        return [_busy(row) for row in self._database.rows(self._sql[_LIST])]

    def break_(self, key: str) -> int:
        def broken(transaction: Transaction) -> int:
            transaction.insert_new("cron_lock", _nobody(key))
            transaction.execute(_BREAK, {"lock_key": key})
            row = transaction.row("SELECT fence FROM cron_lock WHERE lock_key = :key", key=key)
            return int(row["fence"]) if row else 0

        return self._database.atomically(broken)

    # --- below the port -------------------------------------------------------------------------

    @cached_property
    def _sql(self) -> Mapping[str, str]:
        now = NOW[self._database.kind]
        statements = (_LOOK, _LIST, _TAKE, _RENEW, _RELEASE)
        return {statement: statement.format(now=now) for statement in statements}

    def _row(self, key: str) -> Row:
        """Read the key's row; the first run ever makes it."""
        if len(key) > _LONGEST_KEY:
            raise ConfigurationInvalid(f"lock key {key[:60]}… is longer than {_LONGEST_KEY}")
        while not (row := self._database.row(self._sql[_LOOK], lock_key=key)):
            self._database.atomically(
                lambda transaction: transaction.insert_new("cron_lock", _nobody(key))
            )
        return row

    def _take(self, lease: Lease, *, seen: int) -> bool:
        values = {"host": identity.host(), "pid": os.getpid(), "lease": self._lease, "seen": seen}
        try:
            return self._write(_TAKE, **_named(lease), **values)
        except StoreUnavailable:
            # What was sent may have been done: leave no lease behind that nobody works under.
            with suppress(StoreUnavailable):
                self.release(lease)
            raise

    def _write(self, statement: str, **values: Any) -> bool:
        return self._database.execute(self._sql[statement], **values) == 1


def _named(lease: Lease) -> dict[str, Any]:
    return {"lock_key": lease.key, "fence": lease.fence, "run_id": lease.run_id}


def _nobody(key: str) -> dict[str, Any]:
    return {"lock_key": key, "fence": 0, "run_id": ""}


def _is_of(row: Row, lease: Lease) -> bool:
    ours = (lease.fence, lease.run_id, identity.host(), os.getpid())
    return ours == (row["fence"], row["run_id"], row["host"], row["pid"]) and _is_live(row)


def _is_live(row: Row) -> bool:
    return row["lease_until"] is not None and row["lease_until"] > row["asked_at"]


def _busy(row: Row) -> Busy:
    return Busy(
        key=row["lock_key"],
        run_id=row["run_id"],
        host=row["host"],
        pid=row["pid"],
        since=datetime.fromtimestamp(row["since"] / _SECOND, UTC),
        age=timedelta(microseconds=row["asked_at"] - row["since"]),
        lease_left=timedelta(microseconds=row["lease_until"] - row["asked_at"]),
    )
