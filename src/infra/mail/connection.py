"""A connection to a mail server: STARTTLS or TLS from the start, a login by reference."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from pathlib import Path

from infra.secrets import resolve

STARTTLS, TLS, NONE = "starttls", "tls", "none"


@dataclass(frozen=True, kw_only=True)
class MailServer:
    """Where mail is handed over and as whom; ``password`` is a reference, both may be empty."""

    host: str
    port: int
    security: str
    user: str = ""
    password: str = ""
    ca_file: str | None = None

    def connect(self, secrets: Path, seconds: float) -> smtplib.SMTP:
        """Connect and log in. Raises OSError, SMTPException, ConfigurationInvalid."""
        server = self._opened(seconds)
        try:
            if self.security == STARTTLS:
                server.starttls(context=self._context())
            if self.password:
                self._log_in(server, secrets)
        except BaseException:
            server.close()
            raise
        return server

    def _opened(self, seconds: float) -> smtplib.SMTP:
        if self.security == TLS:
            return smtplib.SMTP_SSL(self.host, self.port, timeout=seconds, context=self._context())
        return smtplib.SMTP(self.host, self.port, timeout=seconds)

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca_file)

    def _log_in(self, server: smtplib.SMTP, secrets: Path) -> None:
        password = resolve(self.password, secrets)
        try:
            server.login(self.user, password.reveal())
        except UnicodeEncodeError:  # its text says which sign of the password it is
            why = "user or password is not ASCII, which a login needs"
            raise smtplib.SMTPNotSupportedError(why) from None


def words_of(error: OSError) -> str:
    """Say what the server answered, or what became of the connection."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {decoded(error.smtp_error)}"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return refusals(error.recipients)
    return f"{type(error).__name__}: {error}"


def refusals(refused: dict[str, tuple[int, bytes]]) -> str:
    return ", ".join(f"{who}: {code} {decoded(said)}" for who, (code, said) in refused.items())


def decoded(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said
