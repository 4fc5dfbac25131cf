"""The short transaction of an import: entry, rejects, stock and its history."""

from __future__ import annotations

from sqlalchemy import Connection, insert, text

from domain.jobs.supplier_import.ports import Entry
from domain.operating.ports import ActiveRun
from infra.sql.drivers.named import clean
from infra.sql.instants import optional_text, to_text
from infra.sql.staging import Staging
from infra.sql.tables import IMPORT_RUN

MOST_REJECTS = 1_000
"""Rejected lines kept per import: enough to see what is wrong, whatever the file holds."""

LONGEST_ACTOR, LONGEST_FILE_NAME = 64, 255
"""As the tables have it; a file's name grows where bytes that are no text are spelled out."""

_REJECTS = text(
    """
    INSERT INTO import_reject (import_run_id, no, line, supplier_id, reason, raw)
    SELECT :import_run_id, no, line, :supplier_id, substr(reason, 1, 255), raw
    FROM staged_reject ORDER BY no LIMIT :most
    """
)

_HISTORY = text(
    """
    INSERT INTO supplier_stock_history (import_run_id, supplier_article_no, dot, "change",
        old_qty, new_qty, old_price_cents, new_price_cents)
    SELECT :import_run_id, article_no, dot, "change", old_qty, qty, old_price_cents, price_cents
    FROM delta ORDER BY article_no, dot
    """
)

_ZERO_HISTORY = text(
    """
    INSERT INTO supplier_stock_history (import_run_id, supplier_article_no, dot, "change",
        old_qty, new_qty, old_price_cents, new_price_cents)
    SELECT :import_run_id, supplier_article_no, dot, 'gone', qty, 0, price_cents, price_cents
    FROM supplier_stock WHERE supplier_id = :supplier_id AND qty <> 0
    """
)

_ZERO = text(
    """
    UPDATE supplier_stock SET qty = 0, seen_run = :import_run_id, updated_at = :now
    WHERE supplier_id = :supplier_id AND qty <> 0
    """
)


def write_entry(connection: Connection, entry: Entry, run: ActiveRun) -> int:
    """Write the import's row; its number."""
    feed, tally = entry.feed, entry.tally
    values = {
        "run_id": run.run_id,
        "supplier_id": entry.supplier_id,
        "status": entry.status.value,
        "actor": run.actor[:LONGEST_ACTOR],
        "file_name": feed.name[:LONGEST_FILE_NAME] if feed else None,
        "file_size": feed.size_bytes if feed else None,
        "file_mtime": optional_text(entry.received),
        "sha256": entry.digest,
        "lines": tally.lines,
        "new": tally.new,
        "changed": tally.changed,
        "gone": tally.gone,
        "unchanged": tally.unchanged,
        "rejected": tally.rejected,
        "review": tally.review,
        "forced": entry.forced,
        "message": entry.message,
        "started_at": to_text(entry.started_at),
        "finished_at": to_text(entry.finished_at),
    }
    written = connection.execute(insert(IMPORT_RUN).returning(IMPORT_RUN.c.id), clean(values))
    return int(written.scalar_one())


def write_rejects(connection: Connection, entry: Entry, import_run_id: int) -> None:
    values = {"import_run_id": import_run_id, "supplier_id": entry.supplier_id}
    connection.execute(_REJECTS, values | {"most": MOST_REJECTS})


def write_stock(connection: Connection, staging: Staging, entry: Entry, import_run_id: int) -> None:
    """Bring the differences into the stock and remember what was there before."""
    values = {"import_run_id": import_run_id}
    now = to_text(entry.finished_at)
    into_stock = values | {"supplier_id": entry.supplier_id, "now": now}
    connection.execute(text(staging.book_stock), into_stock)
    connection.execute(_HISTORY, values)


def write_zero(connection: Connection, entry: Entry, import_run_id: int) -> None:
    """Set all stock of the supplier to 0 and remember what was there before."""
    values = {"import_run_id": import_run_id, "supplier_id": entry.supplier_id}
    connection.execute(_ZERO_HISTORY, values)
    connection.execute(_ZERO, values | {"now": to_text(entry.finished_at)})
