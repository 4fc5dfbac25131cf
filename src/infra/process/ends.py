"""How an attempt ended, judged from what was asked of it and what was seen."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from datetime import timedelta

from domain.operating.contract import Contract
from domain.operating.ports import AttemptEnd, Broke, Died, Finished
from domain.operating.run import ExitCode, Outcome
from infra.process.attempt import Seen
from infra.process.limits import Reason
from infra.process.warden import Ended
from infra.process.work import INTERRUPTED, TIMED_OUT


def judge(seen: Seen, contract: Contract, first_signal: int | None) -> AttemptEnd:
    """Tell the end. Work that was finished counts, unless its lock had been lost meanwhile."""
    reason = _reason(seen)
    if isinstance(seen.end, Finished) and reason is not Reason.LOCK_LOST:
        return replace(seen.end, output=seen.output)
    if reason:
        return _stopped(reason, seen, contract, first_signal)
    if isinstance(seen.end, Broke):
        return replace(seen.end, output=seen.output)
    return _died(Outcome.CRASHED, death(seen.ended), seen.output)


def _reason(seen: Seen) -> Reason | None:
    """Tell what stopped the job: the warden knows, else the job's own last word."""
    if seen.ended and seen.ended.reason:
        return seen.ended.reason
    family = seen.end.family if isinstance(seen.end, Broke) else ""
    return Reason(family) if family in (TIMED_OUT, INTERRUPTED) else None


def _stopped(reason: Reason, seen: Seen, contract: Contract, first_signal: int | None) -> Died:
    if reason is Reason.LOCK_LOST:
        return lock_lost("the lock was lost while the job ran", output=seen.output)
    if reason is Reason.TIMED_OUT:
        return _died(Outcome.TIMED_OUT, _timeout_message(contract, seen), seen.output)
    return interrupted(first_signal, output=seen.output, last_word=_last_word(seen))


def interrupted(first_signal: int | None, *, output: str = "", last_word: str = "") -> Died:
    """Say that the operator or the scheduler stopped the run."""
    by_int = first_signal == signal.SIGINT
    code = ExitCode.INTERRUPTED if by_int else ExitCode.TERMINATED
    name = signal.Signals(first_signal or signal.SIGTERM).name
    message = f"stopped by {name}" + (f"; {last_word}" if last_word else "")
    return Died(outcome=Outcome.INTERRUPTED, exit_code=code, message=message, output=output)


def lock_lost(message: str, *, output: str = "") -> Died:
    return _died(Outcome.LOCK_LOST, message, output)


def death(ended: Ended | None) -> str:
    """Say how a process died that left no word."""
    if ended is None:
        return "the process that watched the job was killed, and the job with it"
    code = os.waitstatus_to_exitcode(ended.status)
    if code >= 0:
        return f"the job's process left with status {code} and no result"
    cause = " (out of memory?)" if -code == signal.SIGKILL else ""
    return f"the job's process was killed by {_signal_name(-code)}{cause}"


def _died(outcome: Outcome, message: str, output: str) -> Died:
    return Died(outcome=outcome, exit_code=outcome.exit_code, message=message, output=output)


def _timeout_message(contract: Contract, seen: Seen) -> str:
    killed = seen.ended is None or seen.ended.killed
    left = f"; killed after {_span(contract.grace)} of grace" if killed else ""
    return f"timed out: {_span(contract.timeout)} were over{left}"


def _last_word(seen: Seen) -> str:
    if seen.ended and seen.ended.killed:
        return "killed before it came to a checkpoint"
    return seen.end.message if isinstance(seen.end, Broke) else ""


def _span(span: timedelta) -> str:
    return f"{span.total_seconds():g} s"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f"signal {number}"
