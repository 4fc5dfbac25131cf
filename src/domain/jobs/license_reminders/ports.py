"""Licences that end, the ledger of reminders, and the words in which customers are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Protocol

from domain.operating.ports import ActiveRun


class Status(StrEnum):
    """What became of one reminder."""

    SENDING = "SENDING"
    RESENDING = "RESENDING"  # the second and last time that it was left open
    SENT = "SENT"
    SUPERSEDED = "SUPERSEDED"  # a more urgent one went instead
    DEFERRED = "DEFERRED"  # not taken; the next run tries again
    REFUSED = "REFUSED"  # by this recipient; open again when the address changes
    UNKNOWN = "UNKNOWN"  # begun twice and never seen to end


@dataclass(frozen=True, kw_only=True)
class Licence:
    """A licence with its customer, as both are written; ``known``: there is such a customer."""

    license_id: int
    customer_id: int
    valid_until: str
    known: bool
    active: bool
    email: str
    name: str
    language: str


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A reminder in the ledger; ``age`` is by the database's clock, since it was last begun."""

    offset: int
    status: Status
    recipient: str
    attempts: int
    age: timedelta


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A reminder about to be written for the ``recipient``, a digest."""

    license_id: int
    valid_until: date
    offset: int
    recipient: str
    message_id: str
    superseded: tuple[int, ...] = ()


class ReminderBook(Protocol):
    """The shop's licences and the ledger. Raises StoreUnavailable."""

    def ending(self, first: date, last: date, statuses: Sequence[str]) -> Sequence[Licence]:
        """Read licences whose last day is from ``first`` to ``last``, or is no day at all."""
        ...

    def entries(self, first: date, last: date) -> Mapping[tuple[int, str], Sequence[Entry]]:
        """Read the ledger of these days by licence and last day."""
        ...

    def claim(self, claim: Claim, status: Status, run: ActiveRun, error: str = "") -> None:
        """Write that it is begun, and which greater ones it makes needless, in one transaction.

        It outlives a power cut. Commits only while the run's lease holds: raises LockLost.
        """
        ...

    def settle(self, claim: Claim, status: Status, run: ActiveRun, error: str = "") -> None:
        """Write how it ended, if this run still is the one that began it."""
        ...


@dataclass(frozen=True, kw_only=True)
class Words:
    """A mail's text in one language."""

    language: str
    subject: str
    text: str
    html: str


class Letters(Protocol):
    """The templates. Raises Refused for one that cannot be filled in."""

    def write(self, language: str, licence: Licence, until: date, days: int) -> Words:
        """Write in the customer's language, else in the one that everybody gets."""
        ...
