"""The job that brings vehicle data into the shop, built at its first use."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from kernel.mail_commands import MailCommands

if TYPE_CHECKING:
    from commands.cron.driveright_sync import DriverightSync
    from domain.jobs.vehicle_sync.ports import Sources
    from domain.jobs.vehicle_sync.telling import Telling
    from infra.vehicles.settings import VehiclesSection


class VehicleCommands(MailCommands):
    """A further part of the container, on the same adapters."""

    def driveright_sync(self) -> DriverightSync:
        from commands.cron.driveright_sync import DriverightSync
        from domain.jobs.vehicle_sync.service import Limits, VehicleSync
        from infra.job_settings import job_section
        from infra.sql.vehicles.book import SqlVehicleBook
        from infra.vehicles.settings import VehiclesSection

        section = job_section(self.boot.root, VehiclesSection)
        limits = Limits(
            resume_max_age=timedelta(hours=section.resume_max_age_hours),
            most_gone_percent=section.most_gone_percent,
            most_fitments_gone_percent=section.most_fitments_gone_percent,
            most_rejected_percent=section.most_rejected_percent,
        )
        book = SqlVehicleBook(self._engine, self._open_engine(read_only=True))
        sources, telling = self._vehicle_sources(section), self._vehicle_report(section)
        return DriverightSync(VehicleSync(sources, book, telling, limits))

    def _vehicle_folder(self) -> Path:
        from infra.job_settings import job_section
        from infra.vehicles.settings import VehiclesSection

        return (self.boot.root / job_section(self.boot.root, VehiclesSection).file.path).parent

    def _vehicle_sources(self, section: VehiclesSection) -> Sources:
        if section.source == "file":
            from infra.vehicles.file_source import FileSources

            return FileSources(section.file, self.boot.root)
        from infra.vehicles.web_source import WebSources

        return WebSources(section.web, self.boot.secrets_directory, self._clock)

    def _vehicle_report(self, section: VehiclesSection) -> Telling:
        from domain.jobs.vehicle_sync.telling import Telling
        from infra.job_settings import job_section
        from infra.mail.settings import MailSection
        from infra.vehicles.report_words import TemplateWords

        root, report = self.boot.root, section.report
        mail = job_section(root, MailSection)
        words = TemplateWords(root / report.templates, mail.sender_name)
        words.check()
        return Telling(
            mailer=self._mailer(mail),
            words=words,
            to=report.to,
            first=report.first,
            most=report.most_attached,
        )
