"""What a listed file changes: one temporary table of differences, from which all is written."""

from __future__ import annotations

from sqlalchemy import Connection, text

from domain.jobs.supplier_import.setting import ImportSetting
from infra.sql.staging import Staging

_COUNTS = text(
    """
    SELECT sum(CASE WHEN "change" = 'new' THEN 1 ELSE 0 END) AS new,
        sum(CASE WHEN "change" = 'changed' THEN 1 ELSE 0 END) AS changed,
        sum(CASE WHEN "change" = 'gone' THEN 1 ELSE 0 END) AS gone,
        sum(CASE WHEN old_qty > 0 AND qty = 0 THEN 1 ELSE 0 END) AS emptied,
        (SELECT count(*) FROM supplier_stock WHERE supplier_id = :supplier_id AND qty > 0)
            AS stocked
    FROM delta
    """
)


def compare(connection: Connection, setting: ImportSetting, staging: Staging) -> dict[str, int]:
    """Fill ``delta``; how many are new, changed, gone, emptied, and how many had stock."""
    who = {"supplier_id": setting.supplier_id}
    values = who | {"currency": setting.reading.currency}
    for statement in staging.differences[setting.mode]:
        connection.execute(text(statement.format(source=staging.source)), values)
    staging.know("delta")
    counts = connection.execute(_COUNTS, who).mappings().one()
    return {name: int(count or 0) for name, count in counts.items()}
