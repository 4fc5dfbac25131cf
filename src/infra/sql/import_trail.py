"""Rejected lines and unmatched articles, for people."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine, select

from domain.errors import Refused
from domain.jobs.supplier_import.trail import RejectedLine, UnmatchedArticle
from infra.sql.engine import reading
from infra.sql.tables import IMPORT_REJECT, IMPORT_RUN, MATCH_REVIEW


class SqlImportTrail:
    """Reads what imports left; changes nothing."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def rejects(self, supplier_id: int, limit: int) -> tuple[str, Sequence[RejectedLine]]:
        """Give the last file that was read and its rejected lines. Refused where none was read."""
        newest = (
            select(IMPORT_RUN)
            .where(IMPORT_RUN.c.supplier_id == supplier_id, IMPORT_RUN.c.lines > 0)
            .order_by(IMPORT_RUN.c.id.desc())
            .limit(1)
        )
        with reading(self._engine) as connection:
            run = connection.execute(newest).one_or_none()
            if run is None:
                raise Refused(f"no file of supplier {supplier_id} was read yet")
            lines = connection.execute(
                select(IMPORT_REJECT)
                .where(IMPORT_REJECT.c.import_run_id == run.id)
                .order_by(IMPORT_REJECT.c.no)
                .limit(limit)
            ).all()
        title = f"{run.file_name}, read {run.started_at[:16]} UTC: {run.rejected} lines rejected"
        return title, [
            RejectedLine(line=line.line, reason=line.reason, raw=line.raw) for line in lines
        ]

    def review(self, supplier_id: int, limit: int) -> Sequence[UnmatchedArticle]:
        waiting = (
            select(MATCH_REVIEW)
            .where(MATCH_REVIEW.c.supplier_id == supplier_id)
            .order_by(MATCH_REVIEW.c.supplier_article_no)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(waiting).all()
        return [
            UnmatchedArticle(
                supplier_article_no=row.supplier_article_no,
                ean=row.ean,
                maker=row.maker,
                maker_no=row.maker_no,
                reason=row.reason,
                since=row.queued_at[:16],
            )
            for row in rows
        ]
