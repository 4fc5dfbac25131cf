"""Run rows to domain values and back."""

from __future__ import annotations

import json

from domain.operating.ports import Closing, Pause
from domain.operating.run import Start, Summary, Trigger
from infra.secrets import scrub, scrubbed
from infra.sql.connection import Row
from infra.sql.instants import from_text, optional_instant, optional_text, to_text

ID_LENGTH, ACTOR_LENGTH, ERROR_LENGTH = 120, 80, 80
REASON_LENGTH, MESSAGE_LENGTH = 16_000, 65_536
"""Characters of a column; others choose these texts, and a long one must not cost the run row.

The last one is for a server whose largest packet is small: a verdict that it refuses is lost.
"""


def summary_text(summary: Summary | None) -> str | None:
    """Write a summary as the ledger's JSON."""
    if summary is None:
        return None
    units = [
        {
            "name": unit.name,
            "result": unit.result.value,
            "message": unit.message,
            "counts": dict(unit.counts),
        }
        for unit in summary.units
    ]
    said = {
        "items": dict(summary.items),
        "units": units,
        "notes": summary.notes,
        "stages": dict(summary.stages),
    }
    return json.dumps(scrubbed(said))


def run_values(start: Start) -> dict[str, object]:
    return {
        "run_id": start.run_id,
        "command": start.command,
        "scope": start.scope,
        "covers": " ".join(start.covers),
        "trigger_kind": start.trigger.value,
        "slot": optional_text(start.slot),
        "schedule_id": start.schedule_id,
        "job": start.job,
        "correlation_id": start.correlation_id[:ID_LENGTH],
        "scheduler_run_id": (start.scheduler_run_id or "")[:ID_LENGTH] or None,
        "started_at": to_text(start.started_at),
        "host": start.host[:ID_LENGTH],
        "pid": start.pid,
        "process_token": start.process_token,
        "version": start.version,
        "arguments": json.dumps(start.arguments),
        "actor": start.actor[:ACTOR_LENGTH],
        "reason": start.reason[:REASON_LENGTH],
    }


def closing_values(run_id: str, closing: Closing) -> dict[str, object]:
    verdict = closing.verdict
    return {
        "run_id": run_id,
        "outcome": verdict.outcome.word,
        "exit_code": int(verdict.exit_code),
        "message": scrub(verdict.message)[:MESSAGE_LENGTH],
        "error": verdict.error[:ERROR_LENGTH],
        "finished_at": to_text(closing.finished_at),
        "attempts": closing.attempts,
        "summary": summary_text(closing.summary),
        "log_tail": scrub(closing.log_tail),
        "holder_run_id": closing.holder_run_id,
    }


def run_of(row: Row) -> Start:
    """Read a run row back."""
    return Start(
        run_id=row["run_id"],
        command=row["command"],
        covers=tuple(row["covers"].split()),
        scope=row["scope"],
        trigger=Trigger(row["trigger_kind"]),
        slot=optional_instant(row["slot"]),
        schedule_id=row["schedule_id"],
        correlation_id=row["correlation_id"],
        scheduler_run_id=row["scheduler_run_id"],
        started_at=from_text(row["started_at"]),
        host=row["host"],
        pid=row["pid"],
        process_token=row["process_token"],
        version=row["version"],
        arguments=tuple(json.loads(row["arguments"])),
        actor=row["actor"],
        dry_run=False,
        again=False,
        reason=row["reason"],
    )


def pause_of_row(row: Row) -> Pause:
    return Pause(
        command=row["command"],
        actor=row["actor"],
        reason=row["reason"],
        since=from_text(row["since"]),
        until=optional_instant(row["until"]),
    )
