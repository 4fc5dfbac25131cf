"""Any address that the apprise library knows: chats, push services, SMS, webhooks."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from domain.operating.notices import Letter
from infra.alerts.channel import NotDelivered
from infra.alerts.settings import Values
from infra.alerts.texts import Impact, body, subject
from infra.secrets import filled, scrub


@dataclass(frozen=True)
class AppriseChannel:
    """One address; its secrets stand in braces: ``slack://{secret:slack/token}/#ops``."""

    name: str
    values: Values
    secrets: Path
    impact: Impact

    def send(self, letter: Letter) -> str:
        """Notify by the library, which tells its reasons in its log only."""
        import apprise

        target = apprise.Apprise()
        if not target.add(filled(self.values["url"], self.secrets).reveal()):
            scheme = self.values["url"].partition("://")[0]
            raise NotDelivered(f"apprise does not understand the {scheme}:// address")
        with apprise.LogCapture(level=logging.WARNING) as said:  # type: ignore[no-untyped-call]
            accepted = target.notify(
                title=subject(letter),
                body=body(letter, self.impact),
                body_format=apprise.NotifyFormat.TEXT,
            )
            reasons = " ".join(scrub(said.getvalue()).split())
        if not accepted:
            raise NotDelivered(reasons or "not accepted")
        return "accepted"
