"""Locks whose fences stand in the database too, where a writing transaction can check them."""

from __future__ import annotations

import os
from collections.abc import Sequence

from domain.errors import JobError
from domain.operating.ports import Busy, Lease, Locks
from infra.process import identity
from infra.sql.connection import Database, Transaction

_NOTE = """
    UPDATE cron_lock SET fence = :fence, run_id = :run_id, host = :host, pid = :pid,
        since = NULL, lease_until = NULL
    WHERE lock_key = :lock_key AND fence < :fence
"""


class FencedLocks:
    """Decorates a lock store: a lease counts once its fence is the newest in the database."""

    def __init__(self, store: Locks, database: Database) -> None:
        self._store, self._database = store, database

    def acquire(self, key: str, run_id: str, *, above: int = 0) -> Lease | Busy:
        """Take the key; a fence that is not the newest means that it was broken meanwhile."""
        answer = self._store.acquire(key, run_id, above=above)
        while isinstance(answer, Lease) and not self._noted_or_released(answer):
            answer = self._store.acquire(key, run_id, above=self._newest(key))
        return answer

    def renew(self, lease: Lease) -> bool:
        return self._store.renew(lease)

    def release(self, lease: Lease) -> None:
        self._store.release(lease)

    def held(self) -> Sequence[Busy]:
        return self._store.held()

    def break_(self, key: str) -> int:
        fence = max(self._store.break_(key), self._newest(key) + 1)
        self._note(Lease(key=key, fence=fence, run_id=""))
        return fence

    def _noted_or_released(self, lease: Lease) -> bool:
        try:
            noted = self._note(lease)
        except JobError:
            self._store.release(lease)
            raise
        if not noted:
            self._store.release(lease)
        return noted

    def _newest(self, key: str) -> int:
        """Tell the database's fence: above the store's where that was lost with its folder."""
        row = self._database.row("SELECT fence FROM cron_lock WHERE lock_key = :key", key=key)
        return int(row["fence"]) if row else 0

    def _note(self, lease: Lease) -> bool:
        values = {
            "lock_key": lease.key,
            "fence": lease.fence,
            "run_id": lease.run_id,
            "host": identity.host(),
            "pid": os.getpid(),
        }

        def note(transaction: Transaction) -> bool:
            newer = bool(transaction.execute(_NOTE, values).rowcount)
            return newer or transaction.insert_new("cron_lock", values)

        return self._database.atomically(note)
