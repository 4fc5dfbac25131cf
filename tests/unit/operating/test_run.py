"""The vocabulary of endings holds together."""

from __future__ import annotations

import pytest

from domain.operating.run import (
    Alert,
    ExitCode,
    Outcome,
    Retention,
    Summary,
    Unit,
    UnitResult,
    Verdict,
)
from fakes.operating import unit

EXIT_CODES = {
    "succeeded": 0,
    "empty": 0,
    "skipped_locked": 0,
    "skipped_paused": 0,
    "skipped_late": 0,
    "skipped_duplicate": 0,
    "partial": 4,
    "starved": 5,
    "lock_lost": 6,
    "unavailable": 69,
    "failed": 70,
    "crashed": 70,
    "misconfigured": 78,
    "timed_out": 124,
    "interrupted": 143,
    "missed": 0,
}
"""Runtime, section 8; an INT turns 143 into 130, exhausted attempts turn 70 into 75."""

ALERTS = {
    "empty": Alert.TICKET_IF_SHORT,
    "partial": Alert.NOTIFY,
    "interrupted": Alert.IF_REPEATED,
    "missed": Alert.PAGE,
}
COLOURS = {"green", "yellow", "magenta", "red"}
SETTLED = {"succeeded", "empty", "partial", "skipped_late"}

DONE, UNCHANGED, SKIPPED, FAILED = (
    unit(result.value, result)
    for result in (UnitResult.DONE, UnitResult.UNCHANGED, UnitResult.SKIPPED, UnitResult.FAILED)
)


def test_the_outcomes_are_those_of_the_table() -> None:
    assert {outcome.word: int(outcome.exit_code) for outcome in Outcome} == EXIT_CODES


def test_every_exit_code_of_the_table_has_a_name() -> None:
    assert sorted(ExitCode) == [0, 2, 4, 5, 6, 69, 70, 75, 78, 124, 130, 143]


@pytest.mark.parametrize("outcome", Outcome, ids=lambda outcome: outcome.word)
def test_every_outcome_has_a_word_an_alert_a_colour_and_a_retention(outcome: Outcome) -> None:
    default = Alert.NONE if outcome.exit_code == 0 else Alert.PAGE

    assert Outcome.of(outcome.word) is outcome
    assert outcome.alert is ALERTS.get(outcome.word, default)
    assert outcome.colour in COLOURS
    assert isinstance(outcome.retention, Retention)
    assert len(outcome.word) <= 20, "the ledger's column is no wider"


@pytest.mark.parametrize("outcome", Outcome, ids=lambda outcome: outcome.word)
def test_what_pages_is_red_and_kept_longest(outcome: Outcome) -> None:
    pages = outcome.alert is Alert.PAGE

    assert pages == (outcome.colour == "red")
    assert not pages or outcome.retention is Retention.LONG


def test_only_a_done_firing_settles_its_slot() -> None:
    assert {outcome.word for outcome in Outcome if outcome.settles_slot} == SETTLED


def test_an_unknown_word_is_no_outcome() -> None:
    with pytest.raises(KeyError):
        Outcome.of("fine")


@pytest.mark.parametrize(
    ("units", "items", "outcome"),
    [
        ((), {}, Outcome.EMPTY),
        ((), {"booked": 0}, Outcome.EMPTY),
        ((), {"booked": 1}, Outcome.SUCCEEDED),
        ((UNCHANGED,), {}, Outcome.EMPTY),
        ((SKIPPED, UNCHANGED), {}, Outcome.EMPTY),
        ((DONE,), {}, Outcome.SUCCEEDED),
        ((DONE, UNCHANGED, SKIPPED), {}, Outcome.SUCCEEDED),
        ((DONE, FAILED), {}, Outcome.PARTIAL),
        ((UNCHANGED, FAILED), {}, Outcome.PARTIAL),
        ((FAILED,), {"booked": 9}, Outcome.FAILED),
        ((FAILED, FAILED), {}, Outcome.FAILED),
    ],
)
def test_a_summary_tells_its_outcome(
    units: tuple[Unit, ...], items: dict[str, int], outcome: Outcome
) -> None:
    assert Summary(units=units, items=items).outcome is outcome


def test_failures_are_named_with_their_reasons() -> None:
    away = unit("supplier 23", UnitResult.FAILED, message="no file")
    empty = unit("supplier 42", UnitResult.FAILED, message="no line")

    assert Summary(units=(away, DONE, empty)).failures == (
        "supplier 23: no file; supplier 42: no line"
    )


def test_a_verdict_takes_its_outcome_s_exit_code() -> None:
    verdict = Verdict.of(Outcome.STARVED, "why", error="Busy")

    assert (verdict.exit_code, verdict.message, verdict.error) == (5, "why", "Busy")


def test_good_is_what_exits_with_zero() -> None:
    assert Outcome.SKIPPED_LATE.is_good
    assert not Outcome.PARTIAL.is_good
