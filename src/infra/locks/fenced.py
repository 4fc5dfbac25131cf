"""Locks whose fences stand in the database too, where a writing transaction can check them."""

from __future__ import annotations

from collections.abc import Sequence

from domain.operating.ports import Busy, Lease, Locks
from infra.sql.connection import Database

_NOTE = """
    INSERT INTO cron_lock (lock_key, fence, run_id) VALUES (:key, :fence, :run_id)
    ON CONFLICT (lock_key) DO UPDATE SET fence = excluded.fence, run_id = excluded.run_id
    WHERE cron_lock.fence < excluded.fence
"""


class FencedLocks:
    """Decorates a lock store: a lease counts once its fence is the newest in the database."""

    def __init__(self, store: Locks, database: Database) -> None:
        self._store, self._database = store, database

    def acquire(self, key: str, run_id: str, *, above: int = 0) -> Lease | Busy:
        """Take the key; a fence that is not the newest means that it was broken meanwhile."""
        answer = self._store.acquire(key, run_id, above=above)
        while isinstance(answer, Lease) and not self._note(answer):
            self._store.release(answer)
            answer = self._above(answer)
        return answer

    def renew(self, lease: Lease) -> bool:
        return self._store.renew(lease)

    def release(self, lease: Lease) -> None:
        self._store.release(lease)

    def held(self) -> Sequence[Busy]:
        return self._store.held()

    def break_(self, key: str) -> int:
        fence = self._store.break_(key)
        self._note(Lease(key=key, fence=fence, run_id=""))
        return fence

    def _above(self, lease: Lease) -> Lease | Busy:
        """Lift the store's fence above the database's: its counter was lost with its folder."""
        row = self._database.row("SELECT fence FROM cron_lock WHERE lock_key = :key", key=lease.key)
        newest = int(row["fence"]) if row else 0
        return self._store.acquire(lease.key, lease.run_id, above=newest)

    def _note(self, lease: Lease) -> bool:
        with self._database.transaction() as connection:
            values = {"key": lease.key, "fence": lease.fence, "run_id": lease.run_id}
            return connection.execute(_NOTE, values).rowcount == 1
