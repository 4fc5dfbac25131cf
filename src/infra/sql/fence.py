"""The rule that a run writes only while it holds its locks, on the light connection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from domain.errors import LockLost
from domain.operating.ports import Lease
from infra.sql.address import SQLITE
from infra.sql.connection import Database, Transaction
from infra.sql.database_clock import NOW

_FENCE = """
    SELECT fence, run_id, lease_until IS NOT NULL AND lease_until <= {now} AS expired
    FROM cron_lock WHERE lock_key = :key {lock}
"""


def fence_question(kind: str, *, until_commit: bool) -> str:
    """SQL that asks for a lease's row by ``:key``; ``until_commit`` locks it."""
    lock = "FOR UPDATE" if until_commit and kind != SQLITE else ""
    return _FENCE.format(now=NOW[kind], lock=lock)


def judge_fence(found: Mapping[str, Any] | None, lease: Lease) -> None:
    """Raise LockLost unless the row says that the lease still holds by the database's clock."""
    if found is None or (found["fence"], found["run_id"]) != (lease.fence, lease.run_id):
        held_by = f"run {found['run_id']} with fence {found['fence']}" if found else "nobody"
        raise LockLost(
            f"lock {lease.key} was held with fence {lease.fence}, is now held by {held_by}; "
            "nothing was written"
        )
    if found["expired"]:
        raise LockLost(f"lock {lease.key} was not renewed in time; nothing was written")


@contextmanager
def fenced(
    database: Database, leases: Sequence[Lease], *, durable: bool = False
) -> Iterator[Transaction]:
    """One transaction that writes only while every lease still holds.

    Checked first, so that a run without its locks writes nothing, and last with the rows locked,
    so that nobody takes a lock over before the commit; locked from the start they would keep the
    supervisor from renewing for as long as the transaction takes. ``durable``: the commit outlives
    a power cut, which on SQLite costs a wait for the disk.
    """
    if durable and database.kind == SQLITE:
        database.execute("PRAGMA synchronous=FULL")
    with database.transaction() as transaction:
        _check(transaction, database.kind, leases, until_commit=False)
        yield transaction
        _check(transaction, database.kind, leases, until_commit=True)


def _check(
    transaction: Transaction, kind: str, leases: Sequence[Lease], *, until_commit: bool
) -> None:
    question = fence_question(kind, until_commit=until_commit)
    for lease in leases:
        judge_fence(transaction.row(question, key=lease.key), lease)
