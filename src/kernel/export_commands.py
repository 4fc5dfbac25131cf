"""The stock export, and the commands about its settings."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from kernel.partner_commands import PartnerCommands

if TYPE_CHECKING:
    from commands.cron.stock_export import StockExport
    from commands.ops.exports import ExportsList, ExportsLoad, ExportsShow
    from infra.files.export_files import ExportFolder
    from infra.sql.export_settings import SqlExportSettings


class ExportCommands(PartnerCommands):
    """A further part of the container, on the same adapters."""

    @cached_property
    def _export_settings(self) -> SqlExportSettings:
        from infra.sql.export_settings import SqlExportSettings

        return SqlExportSettings(self._engine)

    @cached_property
    def _export_files(self) -> ExportFolder:
        from infra.export_section import StockExportSection
        from infra.files.export_files import ExportFolder
        from infra.job_settings import job_section, shop_zone

        root = self.boot.root
        zone = shop_zone(root)

        def today() -> date:
            return self._clock.now().astimezone(zone).date()

        return ExportFolder(root / job_section(root, StockExportSection).directory, today)

    def stock_export(self) -> StockExport:
        from commands.cron.stock_export import StockExport
        from domain.jobs.stock_export.file_export import FileExport
        from domain.jobs.stock_export.service import StockExport as Service
        from infra.sql.export_book import SqlExportBook
        from infra.sql.export_settings import SqlExportSettings
        from infra.sql.exporting.stock_table import SqlStockTable

        reader = self._open_engine(read_only=True)
        files = FileExport(
            SqlStockTable(reader),
            self._export_files,
            SqlExportBook(self._engine, reader),
            self._partners,
            self._clock,
        )
        return StockExport(Service(SqlExportSettings(reader), files))

    def exports_list(self) -> ExportsList:
        from commands.ops.exports import ExportsList

        return ExportsList(self._export_settings)

    def exports_load(self) -> ExportsLoad:
        from commands.ops.exports import ExportsLoad
        from infra.files.export_settings import load_exports

        return ExportsLoad(load_exports, self._export_settings.load)

    def exports_show(self) -> ExportsShow:
        from commands.ops.exports import ExportsShow

        return ExportsShow(self._export_settings, self._export_settings.written)
