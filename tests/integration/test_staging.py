"""Lines on their way into temporary tables, many per statement, on a real database."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.jobs.supplier_import.lines import Reject, StockLine
from domain.jobs.supplier_import.setting import Columns, ImportSetting
from infra.sql.engine import make_engine
from infra.sql.staging import staging_for
from infra.sql.staging.lines import BATCH_LINES
from infra.sql.staging.sqlite import LINES_AT_ONCE

SETTING = ImportSetting(
    supplier_id=23,
    name="Nord",
    source="nord",
    columns=Columns(article_no="no", quantity=("qty",), price="price", maker="maker"),
)


def line(number: int) -> StockLine:
    return StockLine(number, f"A{number}", None, number % 7, 100 + number, "", None, "Norvik", None)


def staged(items: list[StockLine | Reject], folder: Path) -> tuple[list[tuple[object, ...]], int]:
    """What stands in the tables afterwards: the lines in their order, and how many rejects."""
    engine = make_engine(f"sqlite:///{folder / 'shop.db'}")
    with engine.connect() as connection, connection.begin():
        staging_for(connection, SETTING).load(items, lambda _: None)
        found = connection.exec_driver_sql(
            "SELECT line, article_no, ean, quantity, price_cents, dot, delivery_days, maker, "
            "maker_no FROM staged_line ORDER BY place"
        ).all()
        rejects = connection.exec_driver_sql("SELECT count(*) FROM staged_reject").scalar_one()
        rows = [tuple(row) for row in found]
        connection.detach()
    engine.dispose()
    return rows, rejects


@pytest.mark.parametrize(
    "count",
    [0, 1, LINES_AT_ONCE - 1, LINES_AT_ONCE, LINES_AT_ONCE + 1, BATCH_LINES, 2 * BATCH_LINES + 51],
)
def test_every_line_is_staged_once_and_in_its_order(count: int, tmp_path: Path) -> None:
    lines = [line(number) for number in range(count)]

    rows, rejects = staged([*lines], tmp_path)

    assert rows == [tuple(line) for line in lines]
    assert rejects == 0


def test_rejects_among_the_lines_do_not_move_their_cells(tmp_path: Path) -> None:
    bad = Reject(7, "no article number", ";4;1,00", None)
    lines = [line(number) for number in range(120)]

    rows, rejects = staged([*lines[:33], bad, *lines[33:], bad], tmp_path)

    assert rows == [tuple(line) for line in lines]
    assert rejects == 2
