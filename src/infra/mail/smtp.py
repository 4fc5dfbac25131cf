"""Mails by SMTP over one connection, with what is known of each that was not taken."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from domain.mail.failures import (
    DeliveryUnknown,
    MailDeferred,
    MailServerAway,
    MailServerRefused,
    RecipientRefused,
)
from domain.mail.ports import Mail, MailSession
from infra.mail.connection import MailServer, decoded, words_of
from infra.mail.message import Sender

_OK, _FORWARDED, _GO_ON, _CLOSING, _TEMPORARY = 250, 251, 354, 421, range(400, 500)
_POLICY = "5.7."
"""The mailbox may well be there: it is us whom the server does not serve."""

_NEVER_BY_ITSELF = (
    *(smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError),
    ssl.SSLCertVerificationError,
)


class _HungUp(Exception):
    """The server closed the connection and has not taken the mail."""


class SmtpMailer:
    """The Mailer port."""

    def __init__(
        self,
        server: MailServer,
        secrets: Path,
        seconds: float,
        *,
        sender: Sender,
        now: Callable[[], datetime],
    ) -> None:
        self._server, self._secrets, self._seconds = server, secrets, seconds
        self.sender, self.now = sender, now

    @contextmanager
    def session(self) -> Iterator[MailSession]:
        opened = SmtpSession(self)
        try:
            yield opened
        finally:
            opened.close()

    def message_id(self, key: str) -> str:
        return self.sender.message_id(key)

    def connect(self) -> smtplib.SMTP:
        """Connect and log in. Raises MailServerAway, MailServerRefused."""
        place = f"mail server {self._server.host}:{self._server.port}"
        try:
            connection = self._server.connect(self._secrets, self._seconds)
            connection.ehlo_or_helo_if_needed()
        except OSError as error:
            if _is_final(error):
                raise MailServerRefused(f"{place} refuses us: {words_of(error)}") from error
            raise MailServerAway(f"{place} cannot be reached: {words_of(error)}") from error
        return connection


class SmtpSession:
    """The MailSession port: connected from its making on."""

    def __init__(self, mailer: SmtpMailer) -> None:
        self._mailer, self._connection = mailer, mailer.connect()

    def send(self, mail: Mail) -> str:
        """Hand over; once more over a new connection where the server closed this one before."""
        content = self._mailer.sender.message(mail, self._mailer.now()).as_bytes()
        try:
            return self._handed_over(mail.to, content)
        except _HungUp:
            self.close()
            self._connection = self._mailer.connect()
        try:
            return self._handed_over(mail.to, content)
        except _HungUp as error:
            self.close()
            raise MailServerAway(f"the mail server hung up twice: {error}") from error

    def close(self) -> None:
        with suppress(OSError):  # it may have closed it first
            self._connection.quit()
        self._connection.close()

    def _handed_over(self, to: str, content: bytes) -> str:
        try:
            self._envelope(to)
        except OSError as error:
            raise _HungUp(words_of(error)) from error
        code, said = self._answer_to(content)
        if code != _OK:
            raise MailDeferred(self._reset(code, said))
        return f"{code} {decoded(said)}"

    def _answer_to(self, content: bytes) -> tuple[int, bytes | str]:
        """Say DATA, then the mail: only from then on it may have been taken."""
        try:
            code, said = self._connection.docmd("DATA")
        except OSError as error:
            raise _HungUp(words_of(error)) from error
        if code != _GO_ON:
            return code, said
        try:
            self._connection.send(_framed(content))
            return self._connection.getreply()
        except OSError as error:
            raise DeliveryUnknown(f"connection lost in the mail: {words_of(error)}") from error

    def _envelope(self, to: str) -> None:
        code, said = self._connection.mail(self._mailer.sender.address)
        if code != _OK:
            answer = self._reset(code, said)
            refused = MailDeferred if code in _TEMPORARY else MailServerRefused
            raise refused(f"sender {self._mailer.sender.address}: {answer}")
        code, said = self._connection.rcpt(to)
        if code not in (_OK, _FORWARDED):
            answer = self._reset(code, said)
            raise _refusal(code, answer)(answer)

    def _reset(self, code: int, said: bytes | str) -> str:
        """Make the connection fit for the next mail; gives the answer as text."""
        answer = f"{code} {decoded(said)}"
        if code == _CLOSING:
            raise _HungUp(answer)
        with suppress(OSError):  # the next mail will notice
            self._connection.rset()
        return answer


def _framed(content: bytes) -> bytes:
    """A line of one dot ends the mail, so one more stands before each that begins a line."""
    end = b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n"
    return re.sub(rb"(?m)^\.", b"..", content) + end


def _is_final(error: OSError) -> bool:
    temporary = getattr(error, "smtp_code", None) in _TEMPORARY
    return isinstance(error, _NEVER_BY_ITSELF) and not temporary


def _refusal(code: int, answer: str) -> type[RecipientRefused | MailDeferred]:
    ours = code in _TEMPORARY or _POLICY in answer
    return MailDeferred if ours else RecipientRefused
