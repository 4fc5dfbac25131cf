"""Rows of a cursor as CSV lines, for databases that do not write them themselves."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from domain.jobs.stock_export.setting import FileForm

_ROWS_AT_ONCE = 2000


def csv_lines(cursor: Any, form: FileForm) -> Iterator[bytes]:
    """Give CSV lines in blocks, quoted where needed as PostgreSQL does it."""
    text = io.StringIO()
    writer = csv.writer(
        text,
        delimiter=form.delimiter,
        quotechar=form.quote or None,
        quoting=csv.QUOTE_MINIMAL if form.quote else csv.QUOTE_NONE,
        lineterminator="\n",
    )
    while some := cursor.fetchmany(_ROWS_AT_ONCE):
        writer.writerows(some)
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()
