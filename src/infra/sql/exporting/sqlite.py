"""SQLite's way out: a cursor, read as it goes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

from domain.jobs.stock_export.setting import FileForm
from infra.sql.exporting.delimited import csv_lines
from infra.sql.exporting.statement import (
    Dialect,
    Statement,
    ean_by_arithmetic,
    replaced_one_by_one,
)

_IS_EAN = "LENGTH(a.ean) IN (8, 12, 13, 14) AND a.ean NOT GLOB '*[^0-9]*'"

DIALECT = Dialect(
    divided="/",
    ean=ean_by_arithmetic(
        "/", "INTEGER", "LENGTH(a.ean) IN (8, 12, 13, 14) AND a.ean NOT GLOB '*[^0-9]*'"
    ),
    two_decimals="({0} / 100) || :decimal || substr('0' || ({0} % 100), -2)",
    text=replaced_one_by_one(),
)


def lines(driver: Any, statement: Statement, form: FileForm) -> Iterator[bytes]:
    """Give CSV lines in blocks."""
    with closing(driver.execute(statement.text, statement.values)) as cursor:
        yield from csv_lines(cursor, form)


def rows(driver: Any, statement: Statement) -> Iterator[tuple[Any, ...]]:
    """Give rows one by one."""
    with closing(driver.execute(statement.text, statement.values)) as cursor:
        yield from cursor
