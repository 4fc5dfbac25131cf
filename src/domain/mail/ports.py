"""A mail, and how a job hands it over."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file that goes with a mail; ``media`` is its type, like ``text/csv``."""

    name: str
    media: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One mail to one person; ``key`` makes its Message-ID, so that the same mail has the same.

    ``to`` is an address that ``domain.mail.address`` has passed.
    """

    key: str
    to: str
    name: str = ""
    language: str = ""
    subject: str
    text: str
    html: str = ""
    attachments: tuple[Attachment, ...] = ()


class MailSession(Protocol):
    """An open way to the server; it is opened anew by itself where the server closed it."""

    def send(self, mail: Mail) -> str:
        """Hand a mail over; gives the server's receipt.

        Raises RecipientRefused, MailDeferred, DeliveryUnknown for this mail alone;
        MailServerAway and MailServerRefused for all of them: nothing of this one was taken.
        """
        ...


class Mailer(Protocol):
    """The mail server that the settings name."""

    def session(self) -> AbstractContextManager[MailSession]:
        """Connect and log in. Raises MailServerAway, MailServerRefused."""
        ...

    def message_id(self, key: str) -> str: ...
