"""incidents:list, incidents:show and incidents:ack: what is broken, and who knows of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, ClassVar

import typer

from commands.result import Facts, Table, Text
from domain.errors import Refused
from domain.operating.notices import Incident, IncidentBook
from domain.operating.ports import Clock

_ID_LENGTH = 13
"""As runs:list shortens its ids."""

Id = Annotated[str, typer.Argument(help="The incident's id or its beginning.")]


class IncidentsList:
    """Lists the incidents that are not over, the newest first."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console incidents:list",
        "bin/console incidents:list --all --limit=50",
        "bin/console incidents:list --format=json",
    )

    def __init__(self, book: IncidentBook, clock: Clock) -> None:
        self._book, self._clock = book, clock

    def __call__(
        self,
        every: Annotated[bool, typer.Option("--all", help="Those that are over too.")] = False,
        limit: Annotated[int, typer.Option(metavar="N", min=1, help="How many incidents.")] = 20,
    ) -> Table:
        found = self._book.incidents(closed=every, limit=limit)
        return Table(
            columns=(
                "incident", "opened (UTC)", "open for", "state", "command", "scope", "failures",
                "what",
            ),
            rows=[
                (
                    incident.incident_id[:_ID_LENGTH],
                    f"{incident.opened_at:%Y-%m-%d %H:%M}",
                    _span((incident.recovered_at or self._clock.now()) - incident.opened_at),
                    incident.state,
                    incident.command,
                    incident.scope,
                    incident.failures,
                    incident.title,
                )
                for incident in found
            ],
            empty="no incidents yet" if every else "no incident is open",
        )  # fmt: skip


class IncidentsShow:
    """Shows one incident: its fault, its notices and what each channel answered."""

    examples: ClassVar[tuple[str, ...]] = ("bin/console incidents:show 0192f3a4-7b",)

    def __init__(self, book: IncidentBook) -> None:
        self._book = book

    def __call__(self, incident_id: Id) -> Facts:
        incident = _found(self._book, incident_id)
        return Facts(
            title=f"{incident.command} {incident.scope}: {incident.state}",
            facts=_facts(incident),
            tables=(self._notices(incident), self._receipts(incident)),
        )

    def _notices(self, incident: Incident) -> Table:
        return Table(
            title="notices",
            columns=("owner", "kind", "text", "state", "written (UTC)", "tries"),
            rows=[
                (
                    notice.owner,
                    notice.kind,
                    notice.part,
                    notice.state,
                    f"{notice.created_at:%Y-%m-%d %H:%M:%S}",
                    notice.tries,
                )
                for notice in self._book.notices(incident.incident_id)
            ],
        )

    def _receipts(self, incident: Incident) -> Table:
        by_notice = self._book.receipts(incident.incident_id)
        rows = [
            (
                notice.owner,
                notice.kind,
                receipt.channel,
                "ok" if receipt.accepted else "failed",
                f"{receipt.at:%Y-%m-%d %H:%M:%S}",
                receipt.answer,
            )
            for notice in self._book.notices(incident.incident_id)
            for receipt in by_notice.get(notice.notice_id, ())
        ]
        return Table(
            title="receipts",
            columns=("owner", "kind", "channel", "state", "at (UTC)", "answer"),
            rows=rows,
        )


class IncidentsAck:
    """Takes an incident on: no more reminders; its end is told all the same."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console incidents:ack 0192f3a4-7b --reason='the supplier sends a new file at noon'",
    )

    def __init__(self, book: IncidentBook, clock: Clock, actor: str) -> None:
        self._book, self._clock, self._actor = book, clock, actor

    def __call__(
        self,
        incident_id: Id,
        reason: Annotated[str, typer.Option(help="Why; kept with the incident and in the audit.")],
    ) -> Text:
        incident = _found(self._book, incident_id)
        taken = self._book.acknowledge(
            incident, actor=self._actor, reason=reason, now=self._clock.now()
        )
        state = "is acknowledged" if taken else "is over already"
        return Text(
            text=f"incident {incident.incident_id} {state}",
            data={"incident": incident.incident_id, "acknowledged": taken},
        )


def _found(book: IncidentBook, incident_id: str) -> Incident:
    try:
        return book.incident(incident_id)
    except Refused as error:
        raise typer.BadParameter(str(error)) from error


def _facts(incident: Incident) -> dict[str, Any]:
    return {
        "incident": incident.incident_id,
        "what": incident.title,
        "outcome": incident.outcome,
        "severity": incident.severity.value,
        "failures": incident.failures,
        "opened": f"{incident.opened_at:%Y-%m-%d %H:%M:%S} UTC",
        "last": f"{incident.last_at:%Y-%m-%d %H:%M:%S} UTC",
        "over since": _time(incident.recovered_at),
        "next reminder": _time(incident.remind_at),
        "acknowledged": _time(incident.acked_at),
        "by": incident.acked_by,
        "reason": incident.ack_reason,
        "first run": incident.run_id,
        "last run": incident.last_run_id,
        "schedule": incident.schedule_id,
        "fingerprint": incident.fingerprint,
    }


def _time(instant: Any) -> str | None:
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC" if instant else None


def _span(span: timedelta) -> str:
    minutes = max(int(span.total_seconds()), 0) // 60
    if minutes < 60:  # noqa: PLR2004 - minutes of an hour
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 60 // 24} d"
