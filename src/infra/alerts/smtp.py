"""Mail by SMTP: STARTTLS or TLS from the start, a login by reference, one thread per incident."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

from domain.operating.incidents import OPENING, Kind
from domain.operating.notices import Letter
from infra.alerts.channel import CHANNEL_SECONDS, NotDelivered
from infra.alerts.settings import Values
from infra.alerts.texts import Impact, body, subject
from infra.secrets import resolve


@dataclass(frozen=True)
class SmtpChannel:
    """One mailbox or list behind one server."""

    name: str
    values: Values
    secrets: Path
    impact: Impact

    def send(self, letter: Letter) -> str:
        """Hand the mail to the server; its last answer is the receipt."""
        try:
            with self._connected() as server:
                if "password" in self.values:
                    password = resolve(self.values["password"], self.secrets)
                    server.login(self.values["user"], password.reveal())
                refused = server.send_message(self.message(letter))
        except smtplib.SMTPResponseException as error:
            raise NotDelivered(f"{error.smtp_code} {_text(error.smtp_error)}") from error
        except smtplib.SMTPRecipientsRefused as error:
            raise NotDelivered(_refusals(error.recipients)) from error
        except UnicodeEncodeError:  # its text says which sign of the password it is
            raise NotDelivered("user or password is not ASCII, which a login needs") from None
        except (OSError, smtplib.SMTPException) as error:
            raise NotDelivered(f"{type(error).__name__}: {error}") from error
        if refused:  # some recipients got it: sent again, they would get it twice
            return f"accepted, but for {_refusals(refused)}"
        return f"accepted by {self.values['host']}"

    def message(self, letter: Letter) -> EmailMessage:
        """Write the mail; later mails of an incident refer to its first one."""
        mail = EmailMessage()
        mail["From"] = self.values["from"]
        mail["To"] = ", ".join(self.values["to"])
        mail["Subject"] = subject(letter)
        mail["Date"] = format_datetime(letter.now)
        mail["Auto-Submitted"] = "auto-generated"
        if letter.incident.incident_id:
            mail["X-Crontract-Incident"] = letter.incident.incident_id
        first, own = self._ids(letter)
        mail["Message-ID"] = own
        if own != first:
            mail["In-Reply-To"] = mail["References"] = first
        mail.set_content(body(letter, self.impact))
        return mail

    def _ids(self, letter: Letter) -> tuple[str, str]:
        notice = letter.notice
        owner = "".join(sign if sign.isalnum() else "-" for sign in notice.owner.lower())
        domain = str(self.values["from"]).rpartition("@")[2]
        thread = letter.incident.incident_id or notice.notice_id
        first = f"<{thread}.{owner}@{domain}>"
        if notice.kind in (*OPENING, Kind.TEST, Kind.STORM):
            return first, first
        return first, f"<{thread}.{owner}.{notice.kind}-{notice.number}@{domain}>"

    def _connected(self) -> smtplib.SMTP:
        host, port = self.values["host"], self.values["port"]
        context = ssl.create_default_context(cafile=self.values.get("ca_file"))
        if self.values["security"] == "tls":
            return smtplib.SMTP_SSL(host, port, timeout=CHANNEL_SECONDS, context=context)
        server = smtplib.SMTP(host, port, timeout=CHANNEL_SECONDS)
        if self.values["security"] == "starttls":
            try:
                server.starttls(context=context)
            except (OSError, smtplib.SMTPException):
                server.close()
                raise
        return server


def _refusals(refused: dict[str, tuple[int, bytes]]) -> str:
    return ", ".join(f"{who}: {code} {_text(said)}" for who, (code, said) in refused.items())


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said
