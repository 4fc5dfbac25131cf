"""Single differences with the values of both sides, for the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, text

from domain.jobs.vehicle_sync.ports import How, Kind, Line
from infra.sql.vehicle_tables import FITMENT_COLUMNS, VEHICLE_COLUMNS

_TABLES = {
    Kind.VEHICLE: ("vehicle", "vehicle_staged", VEHICLE_COLUMNS),
    Kind.FITMENT: ("vehicle_fitment", "vehicle_fitment_staged", FITMENT_COLUMNS),
}
_LINES = """
    SELECT d.item_id, d.former_id, o.content_hash AS there, n.content_hash AS comes, {columns}
    FROM driveright_difference AS d
    LEFT JOIN {live} AS o ON o.{key} = coalesce(d.former_id, d.item_id)
    LEFT JOIN {staged} AS n ON n.snapshot_id = d.snapshot_id AND n.{key} = d.item_id
    WHERE d.snapshot_id = :number AND d.kind = :kind AND d.how = :how
    ORDER BY d.item_id LIMIT :most
"""


def read_lines(
    connection: Connection, number: int, kind: Kind, how: How, most: int
) -> Iterator[Line]:
    """Read the first by their ids."""
    live, staged, all_columns = _TABLES[kind]
    names = [name for name in all_columns if name != "content_hash"]
    columns = ", ".join(f"o.{name} AS old_{name}, n.{name} AS new_{name}" for name in names)
    statement = _LINES.format(columns=columns, live=live, staged=staged, key=f"{kind}_id")
    values = {"number": number, "kind": kind.value, "how": how.value, "most": most}
    for row in connection.execute(text(statement), values).mappings():
        yield Line(
            kind=kind,
            how=how,
            item_id=row["item_id"],
            former_id=row["former_id"],
            before=_side(row, "old_", names) if row["there"] else {},
            after=_side(row, "new_", names) if row["comes"] else {},
        )


def _side(row: RowMapping, mark: str, names: Sequence[str]) -> Mapping[str, object]:
    return {name: _plain(row[mark + name]) for name in names}


def _plain(value: Any) -> object:
    """Give a decimal in one way, however many places its database keeps."""
    if value is None or isinstance(value, str | int):
        return value
    return f"{value:.2f}".rstrip("0").rstrip(".")
