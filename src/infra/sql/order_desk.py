"""The inbox of orders for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.platforms.desk import InboxOrder
from domain.platforms.message import ProcessOrder, draft_of
from infra.sql.connection import Database, Transaction
from infra.sql.pauses import note
from infra.sql.queue.producer import SqlProducer

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SqlOrderDesk:
    """The OrderDesk port, on the light connection."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def listed(
        self, *, platform: str | None, status: str | None, limit: int
    ) -> Sequence[InboxOrder]:
        wanted = {
            name: value for name, value in (("platform", platform), ("status", status)) if value
        }
        where = " AND ".join(f"{name} = :{name}" for name in wanted) or "1 = 1"
        rows = self._database.rows(
            f"SELECT * FROM platform_order_inbox WHERE {where} ORDER BY id DESC LIMIT {limit:d}",  # noqa: S608 - our own names
            **wanted,
        )
        return [_order(row) for row in rows]

    def find(self, inbox_id: int) -> InboxOrder | None:
        row = self._database.row("SELECT * FROM platform_order_inbox WHERE id = :id", id=inbox_id)
        return _order(row) if row else None

    def requeue(self, inbox_ids: Sequence[int], *, actor: str, reason: str) -> Sequence[int]:
        def write(transaction: Transaction) -> list[int]:
            return [one for one in inbox_ids if self._again(transaction, one, actor, reason)]

        return self._database.atomically(write)

    def _again(self, transaction: Transaction, inbox_id: int, actor: str, reason: str) -> bool:
        freed = transaction.execute(
            "UPDATE platform_order_inbox SET status = 'NEW', reason = ''"
            " WHERE id = :id AND status = 'QUARANTINE'",
            {"id": inbox_id},
        ).rowcount
        row = transaction.row("SELECT * FROM platform_order_inbox WHERE id = :id", id=inbox_id)
        if not freed or row is None:
            return False
        key = ProcessOrder(
            platform=row["platform"], external_id=row["external_id"], version=row["version_hash"]
        )
        draft = draft_of(key, correlation_id="", created_by=actor)
        SqlProducer(transaction, self._database.kind).enqueue(draft)
        target = f"order {inbox_id}: {key.platform} {key.external_id}"
        note(transaction, actor, "orders:requeue", target, reason, datetime.now(UTC))
        return True


def _order(row: Mapping[str, Any]) -> InboxOrder:
    return InboxOrder(
        inbox_id=row["id"],
        platform=row["platform"],
        external_id=row["external_id"],
        version=row["version_hash"],
        received_at=_EPOCH + timedelta(microseconds=row["received_at"]),
        format=row["format"],
        status=row["status"],
        reason=row["reason"],
        run_id=row["run_id"],
        raw=row["raw"],
    )
