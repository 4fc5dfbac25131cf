"""A new job's names, and what it must not stand in the way of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.errors import Refused
from domain.operating.contract import Owner, Priority
from domain.scaffold.plan import JobPlan, check
from kernel.contracts import contracts

PLAN = JobPlan(
    command="cron:labels:print-by-shelf",
    cr=f"CR-{len(contracts()) + 2:03}",
    owner=Owner.STOCK_IMPORT,
    priority=Priority.MEDIUM,
    summary="Print shelf labels",
)


def test_every_name_is_made_from_the_command() -> None:
    assert (PLAN.module, PLAN.name, PLAN.lock) == (
        "labels_print_by_shelf",
        "LabelsPrintByShelf",
        "cron.labels.print-by-shelf",
    )


def test_a_schedule_s_name_leaves_room_for_the_suffix_of_a_job() -> None:
    plan = replace(PLAN, command="cron:labels:" + "-".join(["shelf"] * 12))

    assert len(plan.schedule_id) <= 52
    assert plan.schedule_id.startswith("cr-0")
    assert not plan.schedule_id.endswith("-")


def test_the_next_change_may_be_a_job() -> None:
    check(PLAN, contracts().values())


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"command": "labels:sync"}, "is no job's name"),
        ({"command": "cron:Labels:sync"}, "is no job's name"),
        ({"command": "cron:labels:sync-2"}, "is no job's name"),
        ({"command": "cron:queue:clean"}, "is there already"),
        ({"cr": "15"}, "is no CR: write CR-015"),
        ({"cr": "CR-014"}, "is cron:sessions:purge already: the next one is CR-015"),
        ({"cr": "CR-999"}, "leaves a gap: the next one is CR-015"),
        ({"summary": ""}, "--summary"),
        ({"summary": 'Print "labels"'}, "--summary"),
        ({"summary": "Print\nlabels"}, "--summary"),
        ({"summary": "P" * 61}, "at most 60"),
    ],
)
def test_what_is_no_plan_is_refused(change: dict[str, str], complaint: str) -> None:
    first = [contract for contract in contracts().values() if max(contract.covers) <= "CR-014"]

    with pytest.raises(Refused, match=complaint):
        check(replace(PLAN, **change), first)  # type: ignore[arg-type]  # of texts only
