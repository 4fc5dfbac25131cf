"""What contracts, schedules and files must not do together: each rule with a break and a pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, cast

import pytest

from domain.errors import Refused, Retryable
from domain.operating.contract import (
    CatchUp,
    Contract,
    Idempotency,
    IdempotencyKind,
    Overlap,
    Retry,
)
from domain.operating.contract_rules import ALL_CRS
from domain.operating.findings import Built, Finding, Installation, Spot
from domain.operating.lint import RULES, lint
from domain.operating.queue_rules import PROCESSOR
from fakes.operating import CONTRACT

SOUND = replace(CONTRACT, covers=ALL_CRS)
ONCE = Idempotency(kind=IdempotencyKind.NONE, by="a mail", note="sent twice is seen twice")


@dataclass(frozen=True)
class Hourly:
    schedule_id: str = "cr-010-sample"
    command: str = CONTRACT.name
    arguments: Sequence[str] = ("--all",)
    suspended: bool = False
    shortest_period: timedelta = timedelta(hours=1)


def takes_all(words: Sequence[str]) -> str:
    return "" if list(words) == ["--all"] else "No such option"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A processor's request."""

    queue: str = "general"
    max_seconds: float = 50.0


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A message type."""

    name: str = "labels.print"
    legacy: Sequence[str] = ("Labels::print",)
    idempotency: str = "the label's row is written once"
    limit: timedelta = timedelta(minutes=5)


BUILT = Built(request_fields={"scope"}, refusal=takes_all, request=lambda _: None)
WHOLE = Installation(
    contracts=(SOUND,), cadences=(Hourly(),), built={SOUND.name: BUILT}, runbooks=ALL_CRS
)


def contract(**change: Any) -> Installation:
    return replace(WHOLE, contracts=(replace(SOUND, **change),))


def scheduled(**change: Any) -> Installation:
    return replace(WHOLE, cadences=(Hourly(**change),))


def retried(kind: type[Exception]) -> Retry:
    return replace(SOUND.retry, on=(cast("type[Retryable]", kind),))


PROCESSING = replace(
    WHOLE,
    contracts=(replace(SOUND, name=PROCESSOR, timeout=timedelta(seconds=50 + 300 + 60)),),
    cadences=(Hourly(command=PROCESSOR),),
    built={PROCESSOR: replace(BUILT, request=lambda _: Asked())},
    queues=("general",),
    messages=(Sent(),),
    longest=timedelta(minutes=5),
)


def processed(**change: Any) -> Installation:
    return replace(PROCESSING, built={PROCESSOR: replace(BUILT, request=lambda _: Asked(**change))})


def sent(**change: Any) -> Installation:
    return replace(PROCESSING, messages=(Sent(**change),))


OTHER = replace(SOUND, name="cron:sample:other", covers=("CR-014",))
BREAKS: list[tuple[str, str, Installation]] = [
    ("coverage", "CR-001", contract(covers=ALL_CRS[1:])),
    (
        "coverage",
        "CR-016",
        replace(contract(covers=(*ALL_CRS, "CR-016")), runbooks=(*ALL_CRS, "CR-016")),
    ),
    ("lock-fields", SOUND.name, contract(lock="cron.sample.{supplier}")),
    ("destructive-lock", SOUND.name, replace(contract(destructive=True), advisory="redis")),
    (
        "destructive-catch-up",
        SOUND.name,
        contract(destructive=True, catch_up=CatchUp.all(3)),
    ),
    (
        "catch-up",
        SOUND.name,
        contract(idempotency=ONCE, retry=Retry.never(), catch_up=CatchUp.last()),
    ),
    ("grace", SOUND.name, contract(grace=SOUND.timeout)),
    ("retry-budget", SOUND.name, contract(timeout=timedelta(seconds=50))),
    ("retry-class", SOUND.name, contract(retry=retried(Refused))),
    ("credential", SOUND.name, contract(summary="Send with password=hunter2")),
    ("credential", SOUND.name, contract(lock="sftp://shop:hunter2@partner/stock")),
    (
        "credential",
        SOUND.name,
        contract(idempotency=replace(SOUND.idempotency, note="Token: abc")),
    ),
    ("runbook", SOUND.name, replace(WHOLE, runbooks=ALL_CRS[1:])),
    ("schedule", "cr-010-sample", scheduled(command="cron:gone:away")),
    ("schedule-arguments", "cr-010-sample", scheduled(arguments=("--every",))),
    (
        "manifest",
        "ops/a.cron",
        replace(WHOLE, manifests=(Spot(file="ops/a.cron", line=3, what="cr-011-gone"),)),
    ),
    (
        "channel",
        "config/alerts.toml",
        replace(WHOLE, channels=("Webshop has no channel",)),
    ),
    (
        "credential-literal",
        "config/app.toml",
        replace(WHOLE, literals=(Spot(file="config/app.toml", line=7, what="database.url"),)),
    ),
    ("period", SOUND.name, scheduled(shortest_period=timedelta(minutes=3.5))),
    ("queue-declared", "cr-010-sample", replace(PROCESSING, queues=())),
    ("message-budget", "labels.print", processed(max_seconds=51)),
    (
        "message-limit",
        "labels.print",
        replace(PROCESSING, longest=timedelta(minutes=5) - timedelta(seconds=1)),
    ),
    ("message-idempotency", "labels.print", sent(idempotency="yes, of course")),
]
PASSES: Mapping[str, Installation] = {
    "all is sound": WHOLE,
    "waits just within the timeout": contract(timeout=timedelta(seconds=51)),
    "a job that is not caught up": contract(
        idempotency=ONCE, retry=Retry.never(), catch_up=CatchUp.none()
    ),
    "a grace just shorter": contract(grace=SOUND.timeout - timedelta(seconds=1)),
    "a text about passwords": contract(summary="Remind customers of a password that ends"),
    "destructive with the last firing": contract(destructive=True, catch_up=CatchUp.last()),
    "harmless under an advisory store": replace(WHOLE, advisory="redis"),
    "a field that the request has": contract(lock="cron.sample.{scope}"),
    "a manifest of a declared schedule": replace(
        WHOLE, manifests=(Spot(file="ops/a.cron", line=3, what="cr-010-sample"),)
    ),
    "a message that just fits": PROCESSING,
    "a job that names no queue": replace(WHOLE, queues=("general",)),
    "a period just longer": scheduled(shortest_period=SOUND.budget + timedelta(seconds=1)),
}


def rules(installation: Installation) -> list[tuple[str, str]]:
    return [(finding.rule, finding.level) for finding in lint(installation)]


@pytest.mark.parametrize(("rule", "subject", "broken"), BREAKS, ids=lambda it: str(it)[:20])
def test_a_broken_rule_is_an_error_of_its_subject(
    rule: str, subject: str, broken: Installation
) -> None:
    (finding,) = [finding for finding in lint(broken) if finding.level == "error"]

    assert (finding.rule, finding.level, finding.subject) == (rule, "error", subject)


def test_every_rule_has_an_example_that_breaks_it() -> None:
    shown_elsewhere = {"lock", "schedule-twice", "unscheduled", "queue-processed", "message-name"}

    assert {rule.id for rule in RULES} == {rule for rule, _, _ in BREAKS} | shown_elsewhere
    assert len({rule.id for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("sound", PASSES.values(), ids=PASSES)
def test_just_within_the_rules_is_no_finding(sound: Installation) -> None:
    assert lint(sound) == []


def test_a_cr_covered_twice_is_an_error() -> None:
    second = replace(OTHER, lock="cron.other")

    (finding,) = lint(replace(WHOLE, contracts=(SOUND, second)))

    assert (finding.subject, finding.message) == (
        "CR-014",
        "is covered by 2 contracts instead of one",
    )


def test_two_contracts_must_not_share_a_lock() -> None:
    half, other = replace(SOUND, covers=ALL_CRS[:7]), replace(OTHER, covers=ALL_CRS[7:])

    shared = lint(replace(WHOLE, contracts=(half, other)))

    assert [(f.rule, f.subject) for f in shared] == [("lock", other.name), ("lock", half.name)]
    assert lint(replace(WHOLE, contracts=(half, replace(other, lock="cron.other")))) == []


def test_two_schedules_must_not_start_the_same_whatever_the_order_of_arguments() -> None:
    both = (Hourly(arguments=("--all", "-a")), Hourly("cr-010-b", arguments=("-a", "--all")))
    free = replace(BUILT, refusal=lambda _: "")

    twice = replace(WHOLE, cadences=both, built={SOUND.name: free})

    assert [(f.rule, f.subject) for f in lint(twice)] == [
        ("schedule-twice", "cr-010-b"),
        ("schedule-twice", "cr-010-sample"),
    ]


def test_a_job_that_no_schedule_starts_is_a_warning_and_a_suspended_one_is_enough() -> None:
    assert rules(replace(WHOLE, cadences=())) == [("unscheduled", "warning")]
    assert rules(scheduled(suspended=True)) == []


def test_a_schedule_of_an_unknown_job_says_its_name() -> None:
    finding, *_ = lint(scheduled(command="cron:gone:away", suspended=True))

    assert "no job is named cron:gone:away" in finding.message


def test_a_finding_in_a_file_has_its_line() -> None:
    (finding,) = lint(
        replace(WHOLE, literals=(Spot(file="config/app.toml", line=7, what="database.url"),))
    )

    assert finding == Finding(
        rule="credential-literal",
        level="error",
        subject="config/app.toml",
        message="database.url holds a credential; put its reference there",
        file="config/app.toml",
        line=7,
    )


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
    assert rules(scheduled(shortest_period=timedelta(minutes=minutes))) == expected


def test_a_longer_streak_declared_is_a_warning_only() -> None:
    often = scheduled(shortest_period=timedelta(minutes=3.5))
    patient = replace(SOUND, overlap=Overlap.skip(starved_after=4))

    assert rules(replace(often, contracts=(patient,))) == [("period", "warning")]


def test_a_queue_needs_one_schedule_that_works_it_off_and_has_not_two() -> None:
    first, second = Hourly(command=PROCESSOR), Hourly("cr-010-b", PROCESSOR, ())
    free = replace(PROCESSING.built[PROCESSOR], refusal=lambda _: "")
    both = replace(PROCESSING, cadences=(first, second), built={PROCESSOR: free})

    found = [
        [(it.rule, it.level, it.subject, it.message) for it in lint(installation)]
        for installation in (both, replace(PROCESSING, queues=("general", "mail")))
    ]

    assert found == [
        [
            (
                "queue-processed",
                "warning",
                "[queue.general]",
                "cr-010-sample and cr-010-b skip each other",
            )
        ],
        [("queue-processed", "warning", "[queue.mail]", "no schedule works it off")],
    ]


def test_a_legacy_name_leads_to_one_message_type() -> None:
    other = Sent(name="labels.reprint")

    found = lint(replace(PROCESSING, messages=(Sent(), other)))

    assert [(it.rule, it.level, it.subject) for it in found] == [
        ("message-name", "error", "labels.print"),
        ("message-name", "error", "labels.reprint"),
    ]


def test_errors_come_before_warnings() -> None:
    hasty: Contract = replace(SOUND, grace=SOUND.timeout)
    both = replace(scheduled(shortest_period=hasty.budget), contracts=(hasty,))

    assert [level for _, level in rules(both)] == ["error", "warning"]
