"""The Mailer that the settings name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from domain.mail.ports import Mailer
from infra.mail.message import Sender
from infra.mail.settings import DIRECTORY, MailSection


def mailer(
    section: MailSection, env: str, *, root: Path, secrets: Path, now: Callable[[], datetime]
) -> Mailer:
    """Build it. Raises ConfigurationInvalid where no mail would reach anybody."""
    section.check_sends(env)
    sender = Sender(address=section.sender, name=section.sender_name)
    if section.kind == DIRECTORY:
        from infra.mail.folder import MailFolder

        return MailFolder(root / section.directory, sender, now)
    from infra.mail.smtp import SmtpMailer

    return SmtpMailer(section.server, secrets, section.timeout_seconds, sender=sender, now=now)
