"""What a snapshot changes, found out by a few statements that read the same on every database.

Left alone is what the shop entered itself, and what stands live by an id that was put aside:
a record that could not be read is no proof that its vehicle is gone.
"""

from __future__ import annotations

_DOUBTED = """
    SELECT vehicle_id FROM driveright_quarantine
    WHERE snapshot_id = :number AND vehicle_id IS NOT NULL AND fitment_id IS NULL
"""
_SHOPS = "SELECT vehicle_id FROM vehicle WHERE source = 'shop'"

FORGET = "DELETE FROM driveright_difference WHERE snapshot_id = :number"

_VEHICLES_GONE = """
    INSERT INTO driveright_difference (snapshot_id, kind, item_id, how)
    SELECT :number, 'vehicle', o.vehicle_id, 'gone' FROM vehicle AS o
    WHERE o.source = 'driveright' AND NOT EXISTS (
            SELECT 1 FROM vehicle_staged AS n
            WHERE n.snapshot_id = :number AND n.vehicle_id = o.vehicle_id
        )
        AND o.vehicle_id NOT IN ({doubted})
"""

# Content that only one vehicle has and only one had, by another id: the same vehicle.
_RENUMBERED = """
    INSERT INTO driveright_difference (snapshot_id, kind, item_id, how, former_id)
    SELECT :number, 'vehicle', n.item_id, 'renumbered', g.item_id
    FROM (
        SELECT o.content_hash, min(d.item_id) AS item_id
        FROM driveright_difference AS d JOIN vehicle AS o ON o.vehicle_id = d.item_id
        WHERE d.snapshot_id = :number AND d.kind = 'vehicle' AND d.how = 'gone'
        GROUP BY o.content_hash HAVING count(*) = 1
    ) AS g
    JOIN (
        SELECT s.content_hash, min(s.vehicle_id) AS item_id
        FROM vehicle_staged AS s LEFT JOIN vehicle AS o ON o.vehicle_id = s.vehicle_id
        WHERE s.snapshot_id = :number AND o.vehicle_id IS NULL
        GROUP BY s.content_hash HAVING count(*) = 1
    ) AS n ON n.content_hash = g.content_hash
"""

_REPLACED = """
    UPDATE driveright_difference SET how = 'replaced'
    WHERE snapshot_id = :number AND kind = 'vehicle' AND how = 'gone' AND item_id IN (
        SELECT former_id FROM (
            SELECT former_id FROM driveright_difference
            WHERE snapshot_id = :number AND how = 'renumbered'
        ) AS renumbered
    )
"""

# What the shop entered for a vehicle needs the vehicle.
_KEPT = """
    DELETE FROM driveright_difference
    WHERE snapshot_id = :number AND kind = 'vehicle' AND how = 'gone'
        AND item_id IN (SELECT vehicle_id FROM vehicle_fitment WHERE source = 'shop')
"""

_VEHICLES = """
    INSERT INTO driveright_difference (snapshot_id, kind, item_id, how)
    SELECT :number, 'vehicle', n.vehicle_id,
        CASE WHEN o.vehicle_id IS NULL THEN 'new' ELSE 'changed' END
    FROM vehicle_staged AS n LEFT JOIN vehicle AS o ON o.vehicle_id = n.vehicle_id
    WHERE n.snapshot_id = :number
        AND (o.vehicle_id IS NULL
            OR (o.source = 'driveright' AND o.content_hash <> n.content_hash))
        AND NOT EXISTS (
            SELECT 1 FROM driveright_difference AS d
            WHERE d.snapshot_id = :number AND d.kind = 'vehicle' AND d.item_id = n.vehicle_id
        )
"""

_FITMENTS = """
    INSERT INTO driveright_difference (snapshot_id, kind, item_id, how)
    SELECT :number, 'fitment', n.fitment_id,
        CASE WHEN o.fitment_id IS NULL THEN 'new' ELSE 'changed' END
    FROM vehicle_fitment_staged AS n LEFT JOIN vehicle_fitment AS o ON o.fitment_id = n.fitment_id
    WHERE n.snapshot_id = :number
        AND (o.fitment_id IS NULL
            OR (o.source = 'driveright' AND o.content_hash <> n.content_hash))
        AND n.vehicle_id NOT IN ({shops})
"""

_FITMENTS_GONE = """
    INSERT INTO driveright_difference (snapshot_id, kind, item_id, how)
    SELECT :number, 'fitment', o.fitment_id, 'gone' FROM vehicle_fitment AS o
    WHERE o.source = 'driveright' AND NOT EXISTS (
            SELECT 1 FROM vehicle_fitment_staged AS n
            WHERE n.snapshot_id = :number AND n.fitment_id = o.fitment_id
        )
        AND o.vehicle_id NOT IN ({shops}) AND o.vehicle_id NOT IN ({doubted})
        AND o.fitment_id NOT IN (
            SELECT fitment_id FROM driveright_quarantine
            WHERE snapshot_id = :number AND fitment_id IS NOT NULL
        )
"""

_RULES = {"{doubted}": _DOUBTED, "{shops}": _SHOPS}


def _ruled(statement: str) -> str:
    for mark, rule in _RULES.items():
        statement = statement.replace(mark, rule)
    return statement


COMPARE = tuple(
    _ruled(statement)
    for statement in (
        *(FORGET, _VEHICLES_GONE, _RENUMBERED, _REPLACED, _KEPT, _VEHICLES),
        *(_FITMENTS, _FITMENTS_GONE),
    )
)

COUNT = """
    SELECT kind, how, count(*) AS rows_ FROM driveright_difference
    WHERE snapshot_id = :number AND how <> 'replaced' GROUP BY kind, how
"""

LIVE = """
    SELECT (SELECT count(*) FROM vehicle WHERE source = 'driveright') AS vehicle,
        (SELECT count(*) FROM vehicle_fitment WHERE source = 'driveright') AS fitment
"""
