"""The job that sends the wheel simulator's files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kernel.partner_commands import PartnerCommands

if TYPE_CHECKING:
    from commands.cron.simulator_send_mak_files import SimulatorSendMakFiles


class SimulatorCommands(PartnerCommands):
    """A further part of the container, on the same adapters."""

    def simulator_send_mak_files(self) -> SimulatorSendMakFiles:
        from commands.cron.simulator_send_mak_files import SimulatorSendMakFiles
        from domain.jobs.simulator.service import SimulatorFiles
        from infra.job_settings import job_section
        from infra.simulator.settings import SimulatorSection
        from infra.simulator.workshop import TableFiles
        from infra.sql.transfer_book import SqlTransferBook

        section = job_section(self.boot.root, SimulatorSection)
        reader = self._open_engine(read_only=True)
        workshop = TableFiles(section, reader, self.boot.state / "simulator")
        book = SqlTransferBook(self._database)
        files = SimulatorFiles(section.layout(), workshop, book, self._partners)
        return SimulatorSendMakFiles(files)
