"""Settings to adapters to services to commands, each built at its first use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from commands.base import CronCommand
from commands.result import Result
from domain.operating.contract import Contract
from kernel.cleaning_commands import CleaningCommands
from kernel.contracts import contracts
from kernel.counter_commands import CounterCommands
from kernel.export_commands import ExportCommands
from kernel.image_commands import ImageCommands
from kernel.order_commands import OrderCommands
from kernel.simulator_commands import SimulatorCommands
from kernel.supervision import Supervision, person
from kernel.vehicle_commands import VehicleCommands
from kernel.version import VERSION

if TYPE_CHECKING:
    from pathlib import Path

    from commands.cron.suppliers_import_stock import SuppliersImportStock
    from commands.ops.config import ConfigCheck
    from commands.ops.contract import ContractLint, ContractShow
    from commands.ops.db import DbMigrate, DbStatus
    from commands.ops.doctor import Doctor
    from commands.ops.jobs import JobsList, JobsPause, JobsResume
    from commands.ops.lock import LockBreak, LockList
    from commands.ops.make import MakeJob
    from commands.ops.runs import RunsList, RunsShow
    from commands.ops.shop import ShopLoadSample
    from commands.ops.suppliers import (
        SuppliersInspect,
        SuppliersList,
        SuppliersLoad,
        SuppliersRejects,
        SuppliersReview,
        SuppliersShow,
    )
    from domain.jobs.supplier_import.setting import ImportSetting
    from infra.sql.import_settings import SqlImportSettings

Answer = Callable[..., Result]


def method_name(command: str) -> str:
    """Name the container's method that builds a command: ``runs:list`` is ``runs_list``."""
    return command.removeprefix("cron:").replace(":", "_").replace("-", "_")


class Container(
    ImageCommands,
    ExportCommands,
    OrderCommands,
    VehicleCommands,
    CounterCommands,
    CleaningCommands,
    SimulatorCommands,
):
    """Builds any command; mypy checks here that each adapter fits its port."""

    def job(self, command: type[CronCommand[Any]]) -> CronCommand[Any]:
        """Build a scheduled job with its service and adapters."""
        build = getattr(self, method_name(command.contract.name))
        return cast("CronCommand[Any]", build())

    def ops(self, name: str) -> Answer:
        """Build a command that people type."""
        return cast("Answer", getattr(self, method_name(name))())

    # --- shared adapters ------------------------------------------------------------------------

    @cached_property
    def contracts(self) -> Mapping[str, Contract]:
        """Every job's contract in CR order."""
        return contracts()

    @cached_property
    def _supervision(self) -> Supervision:
        return Supervision.quiet(self.boot)

    @cached_property
    def _import_settings(self) -> SqlImportSettings:
        from infra.sql.import_settings import SqlImportSettings

        return SqlImportSettings(self._engine)

    # --- scheduled jobs -------------------------------------------------------------------------

    def suppliers_import_stock(self) -> SuppliersImportStock:
        from commands.cron.suppliers_import_stock import SuppliersImportStock
        from domain.jobs.supplier_import.fetching import Fetching
        from domain.jobs.supplier_import.one_supplier import OneSupplier
        from domain.jobs.supplier_import.process import StandardProcess
        from domain.jobs.supplier_import.service import SupplierImport
        from infra.files.arrivals import FolderArrivals
        from infra.files.feeds import DirectoryFeeds
        from infra.files.rows import open_rows
        from infra.sql.fetch_book import SqlFetchBook
        from infra.sql.import_settings import SqlImportSettings
        from infra.sql.stock_book import SqlStockBook

        reader = self._open_engine(read_only=True)
        book = SqlStockBook(self._engine, reader)
        feeds = DirectoryFeeds(self.settings.import_root, self._clock)
        standard = StandardProcess(feeds, book, open_rows, self._clock)
        arrivals = FolderArrivals(self.settings.import_root)
        fetching = Fetching(self._partners, arrivals, SqlFetchBook(self._database), self._clock)
        supplier = OneSupplier(feeds, book, {"standard": standard}, self._clock, fetching)
        return SuppliersImportStock(SupplierImport(SqlImportSettings(reader), supplier))

    # --- what people type -----------------------------------------------------------------------

    def config_check(self) -> ConfigCheck:
        from commands.ops.config import ConfigCheck
        from kernel.configuration import Configuration

        return ConfigCheck(Configuration(self._env).findings)

    def contract_lint(self) -> ContractLint:
        from commands.ops.contract import ContractLint
        from commands.ops.sarif import PROJECT, SOURCE, sarif
        from infra.boot import source_folder
        from infra.doctor.places import places
        from kernel.declared import installation

        folders = {PROJECT: self.boot.root, SOURCE: source_folder()}
        return ContractLint(
            installation(self.boot, self.contracts),
            places(self.boot.root, folders[SOURCE]),
            lambda rules, findings: sarif(rules, findings, folders, VERSION),
        )

    def contract_show(self) -> ContractShow:
        from commands.ops.contract import ContractShow

        return ContractShow(self.contracts)

    def doctor(self) -> Doctor:
        from commands.ops.doctor import Doctor
        from kernel.checkup import Checkup

        return Doctor(Checkup(self._env).checks())

    def db_migrate(self) -> DbMigrate:
        from commands.ops.db import DbMigrate
        from infra.sql.schema import SqlSchema

        return DbMigrate(SqlSchema(self.boot.database_url))

    def db_status(self) -> DbStatus:
        from commands.ops.db import DbStatus
        from infra.sql.schema import SqlSchema

        return DbStatus(SqlSchema(self.boot.database_url))

    def jobs_list(self) -> JobsList:
        from commands.ops.jobs import JobsList
        from infra.sql.pauses import SqlPauses

        return JobsList(self.contracts, SqlPauses(self._database))

    def jobs_pause(self) -> JobsPause:
        from commands.ops.jobs import JobsPause
        from infra.sql.pauses import SqlPauses

        return JobsPause(self.contracts, SqlPauses(self._database), self._clock, person())

    def jobs_resume(self) -> JobsResume:
        from commands.ops.jobs import JobsResume
        from infra.sql.pauses import SqlPauses

        return JobsResume(self.contracts, SqlPauses(self._database), self._clock, person())

    def lock_list(self) -> LockList:
        from commands.ops.lock import LockList

        store = self._supervision.store
        return LockList(store.locks, store.kind, self._clock)

    def lock_break(self) -> LockBreak:
        from commands.ops.lock import LockBreak
        from infra.sql.pauses import SqlAudit

        return LockBreak(self._supervision.locks, SqlAudit(self._database), self._clock, person())

    def make_job(self) -> MakeJob:
        from commands.ops.make import MakeJob
        from infra.boot import source_folder
        from infra.scaffold.job_files import JobFiles

        return MakeJob(self.contracts, JobFiles(source_folder()).write)

    def runs_list(self) -> RunsList:
        from commands.ops.runs import RunsList
        from infra.sql.run_book import SqlRunBook

        return RunsList(SqlRunBook(self._database), self._supervision.ledger, self._clock)

    def runs_show(self) -> RunsShow:
        from commands.ops.runs import RunsShow
        from infra.sql.run_book import SqlRunBook
        from infra.telemetry.logs import readable_tail

        return RunsShow(
            SqlRunBook(self._database), self._supervision.ledger, self._clock, readable_tail
        )

    def shop_load_sample(self) -> ShopLoadSample:
        from commands.ops.shop import ShopLoadSample
        from infra.sql.sample_shop import SampleFolders, SampleShop

        source = self.boot.root / "ops" / "sample-shop"
        folders = SampleFolders(
            imports=self.settings.import_root,
            vehicles=self._vehicle_folder(),
            orders=self._order_folder(),
            sessions=self.boot.root / "var" / "sessions",
        )
        images = self._sample_images(source)
        return ShopLoadSample(SampleShop(self._engine, source, folders, images, self._env))

    def suppliers_inspect(self) -> SuppliersInspect:
        from commands.ops.suppliers import SuppliersInspect
        from infra.files.inspect import fragment, inspect_file

        return SuppliersInspect(
            lambda file, member, encoding, supplier: fragment(
                inspect_file(file, member, encoding), supplier
            )
        )

    def suppliers_list(self) -> SuppliersList:
        from commands.ops.suppliers import SuppliersList

        return SuppliersList(self._import_settings)

    def suppliers_load(self) -> SuppliersLoad:
        from commands.ops.suppliers import SuppliersLoad
        from infra.files.settings_file import load_settings
        from infra.partner_settings import partner_settings

        def load(file: Path) -> Sequence[ImportSetting]:
            return load_settings(file, lambda: partner_settings(self.boot.root))

        return SuppliersLoad(load, self._import_settings)

    def suppliers_rejects(self) -> SuppliersRejects:
        from commands.ops.suppliers import SuppliersRejects
        from infra.sql.import_trail import SqlImportTrail

        return SuppliersRejects(SqlImportTrail(self._engine))

    def suppliers_review(self) -> SuppliersReview:
        from commands.ops.suppliers import SuppliersReview
        from infra.sql.import_trail import SqlImportTrail

        return SuppliersReview(SqlImportTrail(self._engine))

    def suppliers_show(self) -> SuppliersShow:
        from commands.ops.suppliers import SuppliersShow
        from infra.files.settings_file import IMPORTS

        return SuppliersShow(self._import_settings, IMPORTS.dump)
