"""CR-007: rows of the update log go when their time is over.

Source: ``_shopupdating/cronjobs/atx/logs/cleanLogs.php``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.cleaning.allowance import Allowance, ask
from domain.cleaning.stretches import Deletion, OldRows, survey
from domain.errors import ConfigurationInvalid
from domain.jobs.log_cleaning.archiving import ArchivedRows, settle
from domain.jobs.log_cleaning.ports import LOG, LogArchive, UpdateLog
from domain.jobs.log_cleaning.request import LogRequest
from domain.operating.ports import ActiveRun
from domain.operating.run import Summary, Unit, UnitResult


@dataclass(frozen=True, kw_only=True)
class LogRetention:
    """How long rows are kept, and how much one run may delete unasked."""

    days: int
    allowance: Allowance

    def __post_init__(self) -> None:
        if self.days < 1:
            raise ConfigurationInvalid(f"a log retention of {self.days} days keeps nothing")


class LogCleaning:
    """Looks at everything that may be old, asks where it is too much, then deletes by batches."""

    def __init__(self, log: UpdateLog, archive: LogArchive | None, retention: LogRetention) -> None:
        self._log, self._archive, self._retention = log, archive, retention

    def __call__(self, request: LogRequest, run: ActiveRun) -> Summary:
        """Delete what is older than the retention (CR-007)."""
        cutoff = self._log.now() - timedelta(days=self._days(request, run))
        if self._archive and not run.dry_run:
            settle(self._log, self._archive)
        rows = self._rows(cutoff)
        allowance = self._retention.allowance
        with run.stage("survey"):
            found = survey(rows, run, allowance.is_borne)
        ask(allowance.fault(found.going, found.stay), request, run)
        before = f"from before {cutoff:%Y-%m-%d %H:%M} UTC"
        if run.dry_run:
            return _summary(found.going, before, notes=("dry run: nothing was written",))
        deletion = Deletion(rows, run, "log rows")
        with run.stage("delete"):
            deletion.work(found.stretches, found.going)
        return _summary(
            deletion.deleted[LOG],
            before,
            notes=deletion.notes,
            archived=deletion.further,
            remaining=deletion.remaining(found),
        )

    def _days(self, request: LogRequest, run: ActiveRun) -> int:
        usual = self._retention.days
        asked = request.days or usual
        if asked < usual:
            ask(f"--days={asked} is less than the {usual} of config/jobs.toml", request, run)
        return asked

    def _rows(self, cutoff: datetime) -> OldRows[str]:
        rows = self._log.before(cutoff)
        return ArchivedRows(self._log, self._archive, cutoff, rows) if self._archive else rows


def _summary(deleted: int, before: str, *, notes: tuple[str, ...], **more: int) -> Summary:
    result = UnitResult.DONE if deleted else UnitResult.UNCHANGED
    unit = Unit(name=LOG, result=result, message=before, counts={"deleted": deleted, **more})
    return Summary(units=(unit,), items={"deleted": deleted, **more}, notes=notes)
