"""CR-003: each reminder is begun in the ledger, sent, and settled there; one stops no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta, tzinfo

from domain.jobs.license_reminders.plan import Reminder, Rule, last_day, reminder
from domain.jobs.license_reminders.ports import Letters, ReminderBook
from domain.jobs.license_reminders.request import ReminderRequest
from domain.jobs.license_reminders.sending import Sending
from domain.mail.ports import Mailer
from domain.operating.events import Event
from domain.operating.ports import ActiveRun, Clock
from domain.operating.run import Summary, Unit, UnitResult

_MOST_NOTES = 20


@dataclass(frozen=True, kw_only=True)
class Habits:
    """When the shop reminds: the settings of the job."""

    offsets: tuple[int, ...]
    statuses: tuple[str, ...]
    try_again: timedelta
    zone: tzinfo


@dataclass
class _Found:
    """What is to be done, and what is only told."""

    due: list[Reminder] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    inactive: int = 0


class LicenseReminders:
    """Reminds each customer once per licence, last day and offset.

    Source: MinishopController::notifyLicenseExpiration (CR-003).
    """

    def __init__(
        self, book: ReminderBook, mailer: Mailer, letters: Letters, habits: Habits, clock: Clock
    ) -> None:
        self._book, self._mailer, self._letters = book, mailer, letters
        self._habits, self._clock = habits, clock

    def __call__(self, request: ReminderRequest, run: ActiveRun) -> Summary:
        """Remind of what is due; the server is asked only where something is."""
        rule = self._rule(request)
        run.checkpoint("licences")
        found = self._found(rule, run)
        sending = Sending(self._book, self._mailer, self._letters, rule, run)
        units = sending.told(found.due) if run.dry_run else sending.sent(found.due)
        return _summary(units, found, run)

    def _rule(self, request: ReminderRequest) -> Rule:
        today = request.date or self._clock.now().astimezone(self._habits.zone).date()
        return Rule(
            today=today,
            offsets=request.offsets or self._habits.offsets,
            exact=request.exact,
            try_again=self._habits.try_again,
        )

    def _found(self, rule: Rule, run: ActiveRun) -> _Found:
        found = _Found()
        ledger = self._book.entries(rule.today, rule.last)
        for licence in self._book.ending(rule.today, rule.last, self._habits.statuses):
            until = last_day(licence)
            if until is None:
                why = f"licence {licence.license_id}: {licence.valid_until!r} is no day"
                found.notes.append(f"{why}; write valid_until as YYYY-MM-DD")
                run.warn(Event.UNIT_FAILED, found.notes[-1])
                continue
            entries = ledger.get((licence.license_id, licence.valid_until), ())
            one = reminder(licence, until, entries, rule)
            if one is not None and one.is_open:
                self._sort_in(found, one)
        return found

    @staticmethod
    def _sort_in(found: _Found, one: Reminder) -> None:
        if one.licence.known and not one.licence.active:
            found.inactive += 1
        else:
            found.due.append(one)


def _summary(units: Sequence[Unit], found: _Found, run: ActiveRun) -> Summary:
    notes = found.notes[:_MOST_NOTES]
    if found.inactive:
        notes.append(f"{found.inactive} licences of inactive customers were left out")
    if run.dry_run:
        notes.append("dry run: nothing was sent or written")
    sent = sum(unit.result is UnitResult.DONE for unit in units)
    return Summary(
        units=tuple(units), items={"sent": 0 if run.dry_run else sent}, notes=tuple(notes)
    )
