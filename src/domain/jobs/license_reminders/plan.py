"""Which reminder of a licence is due, by its days and by what the ledger knows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from domain.jobs.license_reminders.offsets import due
from domain.jobs.license_reminders.ports import Claim, Entry, Licence, Status

_BEGUN = (Status.SENDING, Status.RESENDING)
_MAY_BE_SUPERSEDED = (*_BEGUN, Status.DEFERRED)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """As of which day, at which offsets, and after how long an open end is tried again."""

    today: date
    offsets: tuple[int, ...]
    exact: bool
    try_again: timedelta

    @property
    def last(self) -> date:
        """The latest end that is spoken of."""
        return self.today + timedelta(days=max(self.offsets))


@dataclass(frozen=True, kw_only=True)
class Reminder:
    """What is due for a licence: its state in the ledger decides what is done about it."""

    licence: Licence
    until: date
    days: int
    offset: int
    superseded: tuple[int, ...]
    entry: Entry | None

    @property
    def name(self) -> str:
        return f"licence {self.licence.license_id}, {self.offset} days"

    @property
    def key(self) -> str:
        return f"license-{self.licence.license_id}.{self.until}.{self.offset}"

    @property
    def recipient(self) -> str:
        return hashlib.sha256(self.licence.email.encode("utf-8", "replace")).hexdigest()

    @property
    def is_open(self) -> bool:
        """Not begun, not taken last time, begun without an end, or for another address now."""
        if self.entry is None or self.entry.status in _MAY_BE_SUPERSEDED:
            return True
        return self.entry.status is Status.REFUSED and self.entry.recipient != self.recipient

    @property
    def is_left(self) -> bool:
        """It was begun, and nobody knows whether it left."""
        return self.entry is not None and self.entry.status in _BEGUN

    def claim(self, message_id: str) -> Claim:
        return Claim(
            license_id=self.licence.license_id,
            valid_until=self.until,
            offset=self.offset,
            recipient=self.recipient,
            message_id=message_id,
            superseded=self.superseded,
        )


def last_day(licence: Licence) -> date | None:
    """Read the licence's last day; None where what is written is no day."""
    try:
        day = date.fromisoformat(licence.valid_until)
    except ValueError:
        return None
    return day if day.isoformat() == licence.valid_until else None


def reminder(
    licence: Licence, until: date, entries: Sequence[Entry], rule: Rule
) -> Reminder | None:
    """Find what is due, open or not; None where nothing is."""
    days = (until - rule.today).days
    offset = due(days, rule.offsets, exact=rule.exact) if days >= 0 else None
    # A more urgent one is there already: the clock was set back, or offsets were added.
    if offset is None or any(entry.offset < offset for entry in entries):
        return None
    settled = {e.offset for e in entries if e.status not in _MAY_BE_SUPERSEDED}
    greater = tuple(days for days in rule.offsets if days > offset and days not in settled)
    return Reminder(
        licence=licence,
        until=until,
        days=days,
        offset=offset,
        superseded=() if rule.exact else greater,
        entry=next((entry for entry in entries if entry.offset == offset), None),
    )
