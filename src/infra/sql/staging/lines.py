"""What the staging of one file has in common, whatever the database."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import ClassVar

from sqlalchemy import Connection

from domain.jobs.supplier_import.lines import Reject, StockLine
from domain.jobs.supplier_import.setting import Columns, Duplicates, ImportSetting, Mode

BATCH_LINES = 1_000
"""Measured: batches of 10,000 leave the processor's cache and cost a fifth more."""

TAKEN, LISTED = "staged_line", "listed"
"""All lines of the file; one row per article and DOT, where the file lists some several times."""

ANSWERS = (
    """
    CREATE TEMPORARY TABLE delta (
        article_no {key} NOT NULL, dot {key} NOT NULL, "change" {key} NOT NULL, old_qty INTEGER,
        qty INTEGER, old_price_cents BIGINT, price_cents BIGINT, ean {key}, delivery_days INTEGER,
        currency {key}, place INTEGER
    )
    """,
    """
    CREATE TEMPORARY TABLE candidate (
        article_no {key} PRIMARY KEY, ean {key}, maker {key}, maker_no {key}
    )
    """,
    """
    CREATE TEMPORARY TABLE matched (
        article_no {key} PRIMARY KEY, article_id BIGINT, fits INTEGER, matched_by {key}
    )
    """,
    """
    CREATE TEMPORARY TABLE to_review (
        article_no {key} NOT NULL, ean {key}, maker {key}, maker_no {key}, reason {key}
    )
    """,
)
"""What a comparison finds out, in tables that both it and the booking read."""

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


class Staging(ABC):
    """Takes the lines of one file into temporary tables of one connection."""

    has_duplicates: ClassVar[str]
    settled: ClassVar[Mapping[Duplicates, str]]
    differences: ClassVar[Mapping[Mode, Sequence[str]]]
    """What fills ``delta`` from the listed lines and the stock."""
    book_stock: ClassVar[str]
    """Brings ``delta`` into the stock."""
    folded: ClassVar[str] = "lower({})"
    """A text whose case does not count."""

    def __init__(self, connection: Connection, setting: ImportSetting) -> None:
        self._connection, self._setting = connection, setting
        self.accepted = self.rejected = self.listed = 0
        self.source = TAKEN

    @abstractmethod
    def load(self, items: Iterable[StockLine | Reject], tick: Callable[[int], None]) -> None:
        """Store the lines; ``tick`` hears after each batch how many were taken."""

    def settle_duplicates(self) -> None:
        """Bring several lines of one article and DOT to one, as the setting says."""
        self.sort()
        if not self._connection.exec_driver_sql(self.has_duplicates).scalar_one():
            self.listed = self.accepted
            return
        self.source = LISTED
        rule = self._setting.duplicates
        self.listed = self._connection.exec_driver_sql(self.settled[rule]).rowcount
        self.know(LISTED)
        if rule is Duplicates.REJECT:
            twice = self._connection.exec_driver_sql(_REJECT_DUPLICATES).rowcount
            self.accepted -= twice
            self.rejected += twice

    @abstractmethod
    def sort(self) -> None:
        """Prepare what was loaded for being looked up by its key."""

    @abstractmethod
    def know(self, table: str) -> None:
        """Let the planner of queries look at a table that was just filled."""


def sent(columns: Columns) -> Sequence[str]:
    """Name the cells of a line that the supplier sends at all."""
    optional = {
        "ean": columns.ean,
        "price_cents": columns.price,
        "dot": columns.dot,
        "delivery_days": columns.delivery_days,
        "maker": columns.maker,
        "maker_no": columns.maker_no,
    }
    return [name for name in StockLine._fields if optional.get(name, name) is not None]
