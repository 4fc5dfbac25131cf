"""Checks side by side: none hides another, and what is said leads to one exit code."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NoReturn

import pytest

from domain.errors import ConfigurationInvalid, SchemaOutdated, StoreUnavailable
from domain.operating.checkup import (
    Check,
    Seen,
    State,
    examine,
    ok,
    skipped,
    unreachable,
    verdict,
    warn,
    wrong,
)

NEVER = threading.Event()


def check(look: Callable[[], Seen], name: str = "sample") -> Check:
    return Check(name=name, look=look, remedy="start it")


def fails(error: Exception) -> Callable[[], NoReturn]:
    def look() -> NoReturn:
        raise error

    return look


def hangs() -> Seen:
    NEVER.wait()
    return ok("at last")


@pytest.mark.parametrize(
    ("look", "state", "exit_code", "found"),
    [
        (lambda: ok("there"), State.OK, 0, "there"),
        (lambda: skipped("not needed"), State.SKIPPED, 0, "not needed"),
        (lambda: warn("slow"), State.WARN, 0, "slow"),
        (lambda: unreachable("gone"), State.FAIL, 69, "gone"),
        (lambda: wrong("no key"), State.FAIL, 78, "no key"),
        (fails(ConfigurationInvalid("no such key")), State.FAIL, 78, "no such key"),
        (fails(StoreUnavailable("refused")), State.FAIL, 69, "refused"),
        (fails(KeyError("x")), State.FAIL, 69, "KeyError: 'x'"),
    ],
)
def test_whatever_a_check_ends_with_is_its_answer(
    look: Callable[[], Seen], state: State, exit_code: int, found: str
) -> None:
    ((_, seen),) = examine([check(look)])

    assert (seen.state, seen.exit_code, seen.found) == (state, exit_code, found)
    assert seen.advice == ("" if state in (State.OK, State.SKIPPED) else "start it")


def test_a_check_s_own_advice_wins_over_the_remedy() -> None:
    ((_, seen),) = examine([check(lambda: warn("old", "renew it"))])

    assert seen.advice == "renew it"


def test_an_error_s_own_remedy_wins_over_the_check_s() -> None:
    ((_, seen),) = examine([check(fails(SchemaOutdated("no table")))])

    assert (seen.exit_code, seen.advice) == (78, "Run bin/console db:migrate")


@pytest.mark.parametrize(
    ("above", "advice"),
    [
        (fails(StoreUnavailable("refused")), "mend the base"),
        (fails(StoreUnavailable("no lease")), "mend the top"),
        (lambda: wrong("no lease", "set it"), "set it"),
        (lambda: ok("refused"), ""),
    ],
)
def test_a_fault_met_beneath_already_is_put_right_there(
    above: Callable[[], Seen], advice: str
) -> None:
    base = Check(name="base", look=fails(StoreUnavailable("refused")), remedy="mend the base")
    top = Check(name="top", look=above, remedy="mend the top", rests_on="base")

    answers = examine([base, top])

    assert [seen.advice for _, seen in answers] == ["mend the base", advice]


def test_a_check_alone_gives_its_own_advice() -> None:
    top = Check(name="top", look=lambda: unreachable("gone"), remedy="top", rests_on="base")

    ((_, seen),) = examine([top])

    assert seen.advice == "top"


def test_one_that_hangs_fails_in_time_and_hides_no_other() -> None:
    answers = examine([check(hangs, "a"), check(lambda: ok("there"), "b")], seconds=0.2)

    assert [(looked.check.name, seen.state, seen.found) for looked, seen in answers] == [
        ("a", State.FAIL, "no answer in time"),
        ("b", State.OK, "there"),
    ]


def test_all_checks_run_at_once() -> None:
    meeting = threading.Barrier(3, timeout=30)

    def look() -> Seen:
        meeting.wait()
        return ok("met")

    answers = examine([check(look)] * 3, seconds=30)

    assert [seen.found for _, seen in answers] == ["met"] * 3


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ([], 0),
        ([ok(""), warn(""), skipped("")], 0),
        ([ok(""), unreachable("")], 69),
        ([unreachable(""), wrong(""), unreachable("")], 78),
    ],
)
def test_what_is_configured_wrongly_comes_before_what_is_away(
    answers: list[Seen], code: int
) -> None:
    assert verdict(answers) == code
