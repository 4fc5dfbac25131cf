"""The way of one reminder: an address, its words, the ledger, the server, the ledger again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from domain.errors import Refused, StopRequested
from domain.jobs.license_reminders.plan import Reminder, Rule
from domain.jobs.license_reminders.ports import Claim, Letters, ReminderBook, Status
from domain.mail.address import mail_address
from domain.mail.failures import (
    DeliveryUnknown,
    MailDeferred,
    MailServerAway,
    MailServerRefused,
    RecipientRefused,
)
from domain.mail.ports import Mail, Mailer, MailSession
from domain.operating.events import Event
from domain.operating.ports import ActiveRun
from domain.operating.run import Unit, UnitResult
from domain.operating.units import guarded

PATIENCE = 5
"""So many times a server may ask to come later before that counts as a failure."""


@dataclass(frozen=True)
class Sending:
    """All reminders of one run over one connection."""

    book: ReminderBook
    mailer: Mailer
    letters: Letters
    rule: Rule
    run: ActiveRun

    def told(self, due: Sequence[Reminder]) -> list[Unit]:
        """Say who would be written to."""
        return [guarded(one.name, partial(self._told, one), self.run) for one in due]

    def _told(self, one: Reminder) -> Unit:
        if waiting := self.waiting(one):
            return waiting
        words = self.mail(one)
        return _unit(one, UnitResult.DONE, f"would go to {words.to}: {words.subject}")

    def sent(self, due: Sequence[Reminder]) -> list[Unit]:
        """Send one after another; a server that is away or refuses us ends the run."""
        if not due:
            return []
        with self.run.stage("send"), self.mailer.session() as session:
            units = []
            for number, one in enumerate(due):
                self.run.progress("reminders", number, len(due))
                self.run.checkpoint("licence")
                work = _Way(self, one, session)
                units.append(guarded(one.name, work.gone, self.run))
                if work.end is not None:
                    raise work.end
        return units

    def waiting(self, one: Reminder) -> Unit | None:
        """One that was begun a short while ago may still be on its way."""
        if not one.is_left or one.entry is None or one.entry.age >= self.rule.try_again:
            return None
        minutes = self.rule.try_again.total_seconds() / 60
        why = f"was begun and nobody knows whether it left; sent again {minutes:.0f} minutes after"
        self.run.warn(Event.UNIT_FAILED, why, unit=one.name, key=one.key)
        return _unit(one, UnitResult.SKIPPED, why)

    def mail(self, one: Reminder) -> Mail:
        """Write it. Raises RecipientRefused where there is nobody to write to."""
        licence = one.licence
        try:
            to = mail_address(licence.email)
        except Refused as error:
            who = f"customer {licence.customer_id}"
            why = f"{who}: {error}" if licence.known else f"there is no {who}"
            raise RecipientRefused(why) from error
        words = self.letters.write(licence.language, licence, one.until, one.days)
        return Mail(
            key=one.key,
            to=to,
            name=licence.name,
            language=words.language,
            subject=words.subject,
            text=words.text,
            html=words.html,
        )


class _Way:
    """One reminder from the plan to its end; ``end`` is what ends the run with it."""

    def __init__(self, sending: Sending, one: Reminder, session: MailSession) -> None:
        self._sending, self._one, self._session = sending, one, session
        self._book, self._run = sending.book, sending.run
        self.end: MailServerAway | MailServerRefused | None = None

    def gone(self) -> Unit:
        if waiting := self._sending.waiting(self._one):
            return waiting
        claim = self._one.claim(self._sending.mailer.message_id(self._one.key))
        if self._one.entry is not None and self._one.entry.status is Status.RESENDING:
            return self._given_up(claim)
        try:
            mail = self._sending.mail(self._one)
        except RecipientRefused as error:
            self._book.claim(claim, Status.REFUSED, self._run, str(error))
            raise
        again = self._one.is_left
        self._book.claim(claim, Status.RESENDING if again else Status.SENDING, self._run)
        return self._handed_over(claim, mail)

    def _handed_over(self, claim: Claim, mail: Mail) -> Unit:
        try:
            self._run.checkpoint("claimed")
            receipt = self._session.send(mail)
        except RecipientRefused as error:
            self._book.settle(claim, Status.REFUSED, self._run, str(error))
            raise
        except MailDeferred as error:
            return self._deferred(claim, error)
        except DeliveryUnknown as error:
            raise DeliveryUnknown(f"{error}; Message-ID {claim.message_id}") from error
        except (StopRequested, MailServerAway, MailServerRefused) as error:
            self._book.settle(claim, Status.DEFERRED, self._run, str(error))
            self.end = None if isinstance(error, StopRequested) else error
            raise
        try:
            self._run.checkpoint("handed over")
        finally:  # asked to stop, it still is sent
            self._book.settle(claim, Status.SENT, self._run)
        return self._unit(UnitResult.DONE, receipt)  # no address: a log is kept for long

    def _deferred(self, claim: Claim, error: MailDeferred) -> Unit:
        self._book.settle(claim, Status.DEFERRED, self._run, str(error))
        entry = self._one.entry
        if entry is not None and entry.attempts + 1 >= PATIENCE:
            raise error
        return self._unit(UnitResult.SKIPPED, f"not taken now, the next run tries again: {error}")

    def _given_up(self, claim: Claim) -> Unit:
        why = f"begun twice without an end; look for {claim.message_id} in the mail server's log"
        self._book.claim(claim, Status.UNKNOWN, self._run, why)
        return self._unit(UnitResult.FAILED, why)

    def _unit(self, result: UnitResult, message: str) -> Unit:
        unit = _unit(self._one, result, message)
        self._run.log(Event.UNIT_FINISHED, message, unit=unit.name, result=result.value)
        return unit


def _unit(one: Reminder, result: UnitResult, message: str) -> Unit:
    return Unit(name=one.name, result=result, message=message)
