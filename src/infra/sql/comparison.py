"""What a listed file changes: one temporary table of differences, from which all is written."""

from __future__ import annotations

from sqlalchemy import Connection, text

from domain.jobs.supplier_import.setting import ImportSetting, Mode

_DELTA = text(
    """
    CREATE TEMPORARY TABLE delta (
        article_no TEXT, dot TEXT, change TEXT, old_qty INTEGER, qty INTEGER,
        old_price_cents INTEGER, price_cents INTEGER, ean TEXT, delivery_days INTEGER,
        currency TEXT, place INTEGER
    )
    """
)

# Both sides in key order: the stock is clustered by its key, the file was sorted by it.
_NEW_AND_CHANGED = text(
    """
    INSERT INTO delta
    SELECT l.article_no, l.dot, CASE WHEN o.qty IS NULL THEN 'new' ELSE 'changed' END,
        o.qty, l.quantity, o.price_cents, l.price_cents, l.ean, l.delivery_days, :currency, l.place
    FROM listed AS l
    LEFT JOIN supplier_stock AS o
        ON o.supplier_id = :supplier_id AND o.supplier_article_no = l.article_no AND o.dot = l.dot
    WHERE o.qty IS NULL OR o.qty <> l.quantity OR o.price_cents IS NOT l.price_cents
        OR o.ean IS NOT l.ean OR o.delivery_days IS NOT l.delivery_days OR o.currency <> :currency
    ORDER BY l.article_no, l.dot
    """
)

# An article whose line could not be read is still listed: it keeps its stock.
_GONE = text(
    """
    INSERT INTO delta
    SELECT o.supplier_article_no, o.dot, 'gone', o.qty, 0, o.price_cents, o.price_cents, o.ean,
        o.delivery_days, o.currency, NULL
    FROM supplier_stock AS o
    WHERE o.supplier_id = :supplier_id AND o.qty <> 0
        AND NOT EXISTS (
            SELECT 1 FROM listed AS l WHERE l.article_no = o.supplier_article_no AND l.dot = o.dot
        )
        AND NOT EXISTS (
            SELECT 1 FROM staged_reject AS r WHERE r.article_no = o.supplier_article_no
        )
    """
)

_COUNTS = text(
    """
    SELECT coalesce(sum(change = 'new'), 0) AS new,
        coalesce(sum(change = 'changed'), 0) AS changed,
        coalesce(sum(change = 'gone'), 0) AS gone,
        coalesce(sum(old_qty > 0 AND qty = 0), 0) AS emptied,
        (SELECT count(*) FROM supplier_stock WHERE supplier_id = :supplier_id AND qty > 0)
            AS stocked
    FROM delta
    """
)


def compare(connection: Connection, setting: ImportSetting) -> dict[str, int]:
    """Fill ``delta``; how many are new, changed, gone, emptied, and how many had stock."""
    who = {"supplier_id": setting.supplier_id}
    connection.execute(_DELTA)
    connection.execute(_NEW_AND_CHANGED, who | {"currency": setting.reading.currency})
    if setting.mode is Mode.FULL:
        connection.execute(_GONE, who)
    return dict(connection.execute(_COUNTS, who).mappings().one())
