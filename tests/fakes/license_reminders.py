"""The ledger of reminders, the mail server and the templates in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from domain.errors import Refused
from domain.jobs.license_reminders.ports import Claim, Entry, Licence, Status, Words
from domain.mail.ports import Mail
from domain.operating.ports import ActiveRun

_LEFT = (Status.SENDING, Status.RESENDING)


def licence(number: int = 1, until: str = "2026-12-05", **changes: Any) -> Licence:
    values: dict[str, Any] = {
        "license_id": number,
        "customer_id": number,
        "valid_until": until,
        "known": True,
        "active": True,
        "email": f"c{number}@shop.example",
        "name": f"Customer {number}",
        "language": "de",
    }
    return Licence(**(values | changes))


@dataclass
class MemoryLedger:
    """The ReminderBook port; time passes by ``pass_time``."""

    licences: list[Licence] = field(default_factory=list)
    rows: dict[tuple[int, str, int], Entry] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def ending(self, first: date, last: date, statuses: Sequence[str]) -> Sequence[Licence]:
        return self.licences

    def entries(self, first: date, last: date) -> Mapping[tuple[int, str], Sequence[Entry]]:
        found: dict[tuple[int, str], list[Entry]] = {}
        for (number, until, _), entry in self.rows.items():
            found.setdefault((number, until), []).append(entry)
        return found

    def claim(self, claim: Claim, status: Status, run: ActiveRun, error: str = "") -> None:
        key = (claim.license_id, str(claim.valid_until))
        old = self.rows.get((*key, claim.offset))
        begins = status in _LEFT
        self.rows[*key, claim.offset] = Entry(
            offset=claim.offset,
            status=status,
            recipient=claim.recipient,
            attempts=(old.attempts if old else 0) + begins,
            age=timedelta(),
        )
        for offset in claim.superseded:
            self.rows[*key, offset] = Entry(
                offset=offset,
                status=Status.SUPERSEDED,
                recipient="",
                attempts=0,
                age=timedelta(),
            )
        self.errors += [error] if error else []

    def settle(self, claim: Claim, status: Status, run: ActiveRun, error: str = "") -> None:
        key = (claim.license_id, str(claim.valid_until), claim.offset)
        assert self.rows[key].status in _LEFT
        self.rows[key] = replace(self.rows[key], status=status)
        self.errors += [error] if error else []

    def pass_time(self, span: timedelta) -> None:
        self.rows = {key: replace(row, age=row.age + span) for key, row in self.rows.items()}

    def statuses(self) -> dict[tuple[int, int], str]:
        """What became of each licence's offsets."""
        return {(number, days): row.status.value for (number, _, days), row in self.rows.items()}


@dataclass
class MemoryMailer:
    """The Mailer port; ``faults`` are raised by address, or on connecting where it is empty."""

    faults: dict[str, Exception] = field(default_factory=dict)
    sent: list[Mail] = field(default_factory=list)
    connected: int = 0

    @contextmanager
    def session(self) -> Iterator[MemoryMailer]:
        self.connected += 1
        if "" in self.faults:
            raise self.faults[""]
        yield self

    def message_id(self, key: str) -> str:
        return f"<{key}@shop.example>"

    def send(self, mail: Mail) -> str:
        if mail.to in self.faults:
            raise self.faults[mail.to]
        self.sent.append(mail)
        return "250 OK"


class PlainLetters:
    """The Letters port; a customer called ``broken`` has no words."""

    def write(self, language: str, licence: Licence, until: date, days: int) -> Words:
        if licence.name == "broken":
            raise Refused("the template is broken")
        subject = f"{licence.license_id} ends in {days} days"
        return Words(language=language, subject=subject, text=f"{until}", html="")
