"""contract:show and contract:lint: what the jobs declare, and whether it holds together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar

import typer

from commands.ops.jobs import Contracts
from commands.result import Facts, Table
from domain.operating.contract import Contract
from domain.operating.findings import ERROR, Finding, Installation, Rule
from domain.operating.lint import RULES, lint
from domain.operating.run import ExitCode

Locate = Callable[[str], tuple[str, int]]
"""Finds the file and line of a contract, a schedule or a CR."""

Report = Callable[[Sequence[Rule], Sequence[Finding]], Any]
"""Writes the findings as SARIF."""


class ContractShow:
    """Shows all that a job declares."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console contract:show cron:suppliers:import-stock",
        "bin/console contract:show CR-009 --format=json",
    )

    def __init__(self, contracts: Contracts) -> None:
        self._contracts = contracts

    def __call__(
        self, command: Annotated[str, typer.Argument(help="The job, or a CR it covers.")]
    ) -> Facts:
        for contract in self._contracts.values():
            if command in (contract.name, *contract.covers):
                return Facts(title=f"{contract.name}: {contract.summary}", facts=_facts(contract))
        raise typer.BadParameter(f"{command} is no job; bin/console jobs:list shows them")


class ContractLint:
    """Checks the contracts together, against schedules and configuration; exit 78 on an error."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console contract:lint",
        "bin/console contract:lint --env=prod",
        "bin/console contract:lint --format=sarif > contracts.sarif",
    )

    def __init__(self, installation: Installation, locate: Locate, report: Report) -> None:
        self._installation, self._locate, self._report = installation, locate, report

    def __call__(self) -> Table:
        findings = [self._placed(finding) for finding in lint(self._installation)]
        broken = any(finding.level == ERROR for finding in findings)
        return Table(
            columns=("level", "rule", "subject", "at", "message"),
            rows=[(f.level, f.rule, f.subject, f"{f.file}:{f.line}", f.message) for f in findings],
            empty=f"{len(self._installation.contracts)} contracts hold together",
            exit_code=ExitCode.MISCONFIGURED if broken else ExitCode.OK,
            documents={"sarif": self._report(RULES, findings)},
        )

    def _placed(self, finding: Finding) -> Finding:
        if finding.file:
            return finding
        file, line = self._locate(finding.subject)
        return replace(finding, file=file, line=line)


def _facts(contract: Contract) -> dict[str, str | int | bool | Sequence[str]]:
    return {
        "covers": contract.covers,
        "accountable": contract.accountable,
        "responsible": contract.responsible,
        "consulted": contract.consulted,
        "priority": contract.priority,
        "lock": contract.lock,
        "overlap": f"waits {contract.overlap.wait.total_seconds():g} s, then skips",
        "starved after": contract.overlap.starved_after,
        "timeout": f"{contract.timeout.total_seconds():g} s for all attempts",
        "grace": f"{contract.grace.total_seconds():g} s",
        "retry": str(contract.retry),
        "retried": tuple(error.__name__ for error in contract.retry.on),
        "idempotency": f"{contract.idempotency.kind}: {contract.idempotency.by}",
        "idempotency note": contract.idempotency.note,
        "catch up": f"{contract.catch_up.kind} ({contract.catch_up.most})",
        "destructive": contract.destructive,
        "expected items": contract.expected_min_items,
    }
