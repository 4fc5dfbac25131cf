"""A shop whose licences end, and the mail server that its reminders go to."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from private_shop import Shop
from servers.access import Access
from servers.mail import MailServer

REMIND = "cron:customers:notify-license-expiration"
TODAY = "2026-11-21"
HOUR_MICROSECONDS = 3_600_000_000


class LicenseShop(Shop):
    """A private shop with customers; ``as_of`` stands in for the clock."""

    def __init__(self, root: Path, server: MailServer | None = None, *, url: str = "") -> None:
        root.mkdir(parents=True, exist_ok=True)
        super().__init__(root, url=url)
        if server is not None:
            self.set(kind="smtp", host=server.host, port=server.port, security="none")

    def set(self, **values: object) -> None:
        """Set keys of [mail] and [license-reminders]."""
        file = self.root / "config" / "jobs.toml"
        text = file.read_text("utf-8")
        head, mail, rest = text.partition("[mail]\n")
        for key, value in values.items():
            line = f"{key} = {json.dumps(value)}"
            rest, found = re.subn(rf"(?m)^{key} = .*$", line, rest, count=1)
            assert found == 1, key
        file.write_text(head + mail + rest, "utf-8")

    def has(self, customer: int, until: str | None, **changes: Any) -> None:
        """Add a customer with a licence of the same number."""
        values = {
            "email": f"c{customer}@customer.example",
            "name": f"Customer {customer}",
            "language": "en",
            "active": True,
            **changes,
        }
        with Access(self.url) as access:
            access.execute(
                "INSERT INTO customer (customer_id, email, name, language, active)"
                " VALUES (?, ?, ?, ?, ?)",
                customer,
                *values.values(),
            )
            access.execute(
                "INSERT INTO minishop_license (license_id, customer_id, valid_until, status)"
                " VALUES (?, ?, ?, 'active')",
                customer,
                customer,
                until,
            )

    def remind(self, *words: str) -> tuple[int, dict[str, Any]]:
        """Remind as of today; gives the exit code and what the run told."""
        done = self.console(REMIND, f"--date={TODAY}", "--format=json", *words)
        return done.returncode, json.loads(done.stdout)

    def ledger(self) -> list[tuple[Any, ...]]:
        """All that is kept of each reminder, but for times, runs and tries."""
        return self.query(
            "SELECT license_id, valid_until, offset_days, status, message_id"
            " FROM license_notification ORDER BY license_id, offset_days"
        )

    def an_hour_passes(self) -> None:
        with Access(self.url) as access:
            access.execute(
                "UPDATE license_notification SET claimed_at = claimed_at - ?", HOUR_MICROSECONDS
            )
