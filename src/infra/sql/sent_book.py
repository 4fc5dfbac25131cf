"""What marketplaces were last told of each article."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select

from domain.jobs.stock_export.offers import Sent
from domain.operating.ports import ActiveRun
from infra.sql.engine import fenced_transaction, reading
from infra.sql.export_book import SqlExportBook
from infra.sql.export_tables import EXPORT_RUN, EXPORT_SENT
from infra.sql.instants import to_text

_ROWS_AT_ONCE = 2000


class SqlSentBook(SqlExportBook):
    """The SentBook port, beside the book of files."""

    @contextmanager
    def sent(self, export_id: int) -> Iterator[Iterator[Sent]]:
        columns = EXPORT_SENT.c
        wanted = (
            select(columns.article_id, columns.said, columns.refusal)
            .where(columns.export_id == export_id)
            .order_by(columns.article_id)
        )
        with reading(self._reader) as connection:
            streamed = connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(wanted)
            with closing(streamed):
                yield map(_sent, streamed)

    def place(self, export_id: int) -> int:
        columns = EXPORT_RUN.c
        wanted = (
            select(columns.place)
            .where(columns.export_id == export_id, columns.place.is_not(None))
            .order_by(columns.id.desc())
            .limit(1)
        )
        with reading(self._reader) as connection:
            return connection.execute(wanted).scalar() or 0

    def note(self, export_id: int, batch: Sequence[Sent], at: datetime, run: ActiveRun) -> None:
        mine = EXPORT_SENT.c.export_id == export_id
        articles = [it.article for it in batch]
        rows = [
            {
                "export_id": export_id,
                "article_id": it.article,
                "said": it.said,
                "refusal": it.refusal,
                "at": to_text(at),
            }
            for it in batch
        ]
        with fenced_transaction(self._engine, run.leases) as connection:
            connection.execute(
                delete(EXPORT_SENT).where(mine, EXPORT_SENT.c.article_id.in_(articles))
            )
            connection.execute(insert(EXPORT_SENT), rows)


def _sent(row: Any) -> Sent:
    return Sent(article=row.article_id, said=row.said, refusal=row.refusal)
