"""jobs:list, jobs:pause and jobs:resume: the jobs and whether they may run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

import typer

from commands.result import Table, Text
from commands.spans import instant
from domain.errors import ConfigurationInvalid
from domain.operating.contract import Contract
from domain.operating.history import Pauses
from domain.operating.ports import Clock, Pause

Contracts = Mapping[str, Contract]
"""Every job's contract by its command, in CR order."""


class JobsList:
    """Lists the jobs by CR with owners, lock, timeout and retry."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console jobs:list",
        "bin/console jobs:list --format=json",
    )

    def __init__(self, contracts: Contracts, pauses: Pauses) -> None:
        self._contracts, self._pauses = contracts, pauses

    def __call__(self) -> Table:
        paused, notes = self._paused()
        rows = [
            (covered, *self._row(contract, paused))
            for contract in self._contracts.values()
            for covered in contract.covers
        ]
        return Table(
            columns=(
                "CR", "command", "accountable", "responsible", "prio", "lock", "timeout", "retry",
                "state",
            ),
            rows=sorted(rows),
            notes=notes,
        )  # fmt: skip

    def _paused(self) -> tuple[set[str], tuple[str, ...]]:
        """Tell what is paused; the list is told without a database too."""
        try:
            return {pause.command for pause in self._pauses.all()}, ()
        except ConfigurationInvalid as error:
            return set(), (f"pauses are unknown: {error}",)

    def _row(self, contract: Contract, paused: set[str]) -> tuple[str, ...]:
        state = "paused" if contract.name in paused else "ready"
        return (
            contract.name,
            " + ".join(contract.accountable),
            contract.responsible,
            contract.priority,
            contract.lock,
            f"{contract.timeout.total_seconds() / 60:g} min",
            str(contract.retry),
            state,
        )


class JobsPause:
    """Pauses a job: its firings end skipped_paused until it is resumed."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console jobs:pause cron:suppliers:import-stock --reason='warehouse moves'",
        "bin/console jobs:pause cron:stock:export --reason='fair' --until=2026-11-22T06:00:00Z",
    )

    def __init__(self, contracts: Contracts, pauses: Pauses, clock: Clock, actor: str) -> None:
        self._contracts, self._pauses, self._clock = contracts, pauses, clock
        self._actor = actor

    def __call__(
        self,
        command: Annotated[str, typer.Argument(help="The job.")],
        reason: Annotated[str, typer.Option(help="Why; shown wherever the job is skipped.")],
        until: Annotated[
            str | None, typer.Option(metavar="INSTANT", help="Ends by itself at this time.")
        ] = None,
    ) -> Text:
        _known(self._contracts, command)
        now = self._clock.now()
        end = instant(until) if until else None
        if end and end <= now:
            raise typer.BadParameter(f"--until {until} is past")
        pause = Pause(command=command, actor=self._actor, reason=reason, since=now, until=end)
        self._pauses.pause(pause)
        ends = f"until {end:%Y-%m-%d %H:%M} UTC" if end else "until it is resumed"
        return Text(
            text=f"{command} is paused {ends}", data={"command": command, "state": "paused"}
        )


class JobsResume:
    """Resumes a paused job."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console jobs:resume cron:suppliers:import-stock --reason='warehouse is back'",
    )

    def __init__(self, contracts: Contracts, pauses: Pauses, clock: Clock, actor: str) -> None:
        self._contracts, self._pauses, self._clock = contracts, pauses, clock
        self._actor = actor

    def __call__(
        self,
        command: Annotated[str, typer.Argument(help="The job.")],
        reason: Annotated[str, typer.Option(help="Why; kept in the audit.")],
    ) -> Text:
        _known(self._contracts, command)
        lifted = self._pauses.resume(
            command, actor=self._actor, reason=reason, now=self._clock.now()
        )
        state = "is resumed" if lifted else "was not paused"
        return Text(text=f"{command} {state}", data={"command": command, "resumed": lifted})


def _known(contracts: Contracts, command: str) -> None:
    if command not in contracts:
        raise typer.BadParameter(f"{command} is no job; bin/console jobs:list shows them")
