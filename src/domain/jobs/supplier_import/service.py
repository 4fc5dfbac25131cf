"""Import the stock of every active supplier, or of one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import takewhile

from domain.errors import ConfigurationInvalid, Refused
from domain.jobs.supplier_import.freshness import is_settled, is_stale, must_zero, stale
from domain.jobs.supplier_import.ports import (
    Entry,
    Feed,
    Feeds,
    FeedStale,
    ImportSettings,
    LastImport,
    OpenFeed,
    Status,
    StockBook,
)
from domain.jobs.supplier_import.process import COUNTED, ProcessFile, Task
from domain.jobs.supplier_import.request import ImportRequest
from domain.jobs.supplier_import.setting import ImportSetting, Mode
from domain.operating.events import Event
from domain.operating.ports import ActiveRun, Busy, Clock
from domain.operating.run import Summary, Unit, UnitResult
from domain.operating.units import guarded

LOCK = "cron.suppliers.import.supplier.{}"


class SupplierImport:
    """Brings each supplier's newest file into the stock, one transaction per file.

    ``processes`` holds the routines that a setting can name ("standard" and suppliers' own).
    """

    def __init__(
        self,
        settings: ImportSettings,
        feeds: Feeds,
        book: StockBook,
        processes: Mapping[str, ProcessFile],
        clock: Clock,
    ) -> None:
        self._settings, self._feeds, self._book = settings, feeds, book
        self._processes, self._clock = processes, clock

    def __call__(self, request: ImportRequest, run: ActiveRun) -> Summary:
        """Import all active suppliers, each a unit of its own, or one, whose failure is raised.

        Source: checkAllSupplierStock.php (CR-009), checkSupplierStock.php (CR-010).
        """
        if request.supplier is None:
            return _summary(self._every(request, run), run)
        setting = self._active(request.supplier)
        return _summary([self._supplier(setting, request, run)], run)

    def _active(self, supplier_id: int) -> ImportSetting:
        setting = self._settings.find(supplier_id)
        if setting is not None and setting.active:
            return setting
        fault = "has no import setting" if setting is None else f"({setting.name}) is inactive"
        ids = ", ".join(map(str, self._settings.names(active=True))) or "none"
        raise Refused(f"supplier {supplier_id} {fault}; active suppliers: {ids}")

    # --- all suppliers -----------------------------------------------------------------------

    def _every(self, request: ImportRequest, run: ActiveRun) -> list[Unit]:
        names = self._settings.names(active=True)
        if not names:
            raise Refused("no supplier has an active import setting; load them by ops:import")
        units: list[Unit] = []
        for supplier_id, name in names.items():
            run.progress("suppliers", len(units), len(names))
            run.checkpoint("supplier")
            work = self._one_of_many(supplier_id, request, run)
            units.append(guarded(_unit_name(supplier_id, name), work, run))
        return units

    def _one_of_many(
        self, supplier_id: int, request: ImportRequest, run: ActiveRun
    ) -> Callable[[], Unit]:
        """The ``--all`` key does not exclude a supplier's own run: that takes its own key."""

        def work() -> Unit:
            setting = self._active(supplier_id)
            with run.lock(LOCK.format(supplier_id)) as held:
                if isinstance(held, Busy):
                    return _skipped(setting, f"run {held.run_id} on {held.host} is importing it")
                return self._supplier(setting, request, run)

        return work

    # --- one supplier ------------------------------------------------------------------------

    def _supplier(self, setting: ImportSetting, request: ImportRequest, run: ActiveRun) -> Unit:
        task = Task(setting=setting, request=request, started_at=self._clock.now())
        last = self._book.last(setting.supplier_id)
        feeds = self._feeds_of(task, last)
        newest = feeds[-1].modified if feeds else last and last.received
        self._check_age(task, newest, feeds, run)
        if not feeds:
            return _unit(setting, UnitResult.UNCHANGED, f"nothing new since {newest:%F %H:%M} UTC")
        now = self._clock.now()
        settled = list(takewhile(lambda feed: is_settled(feed, setting.guards, now), feeds))
        if not settled:
            return _skipped(setting, f"{feeds[0].name} is still being written")
        return self._files(task, settled, run)

    def _feeds_of(self, task: Task, last: LastImport | None) -> Sequence[Feed]:
        """Oldest first; of full lists only the newest counts, of deltas each one."""
        setting, request = task.setting, task.request
        if request.file is not None:
            return [self._feeds.named(setting, request.file)]
        waiting = self._feeds.waiting(setting)
        if waiting or not request.update_anyway or last is None or last.digest is None:
            return waiting[-1:] if setting.mode is Mode.FULL else waiting
        return [self._last_again(setting, last.digest)]

    def _last_again(self, setting: ImportSetting, digest: str) -> Feed:
        feed = self._feeds.archived(setting, digest)
        if feed is None:
            raise Refused(
                f"the last file of {setting.name} (sha256 {digest[:8]}) is no longer in the "
                "archive: name one by --file"
            )
        return feed

    def _check_age(
        self, task: Task, newest: datetime | None, feeds: Sequence[Feed], run: ActiveRun
    ) -> None:
        """FeedStale for a file that is too old; one named by --file passes by --force."""
        now, setting, request = self._clock.now(), task.setting, task.request
        if not is_stale(newest, setting.guards, now):
            return
        error = stale(setting, newest, now)
        if feeds and request.file is not None and request.force:
            run.warn(Event.GUARD_FORCED, str(error), actor=run.actor, reason=request.reason)
            return
        if must_zero(newest, setting.guards, now):
            error = self._zeroed(task, error, run)
        if not run.dry_run:
            self._book.note(_entry(task, Status.FAILED, now, message=str(error)), run)
            for feed in feeds:
                self._feeds.mark_failed(setting, feed, str(error))
        raise error

    def _zeroed(self, task: Task, error: FeedStale, run: ActiveRun) -> FeedStale:
        entry = _entry(task, Status.ZEROED, self._clock.now(), message=str(error))
        count = self._book.zero(entry, run)
        run.warn(Event.STOCK_ZEROED, str(error), supplier=task.setting.supplier_id, articles=count)
        return FeedStale(f"{error}; stock of {count} articles set to 0")

    # --- its files ---------------------------------------------------------------------------

    def _files(self, task: Task, feeds: Sequence[Feed], run: ActiveRun) -> Unit:
        process = self._process_of(task.setting)
        counts: Counter[str] = Counter()
        result = UnitResult.UNCHANGED
        for feed in feeds:
            found = self._file(task, feed, process, run)
            if found is not None:
                counts.update(found)
                result = UnitResult.DONE
        names = ", ".join(feed.name for feed in feeds)
        same = "" if result is UnitResult.DONE else ": same content as the last import"
        run.log(Event.UNIT_FINISHED, names, unit=task.setting.name, result=result.value, **counts)
        return _unit(task.setting, result, f"{names}{same}", counts)

    def _process_of(self, setting: ImportSetting) -> ProcessFile:
        if setting.process not in self._processes:
            known = ", ".join(sorted(self._processes))
            raise ConfigurationInvalid(
                f"supplier.{setting.supplier_id}.process {setting.process!r}: known are {known}"
            )
        return self._processes[setting.process]

    def _file(
        self, task: Task, feed: Feed, process: ProcessFile, run: ActiveRun
    ) -> Counter[str] | None:
        """What the file changed; None where its content is already in."""
        try:
            with self._feeds.open(feed) as opened:
                run.checkpoint("opened")
                known = self._is_known(task, opened, run)
                return self._unchanged(task, opened, run) if known else process(task, opened, run)
        except Refused as error:
            if not run.dry_run:
                self._feeds.mark_failed(task.setting, feed, str(error))
            raise

    def _is_known(self, task: Task, opened: OpenFeed, run: ActiveRun) -> bool:
        """The content is what stock shows; name and time of the file may differ."""
        digest = opened.digest
        run.checkpoint("hashed")
        last = self._book.last(task.setting.supplier_id)
        return not task.request.update_anyway and last is not None and last.digest == digest

    def _unchanged(self, task: Task, opened: OpenFeed, run: ActiveRun) -> None:
        opened.verify()
        if run.dry_run:
            return
        self._book.note(_entry(task, Status.UNCHANGED, self._clock.now(), opened), run)
        run.checkpoint("noted")
        self._feeds.archive(task.setting, opened)
        run.checkpoint("archived")


def _entry(
    task: Task, status: Status, now: datetime, opened: OpenFeed | None = None, message: str = ""
) -> Entry:
    return Entry(
        supplier_id=task.setting.supplier_id,
        status=status,
        started_at=task.started_at,
        finished_at=now,
        feed=opened and opened.feed,
        digest=opened and opened.digest,
        message=message,
    )


def _unit_name(supplier_id: int, name: str) -> str:
    return f"supplier {supplier_id} ({name})"


def _unit(
    setting: ImportSetting,
    result: UnitResult,
    message: str,
    counts: Mapping[str, int] | None = None,
) -> Unit:
    name = _unit_name(setting.supplier_id, setting.name)
    return Unit(name=name, result=result, message=message, counts=counts or {})


def _skipped(setting: ImportSetting, message: str) -> Unit:
    return _unit(setting, UnitResult.SKIPPED, message)


def _summary(units: Sequence[Unit], run: ActiveRun) -> Summary:
    items = {word: sum(unit.counts.get(word, 0) for unit in units) for word in COUNTED}
    notes = ("dry run: nothing was written",) if run.dry_run else ()
    return Summary(units=tuple(units), items=items, notes=notes)
