"""Alertmanager's v2 API: one alert per job and scope, which its routes bring to both owners."""

from __future__ import annotations

import http.client
import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from domain.operating.contract import Owner
from domain.operating.incidents import GIVE_UP_AFTER, Kind
from domain.operating.notices import Letter
from infra.alerts.channel import CHANNEL_SECONDS, NotDelivered
from infra.alerts.settings import Values
from infra.alerts.texts import Impact, impact_text, runtime_text, subject
from infra.secrets import scrub

STANDS = GIVE_UP_AFTER
"""An alert without an end is over after five minutes to Alertmanager. This outlasts any outage that
the recovery's own tries outlast; no reminder renews an alert that was acknowledged."""

BRIEFLY = timedelta(minutes=5)
"""A page after the recovery, a test, a storm: an alert that ended already would tell nobody."""

ACCEPTED = 200

_NAMES = {Kind.TICKET: "CronSucceededEmpty", Kind.IMPACT: "CronRunPartial"}


@dataclass(frozen=True)
class AlertmanagerChannel:
    """One Alertmanager. Both owners' notices of an incident are one alert to it."""

    name: str
    values: Values
    impact: Impact

    def send(self, letter: Letter) -> str:
        """Post the alert; the same one again does no harm."""
        address = urlsplit(self.values["url"])
        kind = (
            http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        )
        connection = kind(address.hostname or "", address.port, timeout=CHANNEL_SECONDS)
        try:
            path = f"{address.path.rstrip('/')}/api/v2/alerts"
            content = json.dumps([self.alert(letter)])
            connection.request("POST", path, content, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            said = answer.read(500).decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            raise NotDelivered(f"{type(error).__name__}: {error}") from error
        finally:
            connection.close()
        if answer.status != ACCEPTED:
            raise NotDelivered(f"HTTP {answer.status}: {said}")
        return f"HTTP {answer.status}"

    def alert(self, letter: Letter) -> dict[str, Any]:
        """Write the alert; the labels are the same from its page to its recovery."""
        incident, contract = letter.incident, letter.contract
        page = incident.severity is Kind.PAGE
        return {
            "labels": {
                "alertname": _name(letter),
                "cron_job": incident.schedule_id or incident.command,
                "command": incident.command,
                "scope": incident.scope,
                "severity": "page" if page else "ticket",
                "domain_owner": ",".join(map(slug, contract.accountable)),
                "runtime_owner": slug(contract.responsible),
                "fault": incident.fingerprint,
            },
            "annotations": {
                "summary": subject(letter),
                "description": scrub(runtime_text(letter)),
                "impact": scrub(impact_text(letter, self.impact)),
                "runbook": " ".join(f"ops/runbooks/{cr}.md" for cr in contract.covers),
                "incident": incident.incident_id,
            },
            "startsAt": incident.opened_at.isoformat(),
            "endsAt": _end(letter).isoformat(),
        }


def slug(owner: Owner) -> str:
    """Write an owner as routes name it: ``Platform Export`` is ``platform-export``."""
    return re.sub(r"[^a-z0-9]+", "-", owner.lower()).strip("-")


def _name(letter: Letter) -> str:
    if letter.notice.kind is Kind.TEST:
        return "CronAlertTest"
    if letter.notice.kind is Kind.STORM:
        return "CronIncidentStorm"
    return _NAMES.get(letter.incident.severity, "CronRunFailed")


def _end(letter: Letter) -> datetime:
    if letter.notice.kind is Kind.RECOVERY:
        return letter.incident.recovered_at or letter.now
    brief = letter.incident.recovered_at or letter.notice.kind in (Kind.TEST, Kind.STORM)
    return letter.now + (BRIEFLY if brief else STANDS)
