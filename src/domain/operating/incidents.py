"""When a failure becomes an incident, who hears of it, and when it is over: rules without effects.

One incident stands for one fault of one command and scope until the next good run. What a person
must decide here is written down in docs/explanation/alerts.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from domain.operating.contract import Contract, Owner, Priority
from domain.operating.report import Report, fingerprint, title_of
from domain.operating.run import Alert, Outcome

REMIND_EVERY = timedelta(hours=24)

QUIET_DAY = timedelta(hours=20)
"""Empty runs are normal for a job that looks for something new; a day of them is not. Four hours
short of a day, so that a daily job's first empty run counts."""

STORM_WINDOW = timedelta(hours=1)
STORM_CAP = 20
"""Opening notices an owner gets within the window; further ones become one summary."""

GIVE_UP_AFTER = timedelta(days=7)
"""A notice that no channel took for so long is dropped; the incident itself stays listed."""

FIRST_RETRY, LONGEST_RETRY = timedelta(minutes=1), timedelta(hours=1)

FAILURES = tuple(
    outcome for outcome in Outcome if outcome.alert in (Alert.PAGE, Alert.NOTIFY, Alert.IF_REPEATED)
)
"""Outcomes that count as failed when failures in a row are counted."""

GOOD = (Outcome.SUCCEEDED, Outcome.EMPTY)
"""Outcomes of a run that did its work; a skipped one says nothing of the job's health."""


class Kind(StrEnum):
    """What a notice is about."""

    PAGE = "page"
    IMPACT = "impact"
    TICKET = "ticket"
    REMINDER = "reminder"
    RECOVERY = "recovery"
    STORM = "storm"
    TEST = "test"


OPENING = (Kind.PAGE, Kind.IMPACT, Kind.TICKET)
"""Notices that tell an owner of an incident for the first time."""


class Part(StrEnum):
    """Which of the two texts an owner gets: how to mend it, what it means for the shop, or both."""

    RUNTIME = "runtime"
    DOMAIN = "domain"
    BOTH = "both"


@dataclass(frozen=True, kw_only=True)
class OpenIncident:
    """An incident that is not over; ``told`` are the owners who got an opening notice.

    ``waiting`` are those of them whom it has not reached yet.
    """

    incident_id: str
    fingerprint: str
    run_id: str
    last_run_id: str
    told: frozenset[Owner] = frozenset()
    waiting: frozenset[Owner] = frozenset()


@dataclass(frozen=True, kw_only=True)
class History:
    """What is known when a report is judged.

    ``streak`` counts the failed firings in a row, this one included. ``filled_at`` is when a run
    last had something to do. ``lately`` counts each owner's opening notices within the storm's
    window, ``warned`` are those who got its summary.
    """

    streak: int = 1
    filled_at: datetime | None = None
    open: Sequence[OpenIncident] = ()
    lately: Mapping[Owner, int] = field(default_factory=dict)
    warned: frozenset[Owner] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Addressee:
    """One owner and what the notice is."""

    owner: Owner
    kind: Kind
    part: Part


@dataclass(frozen=True, kw_only=True)
class Opening:
    """A new incident and the notices it begins with."""

    fingerprint: str
    title: str
    severity: Kind
    addressees: tuple[Addressee, ...]


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """An incident that is over, and who hears so.

    Whom its first notice has not reached is told once, by that notice, that it came and went.
    """

    incident_id: str
    owners: tuple[Owner, ...]


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What follows from a report: at most one incident begins or grows, any number end."""

    opens: Opening | None = None
    joins: str | None = None
    recovers: tuple[Recovery, ...] = ()


# --- what follows -----------------------------------------------------------------------------


def judge(report: Report, contract: Contract, history: History) -> Judgement:
    """Decide what one report means for the incidents of its command and scope."""
    mark = fingerprint(report)
    recovers = _recoveries(report, history, spared=mark)
    severity = severity_of(report, contract, history)
    if severity is None:
        return Judgement(recovers=recovers)
    known = next((incident for incident in history.open if _covers(incident, report, mark)), None)
    if known:
        return Judgement(joins=known.incident_id, recovers=recovers)
    if history.streak < patience(report, contract):
        return Judgement(recovers=recovers)
    opening = Opening(
        fingerprint=mark,
        title=title_of(report),
        severity=severity,
        addressees=_within_cap(audience(severity, contract), history),
    )
    return Judgement(opens=opening, recovers=recovers)


def severity_of(report: Report, contract: Contract, history: History) -> Kind | None:
    """Say how loud the outcome is; None for one that needs nobody."""
    alert = report.outcome.alert
    if alert is Alert.TICKET_IF_SHORT:
        return Kind.TICKET if _is_short(report, contract, history) else None
    if alert is Alert.NOTIFY:
        return Kind.IMPACT
    return None if alert is Alert.NONE else Kind.PAGE


def patience(report: Report, contract: Contract) -> int:
    """Count the failures in a row at which an incident opens.

    A person who starts a job by hand sees it fail, so that one failure more is needed then; never
    all of them, for a crontab line may have forgotten to say that it is no person.
    """
    if report.outcome is Outcome.EMPTY:
        return 1  # a whole quiet day has passed already
    needed = 1 if contract.priority is Priority.HIGH else 2
    if report.outcome.alert is Alert.IF_REPEATED:
        needed = 2
    return needed if report.scheduled else needed + 1


def audience(severity: Kind, contract: Contract) -> tuple[Addressee, ...]:
    """List who is told: each team once, the accountable ones always."""
    if severity is not Kind.PAGE:
        return tuple(_to(owner, severity, Part.DOMAIN) for owner in _accountable(contract))
    paged = contract.responsible
    part = Part.BOTH if paged in contract.accountable else Part.RUNTIME
    others = (owner for owner in _accountable(contract) if owner is not paged)
    return (
        _to(paged, Kind.PAGE, part),
        *(_to(owner, Kind.IMPACT, Part.DOMAIN) for owner in others),
    )


def backoff(tries: int) -> timedelta:
    """Give the wait after the given number of failed tries: a minute, doubled up to an hour."""
    return min(LONGEST_RETRY, FIRST_RETRY * (1 << min(tries - 1, 10)))


def next_reminder(due: datetime, now: datetime) -> datetime:
    """Give the next due time after a reminder; those that nobody could send are not made up for."""
    missed = max((now - due) // REMIND_EVERY, 0)
    return due + REMIND_EVERY * (missed + 1)


def _recoveries(report: Report, history: History, *, spared: str) -> tuple[Recovery, ...]:
    if report.outcome not in GOOD:
        return ()
    return tuple(
        Recovery(
            incident_id=incident.incident_id,
            owners=tuple(sorted(incident.told - incident.waiting)),
        )
        for incident in history.open
        if incident.fingerprint != spared  # a dry spell is not over because a run found nothing
    )


def _covers(incident: OpenIncident, report: Report, mark: str) -> bool:
    """One run begins one incident at most, even if it is found dead after it told of its end."""
    own = report.run_id in (incident.run_id, incident.last_run_id)
    return incident.fingerprint == mark or (bool(report.run_id) and own)


def _is_short(report: Report, contract: Contract, history: History) -> bool:
    if not report.scheduled or report.items >= contract.expected_min_items:
        return False
    return history.filled_at is not None and report.at - history.filled_at >= QUIET_DAY


def _within_cap(wanted: Sequence[Addressee], history: History) -> tuple[Addressee, ...]:
    """Replace what an owner would get above the cap by one summary, sent once per window."""
    kept = []
    for addressee in wanted:
        if history.lately.get(addressee.owner, 0) < STORM_CAP:
            kept.append(addressee)
        elif addressee.owner not in history.warned:
            kept.append(_to(addressee.owner, Kind.STORM, addressee.part))
    return tuple(kept)


def _accountable(contract: Contract) -> tuple[Owner, ...]:
    return tuple(dict.fromkeys(contract.accountable))


def _to(owner: Owner, kind: Kind, part: Part) -> Addressee:
    return Addressee(owner=owner, kind=kind, part=part)
