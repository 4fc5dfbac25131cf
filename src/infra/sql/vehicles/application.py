"""The differences of a snapshot brought to the live tables, in statements for all rows at once."""

from __future__ import annotations

from infra.sql.vehicle_tables import FITMENT_COLUMNS, VEHICLE_COLUMNS

# What was changed goes and comes anew, which is an upsert in the words of every database. A row
# that became the shop's own since the comparison neither goes nor is doubled.
_DELETE = """
    DELETE FROM {live} WHERE source = 'driveright' AND {key} IN (
        SELECT item_id FROM driveright_difference
        WHERE snapshot_id = :number AND kind = '{kind}' AND how <> 'new'
    )
"""
_INSERT = """
    INSERT INTO {live} ({key}, source, {columns})
    SELECT n.{key}, 'driveright', {staged_columns}
    FROM driveright_difference AS d
    JOIN {staged} AS n ON n.snapshot_id = d.snapshot_id AND n.{key} = d.item_id
    WHERE d.snapshot_id = :number AND d.kind = '{kind}'
        AND d.how IN ('new', 'changed', 'renumbered')
        AND NOT EXISTS (SELECT 1 FROM {live} AS o WHERE o.{key} = n.{key})
"""
_FOLLOW = """
    UPDATE vehicle_fitment SET vehicle_id = (
        SELECT d.item_id FROM driveright_difference AS d
        WHERE d.snapshot_id = :number AND d.kind = 'vehicle'
            AND d.former_id = vehicle_fitment.vehicle_id
    )
    WHERE source = 'shop' AND vehicle_id IN (
        SELECT former_id FROM driveright_difference
        WHERE snapshot_id = :number AND kind = 'vehicle' AND how = 'renumbered'
    )
"""


def _both(kind: str, live: str, staged: str, columns: tuple[str, ...]) -> tuple[str, str]:
    values = {
        "kind": kind,
        "key": f"{kind}_id",
        "live": live,
        "staged": staged,
        "columns": ", ".join(columns),
        "staged_columns": ", ".join(f"n.{name}" for name in columns),
    }
    return _DELETE.format(**values), _INSERT.format(**values)


APPLY = (
    _FOLLOW,
    *_both("vehicle", "vehicle", "vehicle_staged", VEHICLE_COLUMNS),
    *_both("fitment", "vehicle_fitment", "vehicle_fitment_staged", FITMENT_COLUMNS),
)
