"""The jobs that remove what is old, built at their first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kernel.engines import Engines

if TYPE_CHECKING:
    from commands.cron.logs_clean import LogsClean
    from commands.cron.sessions_purge import SessionsPurge
    from commands.cron.system_clean_data import SystemCleanData


class CleaningCommands(Engines):
    """A further part of the container, on the same adapters."""

    def logs_clean(self) -> LogsClean:
        from commands.cron.logs_clean import LogsClean
        from domain.jobs.log_cleaning.service import LogCleaning
        from infra.cleaning_settings import log_retention
        from infra.log_archive import LogArchives
        from infra.sql.update_log import SqlUpdateLog

        retention, folder = log_retention(self.boot.root)
        log = SqlUpdateLog(self._engine, self._open_engine(read_only=True))
        return LogsClean(LogCleaning(log, LogArchives(folder) if folder else None, retention))

    def sessions_purge(self) -> SessionsPurge:
        from commands.cron.sessions_purge import SessionsPurge
        from domain.jobs.session_purge.service import SessionPurge
        from infra.session_settings import retention_policy
        from infra.sessions.files import DiskSessions

        policy = retention_policy(self.boot.root)
        return SessionsPurge(SessionPurge(DiskSessions(), policy, self._clock))

    def system_clean_data(self) -> SystemCleanData:
        from commands.cron.system_clean_data import SystemCleanData
        from domain.jobs.system_cleaning.service import SystemCleaning
        from infra.cleaning_settings import cache_retentions
        from infra.sql.system_accounts import SqlAccounts

        accounts = SqlAccounts(self._engine, self._open_engine(read_only=True))
        return SystemCleanData(SystemCleaning(accounts, cache_retentions(self.boot.root)))
