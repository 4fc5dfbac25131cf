"""MariaDB's way out: a cursor that leaves the rows on the server until they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

from pymysql.cursors import SSCursor

from domain.jobs.stock_export.setting import FileForm
from infra.sql.drivers.named import printf_style
from infra.sql.exporting.delimited import csv_lines
from infra.sql.exporting.statement import (
    Dialect,
    Statement,
    ean_by_arithmetic,
    replaced_one_by_one,
)

_IS_EAN = "LENGTH(a.ean) IN (8, 12, 13, 14) AND a.ean NOT REGEXP '[^0-9]'"

DIALECT = Dialect(
    divided="DIV",
    ean=ean_by_arithmetic(
        "DIV", "SIGNED", "LENGTH(a.ean) IN (8, 12, 13, 14) AND a.ean NOT REGEXP '[^0-9]'"
    ),
    two_decimals="({0} DIV 100) || :decimal || lpad({0} % 100, 2, '0')",
    text=replaced_one_by_one(),
)


def lines(driver: Any, statement: Statement, form: FileForm) -> Iterator[bytes]:
    """Give CSV lines in blocks."""
    with closing(driver.cursor(SSCursor)) as cursor:
        cursor.execute(printf_style(statement.text), statement.values)
        yield from csv_lines(cursor, form)


def rows(driver: Any, statement: Statement) -> Iterator[tuple[Any, ...]]:
    """Give rows one by one."""
    with closing(driver.cursor(SSCursor)) as cursor:
        cursor.execute(printf_style(statement.text), statement.values)
        yield from iter(cursor.fetchone, None)
