"""The way into a database server: lines as one stream, rejects beside it, duplicates by rank."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import islice
from typing import ClassVar

from sqlalchemy import Connection

from domain.jobs.supplier_import.lines import Reject, StockLine
from domain.jobs.supplier_import.setting import Duplicates, ImportSetting
from infra.sql.staging.lines import BATCH_LINES, Staging
from infra.sql.staging.tabbed import TabbedLines

MOST_WAITING = 1_000
"""Rejects kept in memory until the stream of lines is interrupted for them."""

_REJECT = "INSERT INTO staged_reject (line, reason, raw, article_no) VALUES (%s, %s, %s, %s)"

_RANKED = """
    INSERT INTO listed (article_no, dot, ean, quantity, price_cents, delivery_days, place)
    SELECT article_no, dot, ean, {quantity}, price_cents, delivery_days, place FROM (
        SELECT s.*, count(*) OVER same AS times, sum(quantity) OVER same AS pieces,
            row_number() OVER (same ORDER BY {best} DESC) AS nth
        FROM staged_line AS s WINDOW same AS (PARTITION BY article_no, dot)
    ) AS ranked
    WHERE {kept}
    """

SETTLED = {
    Duplicates.SUM: _RANKED.format(quantity="pieces", best="place", kept="nth = 1"),
    Duplicates.MAX: _RANKED.format(
        quantity="quantity", best="quantity DESC, place", kept="nth = 1"
    ),
    Duplicates.LAST: _RANKED.format(quantity="quantity", best="place", kept="nth = 1"),
    Duplicates.REJECT: _RANKED.format(quantity="quantity", best="place", kept="times = 1"),
}

Write = Callable[[Sequence[StockLine]], None]


class ServerStaging(Staging):
    """Temporary tables on a server, filled by its bulk path."""

    settled = SETTLED
    tables: ClassVar[Sequence[str]]

    def __init__(self, connection: Connection, setting: ImportSetting) -> None:
        super().__init__(connection, setting)
        self._tabbed = TabbedLines(setting.columns)
        with connection.begin():
            # A dry run's connection refuses every write; this exception is for our own tables.
            connection.exec_driver_sql("SET TRANSACTION READ WRITE")
            for statement in self.tables:
                connection.exec_driver_sql(statement)

    @abstractmethod
    def _stream(self) -> AbstractContextManager[Write]:
        """Open the bulk path; nothing else can be done on the connection until it is closed."""

    def load(self, items: Iterable[StockLine | Reject], tick: Callable[[int], None]) -> None:
        iterator, more = iter(items), True
        while more:
            waiting: list[Reject] = []
            with self._stream() as write:
                more = self._pour(iterator, write, waiting, tick)
            self._keep(waiting)

    def _pour(
        self,
        items: Iterator[StockLine | Reject],
        write: Write,
        waiting: list[Reject],
        tick: Callable[[int], None],
    ) -> bool:
        """Write lines until rejects pile up; False at the end of the file."""
        while batch := list(islice(items, BATCH_LINES)):
            lines = [item for item in batch if type(item) is StockLine]
            if lines:
                write(lines)
            if len(lines) < len(batch):
                waiting += [item for item in batch if type(item) is Reject]
            self.accepted += len(lines)
            self.rejected += len(batch) - len(lines)
            tick(self.accepted + self.rejected)
            if len(waiting) >= MOST_WAITING:
                return True
        return False

    def _keep(self, rejects: Sequence[Reject]) -> None:
        if rejects:
            self._connection.exec_driver_sql(_REJECT, [_clean(reject) for reject in rejects])


def _clean(reject: Reject) -> tuple[object, ...]:
    """Replace what a server refuses in a text."""
    line, *texts = reject
    return line, *(text and text.replace("\0", "␀") for text in texts)
