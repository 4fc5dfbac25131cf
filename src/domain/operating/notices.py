"""Incidents and their notices as they are kept, and the ports that keep and deliver them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.operating.contract import Contract, Owner
from domain.operating.incidents import Kind, Part


class State(StrEnum):
    """Where a notice is on its way."""

    DUE = "due"
    SENT = "sent"
    NO_CHANNEL = "no_channel"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, kw_only=True)
class Incident:
    """One fault of one command and scope, from its opening to the next good run."""

    incident_id: str
    command: str
    scope: str
    fingerprint: str
    title: str
    outcome: str
    severity: Kind
    opened_at: datetime
    last_at: datetime
    failures: int
    run_id: str
    last_run_id: str
    schedule_id: str | None = None
    recovered_at: datetime | None = None
    remind_at: datetime | None = None
    acked_at: datetime | None = None
    acked_by: str = ""
    ack_reason: str = ""

    @property
    def state(self) -> str:
        if self.recovered_at:
            return "recovered"
        return "acknowledged" if self.acked_at else "open"


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One message to one owner; ``number`` counts the reminders of an incident."""

    notice_id: str
    incident_id: str
    owner: Owner
    kind: Kind
    part: Part
    number: int
    created_at: datetime
    state: State = State.DUE
    tries: int = 0
    next_try: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What one channel answered to one notice."""

    channel: str
    at: datetime
    accepted: bool
    answer: str


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A notice with all that its text is made of; ``others`` counts what a storm left untold."""

    notice: Notice
    incident: Incident
    contract: Contract
    now: datetime
    others: int = 0


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What became of one letter: the receipts of every channel asked, in order."""

    state: State
    receipts: tuple[Receipt, ...]


class Courier(Protocol):
    """Takes letters to their owners' channels, within its time."""

    def deliver(self, letter: Letter) -> Delivery: ...
    def try_every_channel(self, letter: Letter) -> Sequence[Receipt]:
        """Send by each of the owner's channels, to prove them."""
        ...


class IncidentBook(Protocol):
    """Incidents for people."""

    def incidents(self, *, closed: bool, limit: int) -> Sequence[Incident]: ...
    def incident(self, incident_id: str) -> Incident:
        """Find by id or its unique beginning. Raises Refused where none or several match."""
        ...

    def notices(self, incident_id: str) -> Sequence[Notice]: ...
    def receipts(self, incident_id: str) -> Mapping[str, Sequence[Receipt]]:
        """Give the receipts by notice."""
        ...

    def acknowledge(self, incident: Incident, *, actor: str, reason: str, now: datetime) -> bool:
        """Stop the reminders, with an audit row; False where the incident is over."""
        ...
