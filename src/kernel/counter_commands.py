"""The job that counts page hits, and the command that reads them from a web server's log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kernel.engines import Engines

if TYPE_CHECKING:
    from commands.cron.dwh_update_counters import DwhUpdateCounters
    from commands.ops.pagehits import PagehitsLoad


class CounterCommands(Engines):
    """A further part of the container, on the same adapters."""

    def dwh_update_counters(self) -> DwhUpdateCounters:
        from commands.cron.dwh_update_counters import DwhUpdateCounters
        from domain.jobs.page_counters.service import PageCounters
        from infra.counter_settings import CounterSection
        from infra.job_settings import job_section, shop_zone
        from infra.sql.counters.store import SqlCounterStore

        root = self.boot.root
        rules = job_section(root, CounterSection).rules
        store = SqlCounterStore(self._engine, self._open_engine(read_only=True), rules)
        return DwhUpdateCounters(PageCounters(store, rules, shop_zone(root)))

    def pagehits_load(self) -> PagehitsLoad:
        from commands.ops.pagehits import PagehitsLoad
        from infra.files.access_log import AccessLog
        from infra.sql.counters.intake import SqlHitIntake

        return PagehitsLoad(AccessLog, SqlHitIntake(self._engine))
