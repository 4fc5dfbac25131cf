"""PostgreSQL's way out: COPY writes the lines itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from typing import Any

from domain.jobs.stock_export.setting import FileForm
from infra.sql.drivers.named import printf_style
from infra.sql.exporting.statement import Dialect, Statement

DIALECT = Dialect(
    divided="/",
    whole_number="BIGINT",
    digits_only="translate({0}, '0123456789', '') = ''",
    two_decimals="({0} / 100)::text || :decimal || lpad(({0} % 100)::text, 2, '0')",
    text="translate({0}, :signs, :blanks)",
)

_ROOM = "SET LOCAL work_mem = '64MB'"
"""For sorts and hashes of a large stock; the server's default is made for many at once."""

_ROWS_AT_ONCE = 2000
_NO_QUOTE = "\x01"


def lines(driver: Any, statement: Statement, form: FileForm) -> Iterator[bytes]:
    """Give CSV lines in blocks."""
    copy = (
        f"COPY ({printf_style(statement.text)}) TO STDOUT (FORMAT csv, ENCODING 'UTF8',"
        " DELIMITER %(delimiter)s, QUOTE %(quote)s)"
    )
    values = {"delimiter": form.delimiter, "quote": form.quote or _NO_QUOTE, **statement.values}
    with driver.cursor() as cursor:
        cursor.execute(_ROOM)
        with cursor.copy(copy, values) as rows:
            left = map(bytes, rows)
            while some := list(islice(left, _ROWS_AT_ONCE)):
                yield b"".join(some)


def rows(driver: Any, statement: Statement) -> Iterator[tuple[Any, ...]]:
    """Give rows by a cursor of the server's."""
    with closing(driver.cursor(name="export")) as cursor:
        cursor.itersize = _ROWS_AT_ONCE
        cursor.execute(printf_style(statement.text), statement.values)
        yield from cursor
