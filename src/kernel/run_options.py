"""The options that every scheduled job has beside its own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from domain.operating.run import Trigger
from domain.operating.slot import Firing
from kernel.words import UsageFault


def run_options(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Do everything but write; print what would change.")
    ] = False,
    scheduled_at: Annotated[
        str | None,
        typer.Option("--scheduled-at", metavar="INSTANT", help="The firing this start stands for."),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Run a firing again that is settled; needs --reason.")
    ] = False,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why; kept in the ledger.")
    ] = "",
    correlation_id: Annotated[
        str | None,
        typer.Option("--correlation-id", metavar="ID", help="Follows the work into other systems."),
    ] = None,
    no_fork: Annotated[
        bool, typer.Option("--no-fork", help="Run in this process, to debug; manual runs only.")
    ] = False,
) -> None:
    """Declare the options; only the signature is used."""


OLDEST_YEAR = 2000
"""No legacy job is older."""


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """The values of the options above."""

    dry_run: bool
    scheduled_at: datetime | None
    again: bool
    reason: str
    correlation_id: str | None
    no_fork: bool

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> RunOptions:
        """Read the parsed values. Raises UsageFault for a combination that makes no sense."""
        if values["again"] and not values["reason"].strip():
            raise UsageFault("--again needs a --reason")
        return cls(
            dry_run=values["dry_run"],
            scheduled_at=_instant(values["scheduled_at"]),
            again=values["again"],
            reason=values["reason"],
            correlation_id=values["correlation_id"],
            no_fork=values["no_fork"],
        )


def is_scheduled() -> bool:
    """Tell from the environment that no person started this."""
    said = os.environ.get("CRON_TRIGGER")
    return said == Trigger.SCHEDULE if said else bool(os.environ.get("CRON_SCHEDULER_RUN_ID"))


def firing(options: RunOptions) -> Firing:
    """Tell from options and environment what started this run."""
    scheduler = os.environ.get("CRON_SCHEDULER_RUN_ID") or os.environ.get("INVOCATION_ID")
    by_schedule = is_scheduled() or options.scheduled_at is not None
    if options.no_fork and by_schedule:
        raise UsageFault("--no-fork is for debugging by hand; a scheduled run needs its supervisor")
    return Firing(
        trigger=Trigger.SCHEDULE if by_schedule else Trigger.MANUAL,
        scheduled_at=options.scheduled_at,
        scheduler_run_id=scheduler,
    )


def correlation_id(options: RunOptions, run_id: str) -> str:
    """Take the caller's id: the option, the variable, the W3C trace id, else the run's own."""
    trace = os.environ.get("TRACEPARENT", "").split("-")
    trace_id = trace[1] if len(trace) == 4 else ""  # noqa: PLR2004 - version-trace-parent-flags
    return options.correlation_id or os.environ.get("CRON_CORRELATION_ID") or trace_id or run_id


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    hint = "write it as 2026-11-21T03:00:00Z"
    try:
        instant = datetime.fromisoformat(text)
        instant = (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageFault(f"--scheduled-at {text} is no instant", hint) from error
    if instant.year < OLDEST_YEAR:
        raise UsageFault(f"--scheduled-at {text} lies before any firing", hint)
    return instant
