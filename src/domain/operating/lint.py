"""What one contract alone cannot show: rules across contracts and schedules."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from domain.operating.contract import CatchUpKind, Contract, IdempotencyKind

ALL_CRS = tuple(f"CR-{number:03d}" for number in range(1, 15))

_CREDENTIAL = re.compile(
    r"(password|passwd|secret|token)\s*[=:]\s*\S|://[^/\s:]+:[^@\s]+@", re.IGNORECASE
)


class Cadence(Protocol):
    """A declared schedule as the rules need it."""

    @property
    def schedule_id(self) -> str: ...
    @property
    def command(self) -> str: ...
    @property
    def shortest_period(self) -> timedelta: ...


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One broken rule: an error fails the check, a warning is only said."""

    rule: str
    level: str
    subject: str
    message: str


def lint(contracts: Sequence[Contract], cadences: Sequence[Cadence]) -> list[Finding]:
    """Check every rule over every contract; errors first."""
    findings = [finding for contract in contracts for rule in _RULES for finding in rule(contract)]
    findings += _cr_findings(contracts)
    findings += _shared_locks(contracts)
    findings += _cadence_findings(contracts, cadences)
    return sorted(findings, key=lambda finding: (finding.level, finding.subject, finding.rule))


def _error(rule: str, subject: str, message: str) -> Finding:
    return Finding(rule=rule, level="error", subject=subject, message=message)


def _warning(rule: str, subject: str, message: str) -> Finding:
    return Finding(rule=rule, level="warning", subject=subject, message=message)


def _retry_fits_budget(contract: Contract) -> Iterable[Finding]:
    waits = sum(
        (contract.retry.ceiling(number) for number in range(1, contract.retry.attempts)),
        timedelta(0),
    )
    if waits >= contract.timeout:
        message = f"the waits between attempts ({waits}) use up the timeout ({contract.timeout})"
        yield _error("retry-budget", contract.name, message)


def _catch_up_is_safe(contract: Contract) -> Iterable[Finding]:
    unsafe = contract.idempotency.kind is IdempotencyKind.NONE
    if unsafe and contract.catch_up.kind is not CatchUpKind.NONE:
        yield _error("catch-up", contract.name, "catch-up needs an idempotency other than none")


def _grace_fits(contract: Contract) -> Iterable[Finding]:
    if contract.grace >= contract.timeout:
        yield _error("grace", contract.name, "the grace is not shorter than the timeout")


def _no_credential(contract: Contract) -> Iterable[Finding]:
    texts = (contract.summary, contract.lock, contract.idempotency.by, contract.idempotency.note)
    if any(map(_CREDENTIAL.search, texts)):
        yield _error("credential", contract.name, "a text looks like a credential")


def _destructive_is_guarded(contract: Contract) -> Iterable[Finding]:
    if contract.destructive and contract.catch_up.kind is CatchUpKind.ALL:
        message = "a destructive job must not catch up every missed firing"
        yield _error("destructive-catch-up", contract.name, message)


_RULES: tuple[Callable[[Contract], Iterable[Finding]], ...] = (
    _retry_fits_budget,
    _catch_up_is_safe,
    _grace_fits,
    _no_credential,
    _destructive_is_guarded,
)


def _cr_findings(contracts: Sequence[Contract]) -> Iterable[Finding]:
    covered = Counter(number for contract in contracts for number in contract.covers)
    for number in ALL_CRS:
        if covered[number] != 1:
            message = f"is covered by {covered[number]} contracts instead of one"
            yield _error("coverage", number, message)


def _shared_locks(contracts: Sequence[Contract]) -> Iterable[Finding]:
    locks = Counter(contract.lock for contract in contracts)
    for contract in contracts:
        if locks[contract.lock] > 1:
            yield _error("lock", contract.name, f"shares its lock {contract.lock}")


def _cadence_findings(
    contracts: Sequence[Contract], cadences: Sequence[Cadence]
) -> Iterable[Finding]:
    by_name = {contract.name: contract for contract in contracts}
    for cadence in cadences:
        contract = by_name.get(cadence.command)
        if contract is None:
            yield _error("schedule", cadence.schedule_id, f"no job is named {cadence.command}")
        elif contract.budget >= cadence.shortest_period:
            yield _overrun(contract, cadence)


def _overrun(contract: Contract, cadence: Cadence) -> Finding:
    """Longer than the period: allowed where the declared skip streak outlasts the overrun."""
    skipped = contract.budget // cadence.shortest_period
    message = (
        f"timeout + grace ({contract.budget}) is not below the period of {cadence.schedule_id}"
        f" ({cadence.shortest_period}); {skipped} starts may be skipped,"
        f" {contract.overlap.starved_after} in a row are starved"
    )
    if skipped >= contract.overlap.starved_after:
        return _error("period", contract.name, message)
    return _warning("period", contract.name, message)
