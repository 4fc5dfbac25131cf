"""What contracts and schedules must not do together: each rule with a break and a pass."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from domain.operating.contract import (
    CatchUp,
    Contract,
    Idempotency,
    IdempotencyKind,
    Overlap,
    Retry,
)
from domain.operating.lint import ALL_CRS, Finding, lint
from fakes.operating import CONTRACT

SOUND = replace(CONTRACT, covers=ALL_CRS)
ONCE = Idempotency(kind=IdempotencyKind.NONE, by="a mail", note="sent twice is seen twice")

BREAKS: list[tuple[str, dict[str, Any]]] = [
    ("retry-budget", {"timeout": timedelta(seconds=50)}),
    ("catch-up", {"idempotency": ONCE, "retry": Retry.never(), "catch_up": CatchUp.last()}),
    ("grace", {"grace": SOUND.timeout}),
    ("credential", {"summary": "Send with password=hunter2"}),
    ("credential", {"lock": "sftp://shop:hunter2@partner/stock"}),
    ("credential", {"idempotency": replace(SOUND.idempotency, note="Token: abc")}),
    ("destructive-catch-up", {"destructive": True, "catch_up": CatchUp.all(3)}),
]
PASSES: list[tuple[str, dict[str, Any]]] = [
    ("retry-budget", {"timeout": timedelta(seconds=51)}),
    ("catch-up", {"idempotency": ONCE, "retry": Retry.never(), "catch_up": CatchUp.none()}),
    ("grace", {"grace": SOUND.timeout - timedelta(seconds=1)}),
    ("credential", {"summary": "Remind customers of a password that ends"}),
    ("destructive-catch-up", {"destructive": True, "catch_up": CatchUp.last()}),
]


@dataclass(frozen=True)
class Hourly:
    schedule_id: str = "cr-010-sample"
    command: str = CONTRACT.name
    shortest_period: timedelta = timedelta(hours=1)


def rules(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.rule, finding.level) for finding in findings]


def test_sound_contracts_have_no_finding() -> None:
    assert lint([SOUND], [Hourly()]) == []


@pytest.mark.parametrize(("rule", "change"), BREAKS)
def test_a_broken_rule_is_an_error_of_its_contract(rule: str, change: dict[str, Any]) -> None:
    (finding,) = lint([replace(SOUND, **change)], [])

    assert (finding.rule, finding.level, finding.subject) == (rule, "error", SOUND.name)


@pytest.mark.parametrize(("rule", "change"), PASSES)
def test_just_within_the_rule_is_no_finding(rule: str, change: dict[str, Any]) -> None:
    assert lint([replace(SOUND, **change)], []) == []


def test_a_cr_covered_by_none_or_by_two_is_an_error() -> None:
    first = replace(SOUND, covers=ALL_CRS[1:])
    second = replace(SOUND, name="cron:sample:other", lock="cron.other", covers=("CR-014",))

    findings = lint([first, second], [])

    assert [(f.subject, f.message) for f in findings] == [
        ("CR-001", "is covered by 0 contracts instead of one"),
        ("CR-014", "is covered by 2 contracts instead of one"),
    ]


def test_two_contracts_must_not_share_a_lock() -> None:
    half = replace(SOUND, covers=ALL_CRS[:7])
    other = replace(SOUND, name="cron:sample:other", covers=ALL_CRS[7:])

    assert [f.subject for f in lint([half, other], [])] == [other.name, half.name]
    assert lint([half, replace(other, lock="cron.other")], []) == []


def test_a_schedule_of_an_unknown_job_is_an_error() -> None:
    (finding,) = lint([SOUND], [Hourly(command="cron:gone:away")])

    assert (finding.rule, finding.subject) == ("schedule", "cr-010-sample")
    assert "no job is named cron:gone:away" in finding.message


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (11, []),
        (10, [("period", "warning")]),  # a run of 10.5 minutes outlasts one start
        (3.5, [("period", "error")]),  # three in a row: starved
    ],
)
def test_a_run_longer_than_its_period_needs_a_streak_of_skips(
    minutes: float, expected: list[tuple[str, str]]
) -> None:
    often = Hourly(shortest_period=timedelta(minutes=minutes))

    assert rules(lint([SOUND], [often])) == expected


def test_a_longer_streak_declared_is_a_warning_only() -> None:
    patient = replace(SOUND, overlap=Overlap.skip(starved_after=4))

    often = Hourly(shortest_period=timedelta(minutes=3.5))
    assert rules(lint([patient], [often])) == [("period", "warning")]


def test_errors_come_before_warnings() -> None:
    hasty: Contract = replace(SOUND, grace=SOUND.timeout)

    levels = [level for _, level in rules(lint([hasty], [Hourly(shortest_period=hasty.budget)]))]

    assert levels == ["error", "warning"]
