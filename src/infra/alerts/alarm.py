"""After a run: what it means for the incidents, and whatever is due in the outbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from domain.errors import ConfigurationInvalid, JobError, StoreUnavailable
from domain.operating.contract import Contract
from domain.operating.events import Event
from domain.operating.incidents import (
    FAILURES,
    OPENING,
    Addressee,
    History,
    Judgement,
    Kind,
    Opening,
    audience,
    patience,
    severity_of,
)
from domain.operating.notices import Delivery, Incident, Letter, Notice, State
from domain.operating.ports import Clock, Entropy, RunLog
from domain.operating.report import Report, fingerprint, title_of
from infra.alerts.courier import ChannelCourier
from infra.alerts.spool import Entry, Spool
from infra.sql.incident_book import SqlIncidents
from infra.sql.incident_outbox import SqlOutbox


@dataclass(frozen=True, kw_only=True)
class Kept:
    """The incidents' part of the ledger."""

    incidents: SqlIncidents
    outbox: SqlOutbox


@dataclass(frozen=True, kw_only=True)
class OwnerAlerts:
    """Tells owners by the ledger; without it by the spool alone. ``kept`` is None without one."""

    kept: Kept | None
    spool: Spool
    courier: Callable[[], ChannelCourier]
    contract_of: Callable[[str], Contract]
    log: RunLog
    clock: Clock
    entropy: Entropy

    def report(self, report: Report, contract: Contract) -> None:
        """Judge the report and all that waits, and send what is due."""
        then: Callable[[], object] = self.flush
        try:
            self._judge(report, contract)
        except (StoreUnavailable, ConfigurationInvalid) as error:
            self.log.warning(Event.ALERTS_FAILED, f"the ledger keeps no incidents now: {error}")
            then = partial(self._tell_without_ledger, report, contract)
        try:
            then()
        except JobError as error:
            self.log.warning(Event.ALERTS_FAILED, f"nothing is sent now: {error}")

    def flush(self) -> int:
        """Send what is due, what tells of a failure first; counts what a channel took."""
        kept = self._kept()
        due = sorted(kept.outbox.due(self.clock.now()), key=lambda n: n.kind not in OPENING)
        if not due:
            return 0
        courier, sent = self.courier(), 0
        deaf: dict[str, None] = {}
        for notice in due:
            letter = kept.outbox.claim(notice, self.clock.now()) if courier.has_time else None
            if letter is None:
                continue
            delivery = courier.deliver(letter)
            kept.outbox.settle(notice, delivery, self.clock.now())
            sent += delivery.state is State.SENT
            deaf |= _deaf(notice, delivery)
            self._say(notice, delivery)
        self._say_deaf(deaf)
        return sent

    def hurry(self) -> tuple[int, int]:
        """Try all that has not arrived now; gives how many waited and how many were sent."""
        waiting = self._kept().outbox.hurry(self.clock.now())
        return waiting, self.flush()

    # --- with the ledger ------------------------------------------------------------------------

    def _kept(self) -> Kept:
        if self.kept is None:
            raise ConfigurationInvalid("the settings name no ledger")
        return self.kept

    def _judge(self, report: Report, contract: Contract) -> None:
        incidents, now = self._kept().incidents, self.clock.now()
        waiting = incidents.waiting()
        if not self.spool.is_empty:
            self._merge(incidents)
        for number, other in waiting.items():
            if other.run_id != report.run_id or not other.run_id:
                theirs = self.contract_of(other.command)
                self._note(other, incidents.judge(other, theirs, now, number=number))
        self._note(report, incidents.judge(report, contract, now))
        incidents.remind(now)

    def _merge(self, incidents: SqlIncidents) -> None:
        """Bring in what was told while the ledger was away, so that its end is told too."""
        with self.spool.taken() as entries:
            for entry in entries:
                opening = _opening(entry.report, self.contract_of(entry.report.command))
                told = tuple(to for to in opening.addressees if to.owner in entry.told)
                if told:
                    opening = replace(opening, addressees=told)
                    at = entry.report.at
                    incidents.adopt(entry.incident_id, entry.report, opening, entry.count, at)

    def _note(self, report: Report, judgement: Judgement | None) -> None:
        if judgement and judgement.opens:
            self.log.warning(
                Event.INCIDENT_OPENED,
                judgement.opens.title,
                failed_command=report.command,
                failed_scope=report.scope,
            )
        for recovery in judgement.recovers if judgement else ():
            self.log.info(Event.INCIDENT_RECOVERED, incident=recovery.incident_id)

    # --- without it -----------------------------------------------------------------------------

    def _tell_without_ledger(self, report: Report, contract: Contract) -> None:
        if report.outcome not in FAILURES:
            return
        entry = self.spool.note(report, self.entropy.uuid7())
        opening = _opening(report, contract)
        if self.spool.remembers and entry.count < patience(report, contract):
            return
        courier = self.courier()
        deaf: dict[str, None] = {}
        for addressee in opening.addressees:
            if self.spool.claim(entry, addressee.owner, self.clock.now()):
                letter = self._letter(entry, opening, addressee, contract)
                delivery = courier.deliver(letter)
                told = delivery.state is State.SENT
                self.spool.settle(entry, addressee.owner, self.clock.now(), told=told)
                deaf |= _deaf(letter.notice, delivery)
                self._say(letter.notice, delivery)
        self._say_deaf(deaf)

    def _letter(
        self, entry: Entry, opening: Opening, addressee: Addressee, contract: Contract
    ) -> Letter:
        report = entry.report
        notice = Notice(
            notice_id=self.entropy.uuid7(),
            incident_id=entry.incident_id,
            owner=addressee.owner,
            kind=addressee.kind,
            part=addressee.part,
            number=0,
            created_at=report.at,
        )
        incident = Incident(
            incident_id=entry.incident_id,
            command=report.command,
            scope=report.scope,
            fingerprint=opening.fingerprint,
            title=opening.title,
            outcome=report.outcome.word,
            severity=opening.severity,
            opened_at=report.at,
            last_at=report.at,
            failures=entry.count,
            run_id=report.run_id,
            last_run_id=report.run_id,
            schedule_id=report.schedule_id,
        )
        return Letter(notice=notice, incident=incident, contract=contract, now=self.clock.now())

    # --- what the log hears ---------------------------------------------------------------------

    def _say(self, notice: Notice, delivery: Delivery) -> None:
        fields: Mapping[str, str] = {
            "owner": notice.owner.value,
            "kind": notice.kind.value,
            "incident": notice.incident_id,
        }
        answers = "; ".join(f"{receipt.channel}: {receipt.answer}" for receipt in delivery.receipts)
        if delivery.state is State.SENT:
            self.log.info(Event.ALERT_SENT, answers, **fields)
        elif delivery.receipts:
            self.log.warning(Event.ALERT_UNSENT, answers, **fields)

    def _say_deaf(self, owners: Mapping[str, None]) -> None:
        if owners:
            names = ", ".join(owners)
            message = f"no channel for owner {names}; see config/alerts.toml"
            self.log.warning(Event.ALERT_NO_CHANNEL, message)


def _opening(report: Report, contract: Contract) -> Opening:
    severity = severity_of(report, contract, History()) or Kind.PAGE
    return Opening(
        fingerprint=fingerprint(report),
        title=title_of(report),
        severity=severity,
        addressees=audience(severity, contract),
    )


def _deaf(notice: Notice, delivery: Delivery) -> dict[str, None]:
    """Name the owner who has no channel, in the form of a set that keeps its order."""
    return {notice.owner.value: None} if delivery.state is State.NO_CHANNEL else {}
