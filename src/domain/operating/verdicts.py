"""From an attempt's end to its verdict, and whether another attempt may help."""

from __future__ import annotations

from domain.operating.contract import Contract
from domain.operating.ports import AttemptEnd, Broke, Died, Finished
from domain.operating.run import ExitCode, Outcome, Summary, Verdict

_BROKEN_OUTCOMES = {
    "retryable": (Outcome.FAILED, ExitCode.EXHAUSTED),
    "refused": (Outcome.FAILED, ExitCode.FAILED),
    "misconfigured": (Outcome.MISCONFIGURED, ExitCode.MISCONFIGURED),
    "lock_lost": (Outcome.LOCK_LOST, ExitCode.LOCK_LOST),
    "defect": (Outcome.FAILED, ExitCode.FAILED),
}


def is_transient(end: AttemptEnd, contract: Contract) -> bool:
    """Transient: the attempt, or one of its units, failed of an error class the contract names."""
    declared = {error.__name__ for error in contract.retry.on}
    if isinstance(end, Finished):
        return any(not declared.isdisjoint(unit.lineage) for unit in end.summary.failed)
    return isinstance(end, Broke) and not declared.isdisjoint(end.lineage)


def verdict_of(end: AttemptEnd) -> Verdict:
    """Judge one attempt as if no other followed."""
    if isinstance(end, Finished):
        return _verdict_of_summary(end.summary)
    if isinstance(end, Broke):
        outcome, code = _BROKEN_OUTCOMES[end.family]
        return Verdict(outcome=outcome, exit_code=code, message=end.message, error=end.error)
    return _verdict_of_death(end)


def _verdict_of_summary(summary: Summary) -> Verdict:
    verdict = Verdict.of(summary.outcome, summary.failures)
    if summary.outcome is Outcome.FAILED and all(unit.retryable for unit in summary.failed):
        return Verdict(
            outcome=Outcome.FAILED, exit_code=ExitCode.EXHAUSTED, message=verdict.message
        )
    return verdict


def _verdict_of_death(end: Died) -> Verdict:
    return Verdict(
        outcome=end.outcome, exit_code=end.exit_code, message=end.message, error=end.outcome.word
    )
