"""When a failure becomes an incident, and who hears of what."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.operating.contract import Owner, Priority
from domain.operating.incidents import (
    FIRST_RETRY,
    LONGEST_RETRY,
    QUIET_DAY,
    REMIND_EVERY,
    STORM_CAP,
    History,
    Judgement,
    Kind,
    OpenIncident,
    Part,
    backoff,
    judge,
    next_reminder,
)
from domain.operating.report import Report, fault_class, fingerprint, plain, title_of
from domain.operating.run import Alert, Outcome
from fakes.operating import CONTRACT, THREE

OPS, STOCK, ADMIN = Owner.SHARED_OPS, Owner.STOCK_IMPORT, Owner.WEBSHOP_ADMIN

PAGED = [outcome for outcome in Outcome if outcome.alert is Alert.PAGE]


def report(outcome: Outcome = Outcome.FAILED, **changes: Any) -> Report:
    values: dict[str, Any] = {
        "command": CONTRACT.name,
        "scope": "all",
        "run_id": "run-1",
        "outcome": outcome,
        "at": THREE,
        "error": "NoColumn",
        "message": "no column price",
    }
    return Report(**{**values, **changes})


def incident(**changes: Any) -> OpenIncident:
    values: dict[str, Any] = {
        "incident_id": "incident-1",
        "fingerprint": fingerprint(report()),
        "run_id": "run-0",
        "last_run_id": "run-0",
        "told": frozenset({OPS, STOCK}),
    }
    return OpenIncident(**{**values, **changes})


def judged(said: Report, *, contract: Any = CONTRACT, **history: Any) -> Judgement:
    return judge(said, contract, History(**history))


def told(judgement: Judgement) -> list[tuple[Owner, Kind, Part]]:
    assert judgement.opens
    return [(to.owner, to.kind, to.part) for to in judgement.opens.addressees]


# --- opening ------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", PAGED)
def test_what_pages_tells_the_responsible_how_to_mend_it_and_the_accountable_what_it_means(
    outcome: Outcome,
) -> None:
    judgement = judged(report(outcome))

    assert told(judgement) == [(OPS, Kind.PAGE, Part.RUNTIME), (STOCK, Kind.IMPACT, Part.DOMAIN)]


def test_every_accountable_owner_is_told() -> None:
    contract = replace(CONTRACT, accountable=(ADMIN, STOCK))

    assert told(judged(report(), contract=contract)) == [
        (OPS, Kind.PAGE, Part.RUNTIME),
        (ADMIN, Kind.IMPACT, Part.DOMAIN),
        (STOCK, Kind.IMPACT, Part.DOMAIN),
    ]


def test_one_team_that_is_both_gets_one_message_with_both_texts() -> None:
    contract = replace(CONTRACT, accountable=(OPS,))

    assert told(judged(report(), contract=contract)) == [(OPS, Kind.PAGE, Part.BOTH)]


def test_a_run_that_failed_in_part_is_for_the_accountable_alone() -> None:
    judgement = judged(report(Outcome.PARTIAL))

    assert told(judgement) == [(STOCK, Kind.IMPACT, Part.DOMAIN)]
    assert judgement.opens
    assert judgement.opens.severity is Kind.IMPACT


@pytest.mark.parametrize(
    ("outcome", "priority", "scheduled", "opens_at"),
    [
        (Outcome.FAILED, Priority.HIGH, True, 1),
        (Outcome.FAILED, Priority.MEDIUM, True, 2),
        (Outcome.FAILED, Priority.LOW, True, 2),
        (Outcome.MISSED, Priority.LOW, True, 2),
        (Outcome.FAILED, Priority.HIGH, False, 2),
        (Outcome.FAILED, Priority.LOW, False, 3),
        (Outcome.INTERRUPTED, Priority.HIGH, True, 2),
        (Outcome.INTERRUPTED, Priority.LOW, True, 2),
    ],
)
def test_an_incident_opens_at_the_failure_that_is_one_too_many(
    outcome: Outcome, priority: Priority, scheduled: bool, opens_at: int
) -> None:
    contract = replace(CONTRACT, priority=priority)
    said = report(outcome, scheduled=scheduled)

    for streak in range(1, 5):
        opened = judged(said, contract=contract, streak=streak).opens is not None
        assert opened == (streak >= opens_at), streak


@pytest.mark.parametrize(
    "outcome", [o for o in Outcome if o.alert is Alert.NONE and o is not Outcome.SUCCEEDED]
)
def test_a_skipped_run_says_nothing_of_the_job_s_health(outcome: Outcome) -> None:
    assert judged(report(outcome), open=[incident()]) == Judgement()


# --- tickets for jobs that find nothing ---------------------------------------------------------

LONG_AGO = THREE - QUIET_DAY
HUNGRY = replace(CONTRACT, expected_min_items=1)
EMPTY = report(Outcome.EMPTY, error="", message="")


def test_a_day_of_empty_runs_is_a_ticket_to_the_accountable() -> None:
    judgement = judged(EMPTY, contract=HUNGRY, filled_at=LONG_AGO)

    assert told(judgement) == [(STOCK, Kind.TICKET, Part.DOMAIN)]


@pytest.mark.parametrize(
    ("said", "contract", "filled_at"),
    [
        (EMPTY, HUNGRY, LONG_AGO + timedelta(seconds=1)),
        (EMPTY, HUNGRY, None),
        (EMPTY, CONTRACT, LONG_AGO),
        (replace(EMPTY, scheduled=False), HUNGRY, LONG_AGO),
        (replace(EMPTY, items=1), HUNGRY, LONG_AGO),
    ],
    ids=["not for long", "never before", "none expected", "by hand", "enough"],
)
def test_an_empty_run_is_no_ticket_otherwise(said: Report, contract: Any, filled_at: Any) -> None:
    assert judged(said, contract=contract, filled_at=filled_at) == Judgement()


def test_a_dry_spell_is_over_when_something_is_found_and_not_before() -> None:
    dry = incident(fingerprint=fingerprint(EMPTY), told=frozenset({STOCK}))

    again = judged(EMPTY, contract=HUNGRY, filled_at=LONG_AGO, open=[dry])
    by_hand = judged(replace(EMPTY, scheduled=False), contract=HUNGRY, open=[dry])
    found = judged(report(Outcome.SUCCEEDED), contract=HUNGRY, open=[dry])

    assert (again.joins, again.recovers) == ("incident-1", ())
    assert by_hand == Judgement()
    assert [recovery.owners for recovery in found.recovers] == [(STOCK,)]


# --- joining and recovering ---------------------------------------------------------------------


def test_the_same_fault_again_joins_its_incident() -> None:
    assert judged(report(run_id="run-2"), open=[incident()]) == Judgement(joins="incident-1")


def test_another_fault_is_another_incident() -> None:
    other = report(run_id="run-2", message="no column quantity in sheet", error="NoSheet")

    assert judged(other, open=[incident()]).opens is not None


def test_a_run_that_told_its_failure_and_is_then_found_dead_stays_one_incident() -> None:
    dead = report(Outcome.CRASHED, run_id="run-0", error="Killed", message="it was killed")

    assert judged(dead, open=[incident()]) == Judgement(joins="incident-1")


def test_two_faults_of_starts_that_became_no_run_are_two_incidents() -> None:
    known = incident(run_id="", last_run_id="", fingerprint="other")

    assert judged(report(Outcome.MISCONFIGURED, run_id=""), open=[known]).opens is not None


@pytest.mark.parametrize("outcome", [Outcome.SUCCEEDED, Outcome.EMPTY])
def test_a_good_run_ends_every_incident_and_tells_those_who_were_told(outcome: Outcome) -> None:
    other = incident(incident_id="incident-2", fingerprint="other", told=frozenset({STOCK}))

    judgement = judged(report(outcome), open=[incident(), other])

    ended = {recovery.incident_id: recovery.owners for recovery in judgement.recovers}
    assert ended == {"incident-1": (OPS, STOCK), "incident-2": (STOCK,)}
    assert (judgement.opens, judgement.joins) == (None, None)


def test_whom_the_page_has_not_reached_is_told_once_that_it_came_and_went() -> None:
    known = incident(waiting=frozenset({OPS}))

    judgement = judged(report(Outcome.SUCCEEDED), open=[known])

    assert [recovery.owners for recovery in judgement.recovers] == [(STOCK,)]


# --- storms -------------------------------------------------------------------------------------


def test_above_the_cap_an_owner_gets_one_summary_and_then_silence() -> None:
    first = judged(report(), lately={OPS: STORM_CAP})
    later = judged(report(), lately={OPS: STORM_CAP}, warned=frozenset({OPS}))

    assert told(first) == [(OPS, Kind.STORM, Part.RUNTIME), (STOCK, Kind.IMPACT, Part.DOMAIN)]
    assert told(later) == [(STOCK, Kind.IMPACT, Part.DOMAIN)]


def test_below_the_cap_nothing_is_held_back() -> None:
    assert told(judged(report(), lately={OPS: STORM_CAP - 1}))[0] == (OPS, Kind.PAGE, Part.RUNTIME)


# --- what a fault is called ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("supplier 23 has 4 bad lines", "supplier 7 has 1.250 bad lines"),
        ("/var/import/23/stock.csv is empty", "./import/7/list.csv is empty"),
        ("no column 'Menge'", 'no column "Bestand"'),
        ("run 0192f3a4-7b12-7000-8000-000000000001 died", "run 9f86d081884c7d65 died"),
        ("GET https://one.example/a?b=1 failed", "GET http://two.example failed"),
        ("two  words", "two words"),
    ],
)
def test_what_differs_between_occurrences_is_no_part_of_the_fault(one: str, other: str) -> None:
    assert plain(one) == plain(other)
    assert fingerprint(report(message=one)) == fingerprint(report(message=other))


@pytest.mark.parametrize(
    "changes", [{"error": "NoSheet"}, {"message": "no sheet"}, {"outcome": Outcome.TIMED_OUT}]
)
def test_another_error_or_text_or_outcome_is_another_fault(changes: dict[str, Any]) -> None:
    assert fingerprint(replace(report(), **changes)) != fingerprint(report())


def test_words_that_look_like_ids_stay_words() -> None:
    assert plain("the defaced facade") == "the defaced facade"


def test_fifty_suppliers_with_two_kinds_of_faults_are_one_fault() -> None:
    kinds = ("FeedMissing: no file for {}", "NoColumn: supplier {} lacks a price")
    every = tuple(kinds[number % 2].format(number) for number in range(50))
    some = tuple(kinds[number % 2].format(number) for number in range(2))

    marks = {fingerprint(report(faults=faults, message=str(faults))) for faults in (every, some)}

    assert len(marks) == 1
    assert fault_class("lines 3 and 4 are bad") == "lines <n> and <n> are bad"


@pytest.mark.parametrize(
    ("said", "title"),
    [
        (report(), "failed: NoColumn: no column price"),
        (report(Outcome.TIMED_OUT, error="timed_out", message="60 s"), "timed out: 60 s"),
        (report(error="", message="a\nb"), "failed: a b"),
        (report(error="", message="x" * 300), f"failed: {'x' * 191}…"),
    ],
)
def test_a_title_is_one_short_line(said: Report, title: str) -> None:
    assert title_of(said) == title


# --- times --------------------------------------------------------------------------------------


def test_tries_come_ever_more_slowly_but_never_end() -> None:
    waits = [backoff(tries) for tries in (1, 2, 3, 7, 500)]

    assert waits == [FIRST_RETRY, 2 * FIRST_RETRY, 4 * FIRST_RETRY, LONGEST_RETRY, LONGEST_RETRY]


@pytest.mark.parametrize(
    ("late", "following"), [(0, 1), (1, 1), (23, 1), (24, 2), (25, 2), (100, 5)]
)
def test_reminders_that_nobody_could_send_are_not_made_up_for(late: int, following: int) -> None:
    due = next_reminder(THREE, THREE + timedelta(hours=late))

    assert due == THREE + following * REMIND_EVERY
