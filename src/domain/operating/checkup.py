"""Checks that do not hide each other: each in a thread of its own, all within one time limit."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from threading import Thread

from domain.errors import ConfigurationInvalid, JobError
from domain.operating.run import ExitCode

LIMIT_SECONDS = 3.0


class State(StrEnum):
    """How something stands."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a check found; ``advice`` says what to do, "" where the check's own remedy is it."""

    state: State
    found: str
    advice: str = ""
    exit_code: ExitCode = ExitCode.OK


def ok(found: str) -> Seen:
    return Seen(state=State.OK, found=found)


def skipped(why: str) -> Seen:
    return Seen(state=State.SKIPPED, found=why)


def warn(found: str, advice: str = "") -> Seen:
    return Seen(state=State.WARN, found=found, advice=advice)


def unreachable(found: str, advice: str = "") -> Seen:
    """Something needed does not answer."""
    return Seen(state=State.FAIL, found=found, advice=advice, exit_code=ExitCode.UNAVAILABLE)


def wrong(found: str, advice: str = "") -> Seen:
    """Something must be configured, installed or granted otherwise."""
    return Seen(state=State.FAIL, found=found, advice=advice, exit_code=ExitCode.MISCONFIGURED)


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that a run needs, and what to do where it is not as it must be.

    ``rests_on`` names the check of what is asked through: a fault met there is put right there.
    """

    name: str
    look: Callable[[], Seen]
    remedy: str
    rests_on: str = ""


@dataclass(kw_only=True)
class Looked:
    """A check that was begun, and its answer once there is one."""

    check: Check
    seen: Seen | None = None
    seconds: float = 0.0
    _thread: Thread | None = field(default=None, repr=False)

    def begin(self) -> None:
        # A daemon: one that hangs for ever must not keep the process.
        self._thread = Thread(target=self._look, daemon=True, name=f"check {self.check.name}")
        self._thread.start()

    def answer(self, deadline: float) -> Seen:
        """Wait for it until the deadline of the monotonic clock."""
        if self._thread:
            self._thread.join(max(0.0, deadline - time.monotonic()))
        seen = self.seen or unreachable("no answer in time")
        if seen.advice or seen.state in (State.OK, State.SKIPPED):
            return seen
        return Seen(
            state=seen.state,
            found=seen.found,
            advice=self.check.remedy,
            exit_code=seen.exit_code,
        )

    def _look(self) -> None:
        begun = time.monotonic()
        seen = _seen(self.check)
        self.seconds, self.seen = time.monotonic() - begun, seen


def _seen(check: Check) -> Seen:
    try:
        return check.look()
    except ConfigurationInvalid as error:
        return wrong(str(error), error.remedy)
    except JobError as error:
        return unreachable(str(error))
    except Exception as error:  # noqa: BLE001 - a check that breaks must not hide the others
        return unreachable(f"{type(error).__name__}: {error}")


def examine(checks: Sequence[Check], seconds: float = LIMIT_SECONDS) -> list[tuple[Looked, Seen]]:
    """Begin all checks at once; whoever has not answered within the limit has failed."""
    deadline = time.monotonic() + seconds
    begun = [Looked(check=check) for check in checks]
    for looked in begun:
        looked.begin()
    seen: dict[str, Seen] = {}
    for looked in begun:
        seen[looked.check.name] = _by_its_cause(looked.check, looked.answer(deadline), seen)
    return [(looked, seen[looked.check.name]) for looked in begun]


def _by_its_cause(check: Check, seen: Seen, before: Mapping[str, Seen]) -> Seen:
    cause = before.get(check.rests_on)
    if cause and (cause.state, cause.found) == (seen.state, seen.found):
        return replace(seen, advice=cause.advice)
    return seen


def verdict(seen: Sequence[Seen]) -> ExitCode:
    """Give the exit code: what must be configured otherwise comes before what may come back."""
    codes = {answer.exit_code for answer in seen}
    for code in (ExitCode.MISCONFIGURED, ExitCode.UNAVAILABLE):
        if code in codes:
            return code
    return ExitCode.OK
