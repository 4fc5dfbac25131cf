"""A run's ending as it is told to whoever started it."""

from __future__ import annotations

import pytest

from commands.cron.stock_export import StockExport
from commands.result import Table
from domain.operating.job import Ending
from domain.operating.run import Outcome, Summary, Unit, UnitResult, Verdict
from kernel.verdict import result_of


def tables(summary: Summary | None) -> list[Table]:
    ending = Ending(verdict=Verdict.of(Outcome.SUCCEEDED), summary=summary)
    return list(result_of(StockExport.contract, "01a1", ending).tables)


def test_what_a_job_without_units_counted_is_told() -> None:
    [table] = tables(Summary(items={"printed": 70, "skipped": 0}))

    assert table.columns == ("item", "count")
    assert list(table.rows) == [("printed", 70), ("skipped", 0)]


@pytest.mark.parametrize("summary", [None, Summary(), Summary(items={"printed": 0})])
def test_where_nothing_was_done_no_table_stands(summary: Summary | None) -> None:
    assert tables(summary) == []


def test_units_tell_of_themselves() -> None:
    [table] = tables(
        Summary(
            units=(Unit(name="one", result=UnitResult.DONE, counts={"files": 1}),),
            items={"files": 1},
        )
    )

    assert table.columns == ("unit", "one")
