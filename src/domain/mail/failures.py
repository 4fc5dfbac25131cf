"""How handing a mail over can fail, by what is known of it afterwards."""

from __future__ import annotations

from domain.errors import JobError, Refused, Retryable


class MailServerAway(Retryable):
    """The server cannot be reached, or hung up before it took the mail."""


class MailServerRefused(Refused):
    """The server refuses us: login, encryption or sender; tried again the account may be locked."""


class RecipientRefused(Refused):
    """The server knows no such mailbox."""


class MailDeferred(Retryable):
    """The server did not take this mail now: greylisted, mailbox full, content refused."""


class DeliveryUnknown(JobError):
    """The connection was lost while the mail was handed over: taken or not, nobody knows."""
