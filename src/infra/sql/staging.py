"""A file's lines in temporary tables, where nobody else sees them and no lock is held.

The SQLite way in. PostgreSQL (COPY) and MariaDB (LOAD DATA) need only their own ``load`` and
``settle_duplicates``: both end with ``listed``, one row per article and DOT.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, text

from domain.jobs.supplier_import.lines import Reject, StockLine
from domain.jobs.supplier_import.setting import Duplicates, ImportSetting

BATCH_LINES = 1_000
"""Measured: batches of 10,000 leave the processor's cache and cost a fifth more."""

LINES_AT_ONCE = 50
"""Lines per statement: a third less time than one by one (measured); more gain nothing."""

_Values = tuple[Any, ...]

_TABLES = (
    # Temporary tables in a file and a small page cache: memory does not grow with the file, and
    # the sorter is fastest where its runs fit the processor's cache (measured: 4 MB against 64).
    "PRAGMA temp_store = FILE",
    "PRAGMA cache_size = -4000",
    "PRAGMA temp.cache_size = -4000",
    """
    CREATE TEMPORARY TABLE staged_line (
        place INTEGER PRIMARY KEY, line INTEGER NOT NULL, article_no TEXT NOT NULL, ean TEXT,
        quantity INTEGER NOT NULL, price_cents INTEGER, dot TEXT NOT NULL DEFAULT '',
        delivery_days INTEGER, maker TEXT, maker_no TEXT
    )
    """,
    """
    CREATE TEMPORARY TABLE staged_reject (
        no INTEGER PRIMARY KEY, line INTEGER NOT NULL, reason TEXT NOT NULL, raw TEXT NOT NULL,
        article_no TEXT
    )
    """,
)

_REJECT = "INSERT INTO staged_reject (line, reason, raw, article_no) VALUES (?, ?, ?, ?)"

_KEYS = (
    # One sort of the whole file; it holds all that a comparison reads, so the rows stay unvisited.
    """
    CREATE INDEX temp.staged_key
    ON staged_line (article_no, dot, quantity, ean, price_cents, delivery_days)
    """,
    "CREATE INDEX temp.staged_reject_article ON staged_reject (article_no)",
)

_HAS_DUPLICATES = text(
    """
    SELECT EXISTS (SELECT 1 FROM staged_line GROUP BY article_no, dot HAVING count(*) > 1)
    """
)

_LISTED_AS_IT_IS = """
    CREATE TEMPORARY VIEW listed AS
    SELECT article_no, dot, ean, quantity, price_cents, delivery_days, place FROM staged_line
    """

_LISTED = """
    CREATE TEMPORARY TABLE listed (
        article_no TEXT, dot TEXT, ean TEXT, quantity INTEGER, price_cents INTEGER,
        delivery_days INTEGER, place INTEGER, PRIMARY KEY (article_no, dot)
    ) WITHOUT ROWID
    """

# SQLite takes the columns that are not aggregated from the row that holds the max().
_SETTLED = {
    Duplicates.SUM: """
        INSERT INTO listed
        SELECT article_no, dot, ean, sum(quantity), price_cents, delivery_days, max(place)
        FROM staged_line GROUP BY article_no, dot
        """,
    Duplicates.MAX: """
        INSERT INTO listed
        SELECT article_no, dot, ean, quantity, price_cents, delivery_days, place FROM (
            SELECT *, max((quantity << 32) + place) FROM staged_line GROUP BY article_no, dot
        )
        """,
    Duplicates.LAST: """
        INSERT INTO listed
        SELECT article_no, dot, ean, quantity, price_cents, delivery_days, max(place)
        FROM staged_line GROUP BY article_no, dot
        """,
    Duplicates.REJECT: """
        INSERT INTO listed
        SELECT article_no, dot, ean, quantity, price_cents, delivery_days, max(place)
        FROM staged_line GROUP BY article_no, dot HAVING count(*) = 1
        """,
}

_REJECT_DUPLICATES = """
    INSERT INTO staged_reject (line, reason, raw, article_no)
    SELECT line, 'listed several times (duplicates = reject)',
        article_no || ' ' || dot || ' ' || quantity, article_no
    FROM staged_line AS twice
    WHERE EXISTS (
        SELECT 1 FROM staged_line AS other WHERE other.article_no = twice.article_no
        AND other.dot = twice.dot AND other.place <> twice.place
    )
    ORDER BY place
    """


class SqliteStaging:
    """Takes the lines of one file into temporary tables of one connection."""

    def __init__(self, connection: Connection, setting: ImportSetting) -> None:
        self._connection, self._setting = connection, setting
        self.accepted = self.rejected = self.listed = 0
        for statement in _TABLES:
            connection.connection.cursor().execute(statement)

    def load(self, items: Iterable[StockLine | Reject], tick: Callable[[int], None]) -> None:
        insert = _LineInsert(self._setting)
        iterator = iter(items)
        while batch := list(islice(iterator, BATCH_LINES)):
            lines = [item for item in batch if type(item) is StockLine]
            for statement, rows in insert.statements(lines):
                self._add(statement, rows)
            self._add(_REJECT, [tuple(item) for item in batch if type(item) is Reject])
            self.accepted += len(lines)
            self.rejected += len(batch) - len(lines)
            tick(self.accepted + self.rejected)

    def _add(self, statement: str, rows: Sequence[_Values]) -> None:
        if rows:
            self._connection.exec_driver_sql(statement, list(rows))

    def settle_duplicates(self) -> None:
        """Bring several lines of one article and DOT to one, as the setting says."""
        for statement in _KEYS:
            self._connection.exec_driver_sql(statement)
        if not self._connection.execute(_HAS_DUPLICATES).scalar_one():
            self._connection.exec_driver_sql(_LISTED_AS_IT_IS)
            self.listed = self.accepted
            return
        self._connection.exec_driver_sql(_LISTED)
        rule = self._setting.duplicates
        self.listed = self._connection.exec_driver_sql(_SETTLED[rule]).rowcount
        if rule is Duplicates.REJECT:
            twice = self._connection.exec_driver_sql(_REJECT_DUPLICATES).rowcount
            self.accepted -= twice
            self.rejected += twice


class _LineInsert:
    """Inserts the cells that the supplier sends, many lines at once: binds and steps are dear."""

    def __init__(self, setting: ImportSetting) -> None:
        columns = setting.columns
        sent = {
            "line": True,
            "article_no": True,
            "ean": columns.ean is not None,
            "quantity": True,
            "price_cents": columns.price is not None,
            "dot": columns.dot is not None,
            "delivery_days": columns.delivery_days is not None,
            "maker": columns.maker is not None,
            "maker_no": columns.maker_no is not None,
        }
        names = [name for name in StockLine._fields if sent[name]]
        self._pick = itemgetter(*map(StockLine._fields.index, names))
        self._width = len(names)
        marks = f"({', '.join('?' * len(names))})"
        into = f"INSERT INTO staged_line ({', '.join(names)}) VALUES "  # noqa: S608 - the names are our own
        self._one, self._many = into + marks, into + ", ".join([marks] * LINES_AT_ONCE)

    def statements(self, lines: Sequence[StockLine]) -> Iterator[tuple[str, Sequence[_Values]]]:
        """Each statement with the values of its executions."""
        cells = tuple(chain.from_iterable(map(self._pick, lines)))
        many = LINES_AT_ONCE * self._width
        whole = len(cells) // many * many
        yield self._many, _cut(cells[:whole], many)
        yield self._one, _cut(cells[whole:], self._width)


def _cut(cells: _Values, width: int) -> Sequence[_Values]:
    return [cells[place : place + width] for place in range(0, len(cells), width)]
