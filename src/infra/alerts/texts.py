"""What an owner reads: how to mend it (runtime), what it means for the shop (domain), or both.

Plain text only: there is no markup that a file's name or an error's message could break.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from domain.operating.contract import Contract
from domain.operating.incidents import STORM_CAP, Kind, Part
from domain.operating.notices import Letter
from infra.secrets import scrub

Impact = Callable[[Contract], Sequence[str]]

SUBJECT_LENGTH = 160


def subject(letter: Letter) -> str:
    """Give the headline: one line of printable characters."""
    incident, crs = letter.incident, ", ".join(letter.contract.covers)
    if letter.notice.kind is Kind.TEST:
        return f"[test] {incident.command} ({crs})"
    if letter.notice.kind is Kind.STORM:
        return f"[storm] {letter.others} incidents within an hour"
    word = "recovered" if incident.recovered_at else letter.notice.kind.value
    what = _headline(letter) if letter.notice.part is Part.DOMAIN else incident.title
    return _one_line(scrub(f"[{word}] {_named(letter)} ({crs}): {what}"))[:SUBJECT_LENGTH]


def body(letter: Letter, impact: Impact) -> str:
    """Give the text for the owner's part."""
    if letter.notice.kind is Kind.STORM:
        return scrub(_paragraphs(_storm(letter)))
    notice, over = letter.notice, letter.incident.recovered_at
    parts = [_opening(letter)]
    if notice.part in (Part.DOMAIN, Part.BOTH) and not over:
        parts.append(impact_text(letter, impact))
    if notice.part in (Part.RUNTIME, Part.BOTH) and notice.kind is not Kind.RECOVERY:
        parts.append(runtime_text(letter))
    parts.append(_signature(letter))
    return scrub(_paragraphs(parts))


def impact_text(letter: Letter, impact: Impact) -> str:
    """Say in plain words what does not happen in the shop now."""
    contract, incident = letter.contract, letter.incident
    if incident.recovered_at:
        return "The job works again."
    meaning = impact(contract) or (f'The job "{contract.summary}" does not do its work.',)
    lines = ["What this means:", *(f"  {line}" for line in meaning)]
    if letter.notice.kind is not Kind.TEST:
        lines.append(f"Reason given: {incident.title}")
    if incident.severity is Kind.PAGE:
        lines.append(f"{contract.responsible} mends it and is told at the same time.")
    return "\n".join(lines)


def runtime_text(letter: Letter) -> str:
    """Say where to look and what to type."""
    contract, incident = letter.contract, letter.incident
    lines = [
        f"Fault:     {incident.title}",
        f"Command:   {incident.command} {incident.scope}".rstrip(),
        f"Run:       {incident.last_run_id or '(none began)'}",
        f"Failures:  {incident.failures}, the last at {_time(incident.last_at)}",
        f"Safe again: {contract.idempotency.note}",
        "",
        "To do:",
        *(f"  {line}" for line in commands(letter)),
        *(f"  runbook: ops/runbooks/{cr}.md" for cr in contract.covers),
    ]
    return "\n".join(lines)


def commands(letter: Letter) -> Iterable[str]:
    """List what to type: the log's tail, the incident, and what stops the reminders."""
    incident = letter.incident
    if incident.last_run_id:
        yield f"bin/console runs:show {incident.last_run_id}"
    else:
        yield f"bin/console contract:show {letter.contract.name}"
    if incident.incident_id:
        yield f"bin/console incidents:show {incident.incident_id}"
        yield f"bin/console incidents:ack {incident.incident_id} --reason='…'"


def _named(letter: Letter) -> str:
    """Name the job as its reader knows it: by what it does, or by what is typed."""
    scope = letter.incident.scope
    if letter.notice.part is not Part.DOMAIN:
        return f"{letter.incident.command} {scope}".rstrip()
    return f"{letter.contract.summary} [{scope}]" if scope else letter.contract.summary


def _headline(letter: Letter) -> str:
    if letter.incident.recovered_at:
        return "works again"
    return _DONE.get(letter.incident.severity, _FAILED)


def _opening(letter: Letter) -> str:
    incident, name = letter.incident, _named(letter)
    if letter.notice.kind is Kind.TEST:
        who = letter.notice.owner
        return f"This is a test of the way to {who}. Nothing has failed. A failure would read:"
    if incident.recovered_at:
        lasted = _span(incident.recovered_at - incident.opened_at)
        when = f"{_time(incident.opened_at)} to {_time(incident.recovered_at)} ({lasted})"
        return f"{name} works again.\nIt failed from {when}: {incident.title}"
    if letter.notice.kind is Kind.REMINDER:
        open_for = _span(letter.now - incident.opened_at)
        return f"{name} still fails, now for {open_for}: {incident.title}"
    return f"{name} {_headline(letter)}: {_time(incident.opened_at)}."


_FAILED = "failed"
_DONE = {
    Kind.TICKET: "has found nothing to do for a day, though it should have",
    Kind.IMPACT: "did a part of its work only",
}


def _storm(letter: Letter) -> Iterable[str]:
    yield (
        f"{letter.others} incidents were opened within an hour. You have been told of"
        f" {STORM_CAP}; of the others nothing more is sent, but each is listed."
    )
    yield "To do:\n  bin/console incidents:list"


def _signature(letter: Letter) -> str:
    contract = letter.contract
    accountable = " + ".join(contract.accountable)
    incident = f"Incident {letter.incident.incident_id}, " if letter.incident.incident_id else ""
    return f"-- \n{incident}accountable: {accountable}, responsible: {contract.responsible}"


def _paragraphs(parts: Iterable[str]) -> str:
    return "\n\n".join(parts) + "\n"


def _one_line(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _time(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"


def _span(span: timedelta) -> str:
    minutes = int(span.total_seconds()) // 60
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    counted = ((days, "d"), (hours, "h"), (minutes, "min"))
    return " ".join(f"{count} {unit}" for count, unit in counted if count) or "less than a minute"
