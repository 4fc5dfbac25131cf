"""runs:list and runs:show: what happened at 3 a.m."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar

import typer

from commands.result import Facts, Table
from domain.errors import Refused
from domain.operating.history import AttemptRecord, RunBook, RunRecord
from domain.operating.ports import Clock, Ledger
from domain.operating.run import Outcome

_ID_LENGTH = 13
"""Enough of a run id to be unique within a millisecond, and short enough for a table."""


Readable = Callable[[str], str]
"""Turns log lines as they are kept into lines for people."""


class RunsList:
    """Lists runs, the newest first."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console runs:list --limit=50",
        "bin/console runs:list --command=cron:suppliers:import-stock --outcome=failed",
        "bin/console runs:list --format=json",
    )

    def __init__(self, book: RunBook, ledger: Ledger, clock: Clock) -> None:
        self._book, self._ledger, self._clock = book, ledger, clock

    def __call__(
        self,
        limit: Annotated[int, typer.Option(metavar="N", min=1, help="How many runs.")] = 20,
        command: Annotated[str | None, typer.Option(help="Only this command.")] = None,
        outcome: Annotated[
            str | None, typer.Option(help="Only this outcome, or running.", metavar="WORD")
        ] = None,
    ) -> Table:
        known = (*(word.word for word in Outcome), "running")
        if outcome is not None and outcome not in known:
            raise typer.BadParameter(f"no outcome {outcome}; there are {', '.join(known)}")
        now = self._clock.now()
        self._ledger.reap(now)
        runs = self._book.runs(limit=limit, command=command, outcome=outcome)
        return Table(
            columns=("run", "started (UTC)", "command", "scope", "outcome", "exit", "took", "why"),
            rows=[_line(run, now) for run in runs],
            empty="no runs yet",
        )


class RunsShow:
    """Shows one run: ids, verdict, attempts, units, and the tail of its log."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console runs:show 0192f3a4-7b",
        "bin/console runs:show 0192f3a4-7b --no-log",
    )

    def __init__(self, book: RunBook, ledger: Ledger, clock: Clock, readable: Readable) -> None:
        self._book, self._ledger, self._clock, self._readable = book, ledger, clock, readable

    def __call__(
        self,
        run_id: Annotated[str, typer.Argument(help="The run's id or its beginning.")],
        log: Annotated[bool, typer.Option(help="Show the tail of the log.")] = True,
    ) -> Facts:
        self._ledger.reap(self._clock.now())
        try:
            run = self._book.run(run_id)
        except Refused as error:
            raise typer.BadParameter(str(error)) from error
        attempts = self._book.attempts(run.start.run_id)
        texts = {"log": self._readable(run.log_tail) or "(none)"} if log else {}
        tables = tuple(table for table in (_attempts(attempts), _units(run)) if table.rows)
        title = f"{run.start.command} {run.start.scope}: {run.outcome or 'running'}"
        return Facts(title=title, facts=_facts(run), texts=texts, tables=tables)


def _line(run: RunRecord, now: datetime) -> tuple[str | int | None, ...]:
    return (
        run.start.run_id[:_ID_LENGTH],
        f"{run.start.started_at:%Y-%m-%d %H:%M:%S}",
        run.start.command,
        run.start.scope,
        run.outcome or "running",
        run.exit_code,
        _took((run.finished_at or now) - run.start.started_at),
        run.message,
    )


def _took(span: timedelta) -> str:
    seconds = max(span.total_seconds(), 0)
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"  # noqa: PLR2004 - a minute


def _facts(run: RunRecord) -> dict[str, Any]:
    start = run.start
    return {
        "run": start.run_id,
        "command": start.command,
        "covers": start.covers,
        "scope": start.scope,
        "outcome": run.outcome or "running",
        "exit code": run.exit_code,
        "message": run.message,
        "error": run.error,
        "started": f"{start.started_at:%Y-%m-%d %H:%M:%S} UTC",
        "finished": f"{run.finished_at:%Y-%m-%d %H:%M:%S} UTC" if run.finished_at else None,
        "trigger": start.trigger.value,
        "slot": f"{start.slot:%Y-%m-%d %H:%M} UTC" if start.slot else None,
        "schedule": start.schedule_id,
        "correlation id": start.correlation_id,
        "scheduler run": start.scheduler_run_id,
        "lock": run.lock_key,
        "fence": run.fence,
        "held by run": run.holder_run_id,
        "host": f"{start.host} (process {start.pid})",
        "actor": start.actor,
        "reason": start.reason,
        "arguments": start.arguments,
        "version": start.version,
        "items": json.dumps(run.summary["items"]) if run.summary.get("items") else None,
        "notes": tuple(run.summary.get("notes", ())),
    }


def _attempts(attempts: tuple[AttemptRecord, ...] | Any) -> Table:
    return Table(
        title="attempts",
        columns=("attempt", "started (UTC)", "took", "outcome", "why"),
        rows=[
            (
                record.attempt,
                f"{record.started_at:%H:%M:%S}",
                _took(record.finished_at - record.started_at) if record.finished_at else None,
                record.outcome or "running",
                record.message,
            )
            for record in attempts
        ],
    )


def _units(run: RunRecord) -> Table:
    return Table(
        title="units",
        columns=("unit", "result", "counts", "message"),
        rows=[
            (
                unit["name"],
                unit["result"],
                ", ".join(f"{count} {name}" for name, count in unit["counts"].items()),
                unit["message"],
            )
            for unit in run.summary.get("units", ())
        ],
    )
