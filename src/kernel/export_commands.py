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
    from infra.marketplaces.markets import ConfiguredMarkets
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
        from domain.jobs.stock_export.market_export import MarketDesk, MarketExport
        from domain.jobs.stock_export.service import StockExport as Service
        from infra.clock import SystemEntropy
        from infra.sql.export_settings import SqlExportSettings
        from infra.sql.exporting.stock_table import SqlStockTable
        from infra.sql.sent_book import SqlSentBook

        reader = self._open_engine(read_only=True)
        stock, book = SqlStockTable(reader), SqlSentBook(self._engine, reader)
        files = FileExport(stock, self._export_files, book, self._partners, self._clock)
        desk = MarketDesk(
            stock=stock,
            markets=self._markets,
            book=book,
            clock=self._clock,
            entropy=SystemEntropy(),
        )
        return StockExport(Service(SqlExportSettings(reader), files, MarketExport(desk)))

    @cached_property
    def _markets(self) -> ConfiguredMarkets:
        from infra.marketplaces.markets import ConfiguredMarkets
        from infra.sql.platform_calls import SqlCalls

        return ConfiguredMarkets(
            self.boot.root,
            self.boot.secrets_directory,
            self._clock,
            lambda account, run: SqlCalls(self._database, account, run),
        )

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
