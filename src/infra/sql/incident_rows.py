"""Incident rows to domain values and back."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from domain.operating.contract import Owner
from domain.operating.incidents import Kind, Opening, Part
from domain.operating.notices import Incident, Notice, Receipt, State
from domain.operating.report import Report
from domain.operating.run import Outcome, Trigger, UnitResult
from infra.sql.connection import Row
from infra.sql.instants import from_text, optional_instant, to_text


def open_key(command: str, scope: str, fingerprint: str) -> str:
    """Give the key that only one open incident can have."""
    return hashlib.sha256(f"{command}\n{scope}\n{fingerprint}".encode()).hexdigest()


def incident_values(
    incident_id: str, report: Report, opening: Opening, remind_at: datetime
) -> dict[str, object]:
    return {
        "incident_id": incident_id,
        "open_key": open_key(report.command, report.scope, opening.fingerprint),
        "command": report.command,
        "scope": report.scope,
        "fingerprint": opening.fingerprint,
        "title": opening.title,
        "outcome": report.outcome.word,
        "severity": opening.severity.value,
        "schedule_id": report.schedule_id,
        "opened_at": to_text(report.at),
        "last_at": to_text(report.at),
        "failures": 1,
        "run_id": report.run_id,
        "last_run_id": report.run_id,
        "remind_at": to_text(remind_at),
    }


def incident_of(row: Row) -> Incident:
    return Incident(
        incident_id=row["incident_id"],
        command=row["command"],
        scope=row["scope"],
        fingerprint=row["fingerprint"],
        title=row["title"],
        outcome=row["outcome"],
        severity=Kind(row["severity"]),
        opened_at=from_text(row["opened_at"]),
        last_at=from_text(row["last_at"]),
        failures=row["failures"],
        run_id=row["run_id"],
        last_run_id=row["last_run_id"],
        schedule_id=row["schedule_id"],
        recovered_at=optional_instant(row["recovered_at"]),
        remind_at=optional_instant(row["remind_at"]),
        acked_at=optional_instant(row["acked_at"]),
        acked_by=row["acked_by"] or "",
        ack_reason=row["ack_reason"] or "",
    )


def notice_of(row: Row) -> Notice:
    return Notice(
        notice_id=row["notice_id"],
        incident_id=row["incident_id"],
        owner=Owner(row["owner"]),
        kind=Kind(row["kind"]),
        part=Part(row["part"]),
        number=row["number"],
        created_at=from_text(row["created_at"]),
        state=State(row["state"]),
        tries=row["tries"],
        next_try=from_text(row["next_try"]),
    )


def receipt_of(row: Row) -> Receipt:
    return Receipt(
        channel=row["channel"],
        at=from_text(row["at"]),
        accepted=bool(row["accepted"]),
        answer=row["answer"],
    )


def report_of(row: Row) -> Report:
    """Read a waiting report, joined with its run where it has one."""
    summary = json.loads(row["summary"]) if row["summary"] else {}
    failed = [
        unit for unit in summary.get("units", ()) if unit["result"] == UnitResult.FAILED.value
    ]
    return Report(
        command=row["command"],
        scope=row["scope"],
        run_id=row["run_id"] or "",
        outcome=Outcome.of(row["outcome"]),
        at=from_text(row["at"]),
        exit_code=row["exit_code"] or 0,
        error=row["error"] or "",
        message=row["run_message"] or row["message"],
        scheduled=row["trigger_kind"] in (None, Trigger.SCHEDULE.value),
        schedule_id=row["schedule_id"],
        faults=tuple(unit["message"] for unit in failed),
        items=sum(summary.get("items", {}).values()),
    )
