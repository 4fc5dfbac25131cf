"""The job that writes to customers, built at its first use."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from kernel.engines import Engines

if TYPE_CHECKING:
    from commands.cron.customers_notify_license_expiration import CustomersNotifyLicenseExpiration
    from domain.mail.ports import Mailer
    from infra.mail.settings import MailSection


class MailCommands(Engines):
    """A further part of the container, on the same adapters."""

    def _mailer(self, section: MailSection) -> Mailer:
        from infra.mail.choice import mailer

        boot = self.boot
        return mailer(
            section, boot.env, root=boot.root, secrets=boot.secrets_directory, now=self._clock.now
        )

    def customers_notify_license_expiration(self) -> CustomersNotifyLicenseExpiration:
        from commands.cron.customers_notify_license_expiration import (
            CustomersNotifyLicenseExpiration,
        )
        from domain.jobs.license_reminders.service import Habits, LicenseReminders
        from infra.job_settings import job_section, shop_zone
        from infra.license_settings import LicenseSection
        from infra.mail.license_letters import license_letters
        from infra.mail.settings import MailSection
        from infra.sql.reminder_book import SqlReminderBook

        root = self.boot.root
        letters = license_letters(root)
        section, mail = job_section(root, LicenseSection), job_section(root, MailSection)
        habits = Habits(
            offsets=section.offsets,
            statuses=section.statuses,
            try_again=timedelta(minutes=section.try_again_minutes),
            zone=shop_zone(root),
        )
        book = SqlReminderBook(self._database)
        return CustomersNotifyLicenseExpiration(
            LicenseReminders(book, self._mailer(mail), letters, habits, self._clock)
        )
