"""Whether an export may go out."""

from __future__ import annotations

import pytest

from domain.jobs.stock_export.plausibility import Implausible, judge
from domain.jobs.stock_export.request import ExportRequest
from domain.jobs.stock_export.setting import ExportSetting, Guards, Price
from fakes.supplier_import import FakeRun

FORCED = ExportRequest(force=True, reason="range cut")


def setting(**guards: float) -> ExportSetting:
    known = Guards(**guards)  # type: ignore[arg-type]  # whole numbers where they are asked for
    return ExportSetting(export_id=7, name="P", price=Price(group="g"), guards=known)


@pytest.mark.parametrize(("rows", "before"), [(1, None), (50, 100), (100, 1), (1, 0)])
def test_a_usual_export_passes(rows: int, before: int | None) -> None:
    assert judge(setting(), rows, before, ExportRequest(), FakeRun()) is False


@pytest.mark.parametrize(
    ("rows", "before", "complaint"),
    [
        (0, None, "0 articles, fewer than guards.min_rows = 1"),
        (49, 100, "49 articles, last time 100: 51 % lost, guards.max_drop_percent = 50"),
    ],
)
def test_one_that_lost_too_much_passes_by_force_only_and_it_is_told(
    rows: int, before: int | None, complaint: str
) -> None:
    run = FakeRun()

    with pytest.raises(Implausible, match=complaint):
        judge(setting(), rows, before, ExportRequest(), run)
    assert run.logged == []

    assert judge(setting(), rows, before, FORCED, run) is True
    assert [(event, fields["reason"]) for event, _, fields in run.logged] == [
        ("guard.forced", "range cut")
    ]


def test_what_may_be_lost_is_a_setting() -> None:
    assert (
        judge(setting(max_drop_percent=100, min_rows=0), 0, 100, ExportRequest(), FakeRun())
        is False
    )
