"""The alerts, wired: light until somebody has to be told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from domain.errors import ConfigurationInvalid, JobError
from domain.operating.events import Event
from domain.operating.ports import Clock, Entropy, JobCall, RunLog
from domain.operating.run import Alert, Outcome, Summary, Trigger, Verdict
from infra.alerts.spooled import is_spooled
from infra.boot import Boot, boot, root_folder
from infra.clock import SystemClock, SystemEntropy
from infra.secrets import scrub, secrets_directory
from infra.sql.connection import Database
from infra.sql.incident_reports import is_quiet

if TYPE_CHECKING:
    from domain.operating.report import Report
    from infra.alerts.alarm import OwnerAlerts
    from infra.alerts.courier import ChannelCourier

COMMAND_LENGTH = 80
"""Characters of an incident's command; of what was typed the rest is cut off."""


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """Where alerts are kept and by what they are sent; without a database by the spool alone."""

    root: Path
    state: Path
    secrets: Path
    database: Database | None
    log: RunLog
    clock: Clock
    entropy: Entropy

    def alerts(self) -> OwnerAlerts:
        from infra.alerts.alarm import Kept, OwnerAlerts
        from infra.alerts.spool import Spool
        from infra.sql.incident_book import SqlIncidents
        from infra.sql.incident_outbox import SqlOutbox
        from kernel.contracts import contract_of

        kept = self.database and Kept(
            incidents=SqlIncidents(self.database, self.entropy),
            outbox=SqlOutbox(self.database, contract_of),
        )
        return OwnerAlerts(
            kept=kept or None,
            spool=Spool(self.state),
            courier=self.courier,
            contract_of=contract_of,
            log=self.log,
            clock=self.clock,
            entropy=self.entropy,
        )

    def courier(self) -> ChannelCourier:
        """Build the channels. Raises ConfigurationInvalid for a faulty config/alerts.toml."""
        from infra.alerts.courier import courier
        from infra.alerts.settings import routes

        return courier(routes(self.root), self.secrets, self.clock)


def alarm(settings: Boot | None, database: Database | None, log: RunLog) -> Alarm:
    """Wire the alerts; where the settings cannot be read, by what can be known without them."""
    root = settings.root if settings else root_folder()
    return Alarm(
        root=root,
        state=settings.state if settings else root / "var",
        secrets=settings.secrets_directory if settings else secrets_directory("", root),
        database=database,
        log=log,
        clock=SystemClock(),
        entropy=SystemEntropy(),
    )


class AlertsOnUse:
    """Asks one question after a good run, and loads nothing where nobody has to hear of it."""

    def __init__(self, settings: Boot, database: Database, log: RunLog) -> None:
        self._settings, self._database, self._log = settings, database, log
        self._clock = SystemClock()

    def tell(self, job: JobCall, verdict: Verdict, summary: Summary | None) -> None:
        """Judge how the run ended, and send what is due."""
        if self._is_quiet(job, verdict.outcome, summary):
            return
        from domain.operating.report import Report

        report = scrubbed(Report.of(job.start, verdict, summary, self._clock.now()))
        alarm(self._settings, self._database, self._log).alerts().report(report, job.contract)

    def _is_quiet(self, job: JobCall, outcome: Outcome, summary: Summary | None) -> bool:
        if _is_heard_of(job, outcome, summary) or is_spooled(self._settings.state):
            return False
        try:
            start, now = job.start, self._clock.now()
            return is_quiet(self._database, start.command, start.scope, now)
        except JobError as error:  # the run was good: who is waiting for its recovery waits longer
            self._log.warning(Event.ALERTS_FAILED, str(error))
            return True


def _is_heard_of(job: JobCall, outcome: Outcome, summary: Summary | None) -> bool:
    """Tell whether the outcome itself may be somebody's concern."""
    if outcome.alert is Alert.TICKET_IF_SHORT:
        items = sum(summary.items.values()) if summary else 0
        scheduled = job.start.trigger is Trigger.SCHEDULE
        return scheduled and items < job.contract.expected_min_items
    return outcome.alert is not Alert.NONE


def scrubbed(report: Report) -> Report:
    """Take the secrets out before anything is made of it: whoever judges it sees the same text."""
    faults = tuple(map(scrub, report.faults))
    return replace(report, message=scrub(report.message), faults=faults)


def tell_unstarted(
    command: str, scope: str, message: str, *, usage: bool, env: str, log: RunLog
) -> None:
    """Tell the owners of a scheduled start that became no run: there is no ledger row of it."""
    from domain.operating.report import Report
    from kernel.contracts import contract_of

    report = Report.unstarted(
        command[:COMMAND_LENGTH], scope, scrub(message), usage=usage, at=SystemClock().now()
    )
    try:
        settings = boot(env)
    except ConfigurationInvalid:
        wired = alarm(None, None, log)
    else:
        wired = alarm(settings, Database(settings.database_url), log)
    wired.alerts().report(report, contract_of(report.command))
