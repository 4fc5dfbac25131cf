"""The shop's orders, written in the transaction that settles their message."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from domain.platforms.message import ProcessOrder
from domain.platforms.order import Address, OrderLine, ShopOrder
from domain.platforms.processing import Received
from domain.queue.work import Statements
from infra.sql.address import SQLITE
from infra.sql.instants import to_text

_FIND = """
    SELECT id, format, zone, raw FROM platform_order_inbox
    WHERE platform = :platform AND external_id = :external_id AND version_hash = :version
"""
_KEY = "platform = :platform AND external_id = :external_id"
_LONGEST_WORD, _LONGEST_NUMBER = 100, 100


class SqlOrderShelf:
    """The OrderShelf port; versions of one order never come at once, the queue sees to that."""

    def __init__(self, kind: str) -> None:
        self._lock = "" if kind == SQLITE else "FOR UPDATE"

    def received(self, database: Statements, key: ProcessOrder) -> Received | None:
        row = database.row(_FIND, **asdict(key))
        if row is None:
            return None
        return Received(inbox_id=row["id"], format=row["format"], zone=row["zone"], raw=row["raw"])

    def keep(
        self, database: Statements, key: ProcessOrder, order: ShopOrder, inbox_id: int
    ) -> bool:
        named = {"platform": key.platform, "external_id": key.external_id}
        found = database.row(
            f"SELECT inbox_id FROM shop_order WHERE {_KEY} {self._lock}",  # noqa: S608 - its own words
            **named,
        )
        if found is not None and found["inbox_id"] > inbox_id:
            _settle(database, inbox_id, "SUPERSEDED", "a later version was faster")
            return False
        for table in ("shop_order_line", "shop_order"):
            database.execute(f"DELETE FROM {table} WHERE {_KEY}", **named)  # noqa: S608 - its own words
        _insert(database, "shop_order", {**named, **_row(order), "inbox_id": inbox_id})
        for number, line in enumerate(order.lines, start=1):
            _insert(database, "shop_order_line", {**named, "line": number, **_line(line)})
        _settle(database, inbox_id, "PROCESSED", "")
        return True

    def quarantine(self, database: Statements, inbox_id: int, why: str) -> None:
        _settle(database, inbox_id, "QUARANTINE", why)


def _settle(database: Statements, inbox_id: int, status: str, reason: str) -> None:
    database.execute(
        "UPDATE platform_order_inbox SET status = :status, reason = :reason WHERE id = :id",
        status=status,
        reason=reason,
        id=inbox_id,
    )


def _row(order: ShopOrder) -> Mapping[str, Any]:
    return {
        "number": order.number[:_LONGEST_NUMBER],
        "state": order.state.value,
        "platform_state": order.platform_state[:_LONGEST_WORD],
        "currency": order.currency,
        "total_cents": order.total_cents,
        "ordered_at": to_text(order.ordered_at),
        "customer": order.customer,
        "email": order.email,
        "billing": _written(order.billing),
        "delivery": _written(order.delivery),
    }


def _line(line: OrderLine) -> Mapping[str, Any]:
    return {
        "article": line.article,
        "name": line.name,
        "quantity": line.quantity,
        "price_cents": line.price_cents,
        "note": line.note,
    }


def _written(address: Address | None) -> str:
    said = {name: value for name, value in asdict(address).items() if value} if address else {}
    return json.dumps(said, ensure_ascii=False) if said else ""


def _insert(database: Statements, table: str, row: Mapping[str, Any]) -> None:
    names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
    database.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", **row)  # noqa: S608 - our own names
