"""A mail in the words of RFC 5322."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from domain.mail.address import one_line
from domain.mail.ports import Mail


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Who writes; the address is also where bounces go."""

    address: str
    name: str = ""

    def message_id(self, key: str) -> str:
        return f"<{key}@{self.address.rpartition('@')[2]}>"

    def message(self, mail: Mail, now: datetime) -> EmailMessage:
        """Write the mail; names and subjects become one line, whatever stands in them."""
        message = EmailMessage(policy=SMTP)
        message["From"] = Address(one_line(self.name), addr_spec=self.address)
        message["To"] = Address(one_line(mail.name), addr_spec=mail.to)
        message["Subject"] = one_line(mail.subject)
        message["Date"] = format_datetime(now)
        message["Message-ID"] = self.message_id(mail.key)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text)
        if mail.html:
            message.add_alternative(mail.html, subtype="html")
        for file in mail.attachments:
            kind, _, form = file.media.partition("/")
            message.add_attachment(file.content, kind, form, filename=file.name)
        if mail.language:  # last: what sets content takes such headers for its own
            message["Content-Language"] = mail.language
        return message
