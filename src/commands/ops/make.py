"""make:job: the files of a new scheduled job, which pass every check as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, ClassVar

import typer

from commands.ops.jobs import Contracts
from commands.result import Table
from domain.errors import Refused
from domain.operating.contract import Owner, Priority
from domain.scaffold.plan import JobPlan, check

Name = Annotated[str, typer.Argument(metavar="cron:GROUP:VERB", help="The job's command.")]
Number = Annotated[str, typer.Option("--cr", metavar="CR-NNN", help="The change it covers.")]
Accountable = Annotated[Owner, typer.Option("--owner", help="Who answers for its outcome.")]
Hurts = Annotated[
    Priority, typer.Option("--priority", help="H pages at the first failure, M and L at a second.")
]
Says = Annotated[
    str, typer.Option("--summary", metavar="TEXT", help="What it does, in a few words.")
]


class MakeJob:
    """Writes command, service, unit test, runbook and the lines that make them known."""

    examples: ClassVar[tuple[str, ...]] = (
        'bin/console make:job cron:labels:sync --cr CR-015 --owner "Stock Import"',
        'bin/console make:job cron:labels:sync --cr CR-015 --summary "Print shelf labels"',
    )

    def __init__(self, contracts: Contracts, write: Callable[[JobPlan], Sequence[str]]) -> None:
        self._contracts, self._write = contracts, write

    def __call__(
        self,
        command: Name,
        cr: Number,
        owner: Accountable = Owner.SHARED_OPS,
        priority: Hurts = Priority.MEDIUM,
        summary: Says = "",
    ) -> Table:
        plan = JobPlan(
            command=command,
            cr=cr,
            owner=owner,
            priority=priority,
            summary=summary or _spoken(command),
        )
        try:
            check(plan, self._contracts.values())
        except Refused as error:
            raise typer.BadParameter(str(error)) from error
        return Table(
            title=f"{plan.command} ({plan.cr})",
            columns=("written",),
            rows=[(path,) for path in self._write(plan)],
            notes=(
                f"see it run: bin/console {plan.command}",
                f"then say what it should do: tests/unit/{plan.module}/test_{plan.module}.py",
                "all the way: docs/tutorial/first-job.md",
            ),
        )


def _spoken(command: str) -> str:
    """Make words of a command until somebody finds better ones: ``Sync labels``."""
    words = command.removeprefix("cron:").replace("-", " ").split(":")
    return " ".join(reversed(words)).capitalize()
