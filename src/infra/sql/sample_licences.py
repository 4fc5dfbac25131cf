"""The sample shop's customers, with licences that end in the days after they are loaded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, insert, select

from infra.sql.license_tables import CUSTOMER, MINISHOP_LICENSE

_CUSTOMERS = (
    (1, "mueller@werkstatt.example", "Müller & Söhne GmbH", "de", True),
    (2, "orders@tyres.example", "Tyres Ltd", "en", True),
    (3, "pneus@garage.example", "Garage Dubois", "fr", True),
    (4, "not an address", "Rad und Reifen", "de", True),
    (5, "closed@shop.example", "Closed Shop", "de", False),
)
_LICENCES = ((11, 1, 14), (12, 1, 3), (13, 2, 7), (14, 3, 1), (15, 4, 10), (16, 5, 7), (17, 2, 300))
"""Number, customer, and how many days it is still valid."""


def add_licences(connection: Connection) -> int:
    """Add what is missing; gives how many licences the sample has."""
    today = datetime.now(UTC).date()
    names = ("customer_id", "email", "name", "language", "active")
    _add(connection, CUSTOMER, [dict(zip(names, row, strict=True)) for row in _CUSTOMERS])
    rows = [
        {
            "license_id": number,
            "customer_id": customer,
            "valid_until": str(today + timedelta(days=days)),
            "status": "active",
        }
        for number, customer, days in _LICENCES
    ]
    _add(connection, MINISHOP_LICENSE, rows)
    return len(rows)


def _add(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    (key,) = table.primary_key
    there = set(connection.execute(select(key)).scalars())
    if missing := [row for row in rows if row[key.name] not in there]:
        connection.execute(insert(table), missing)
