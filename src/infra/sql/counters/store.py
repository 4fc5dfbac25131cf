"""The hits, their counters and how far was counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import Engine, text

from domain.jobs.page_counters.ports import Position, Quarter
from domain.jobs.page_counters.rules import QUARTER, Rules
from infra.sql.counters import statements
from infra.sql.counters.recount import SqlRecount
from infra.sql.counters.words import WORDS
from infra.sql.database_clock import NOW
from infra.sql.engine import kind_of, reading, translated
from infra.sql.queue.messages import instant_of

_MICROSECOND = timedelta(microseconds=1)


class SqlCounterStore:
    """The CounterStore port; ``reader`` may be read-only: a dry run opens nothing else."""

    def __init__(self, engine: Engine, reader: Engine, rules: Rules) -> None:
        self._engine, self._reader, self._rules = engine, reader, rules

    def position(self, from_id: int | None) -> Position:
        with reading(self._reader) as connection:
            question = statements.POSITION.format(now=NOW[kind_of(connection)])
            found = connection.execute(text(question)).mappings().one()
            after = (found["last_id"] or 0) if from_id is None else from_id
            ready = connection.execute(
                text(statements.READY),
                {
                    "after": after,
                    "now": found["now"],
                    "lag": self._rules.lag // _MICROSECOND,
                },
            ).scalar()
        return Position(
            last_id=found["last_id"],
            after=after,
            newest_id=found["newest_id"] or 0,
            ready_id=ready or 0,
            now=instant_of(found["now"]),
        )

    def quarters(self, after: int, upto: int) -> Sequence[Quarter]:
        values = {"after": after, "upto": upto, "ahead": self._rules.ahead // _MICROSECOND}
        with reading(self._reader) as connection:
            divided = WORDS[kind_of(connection)].divided
            question = text(statements.QUARTERS.format(divided=divided))
            found = connection.execute(question, values).mappings().all()
        return [
            Quarter(
                begins=_begin(row["quarter"]),
                hits=int(row["hits"] - row["rejected"]),
                rejected=int(row["rejected"]),
            )
            for row in found
        ]

    @contextmanager
    def recount(self, upto: int) -> Iterator[SqlRecount]:
        with translated(), self._engine.connect() as connection:
            connection.detach()  # its temporary tables end with it, not with the pool
            yield SqlRecount(connection, self._rules, upto)


def _begin(quarter: int) -> datetime:
    """Give the quarter's first instant, or the first of all for what no calendar knows."""
    try:
        return instant_of(quarter * (QUARTER // _MICROSECOND))
    except (OverflowError, ValueError):
        return instant_of(0)
