"""Mail by SMTP, one thread per incident."""

from __future__ import annotations

from dataclasses import dataclass, fields
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

from domain.operating.incidents import OPENING, Kind
from domain.operating.notices import Letter
from infra.alerts.channel import CHANNEL_SECONDS, NotDelivered
from infra.alerts.settings import Values
from infra.alerts.texts import Impact, body, subject
from infra.mail.connection import MailServer, refusals, words_of


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
            with self._server.connect(self.secrets, CHANNEL_SECONDS) as server:
                refused = server.send_message(self.message(letter))
        except OSError as error:  # SMTPException is one
            raise NotDelivered(words_of(error)) from error
        if refused:  # some recipients got it: sent again, they would get it twice
            return f"accepted, but for {refusals(refused)}"
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

    @property
    def _server(self) -> MailServer:
        known = {field.name for field in fields(MailServer)}
        return MailServer(**{key: value for key, value in self.values.items() if key in known})
