"""Import one supplier: find its files, judge their age, hand what is new to its routine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import takewhile
from typing import NamedTuple

from domain.errors import ConfigurationInvalid, Refused
from domain.jobs.supplier_import.failures import FeedNotArchived, FeedStale
from domain.jobs.supplier_import.fetching import Fetch, nothing_to_fetch
from domain.jobs.supplier_import.freshness import (
    is_settled,
    is_stale,
    is_superseded,
    must_zero,
    newest_of,
    stale,
)
from domain.jobs.supplier_import.ports import (
    Entry,
    Feed,
    Feeds,
    LastImport,
    OpenFeed,
    Status,
    StockBook,
)
from domain.jobs.supplier_import.process import FORCE_HINT, ProcessFile, Task, put_away
from domain.jobs.supplier_import.request import ImportRequest
from domain.jobs.supplier_import.setting import ImportSetting, Mode
from domain.operating.events import Event
from domain.operating.ports import ActiveRun, Clock
from domain.operating.run import Unit, UnitResult


def unit_name(supplier_id: int, name: str) -> str:
    """The supplier as every result line and message names it."""
    return f"supplier {supplier_id} ({name})"


class _Seen(NamedTuple):
    """What came of one file; ``counts`` is None where nothing was to be booked."""

    said: str
    counts: Counter[str] | None = None
    is_stuck: bool = False


class OneSupplier:
    """Imports what one supplier delivered, under a lock that the caller holds.

    ``processes`` holds the routines that a setting can name ("standard" and suppliers' own);
    ``fetch`` brings what a partner offers into the supplier's folder first.
    """

    def __init__(
        self,
        feeds: Feeds,
        book: StockBook,
        processes: Mapping[str, ProcessFile],
        clock: Clock,
        fetch: Fetch = nothing_to_fetch,
    ) -> None:
        self._feeds, self._book, self._processes, self._clock = feeds, book, processes, clock
        self._fetch = fetch

    def __call__(self, setting: ImportSetting, request: ImportRequest, run: ActiveRun) -> Unit:
        if request.file is None:
            self._fetch(setting, run)
        task = Task(setting=setting, request=request, started_at=self._clock.now())
        last = self._book.last(setting.supplier_id)
        feeds = self._feeds_of(task, last)
        for feed in feeds:
            _warn_if_ahead(feed, task, run)
        newest = newest_of(feeds, last)
        if is_stale(_judged(task, feeds, newest), setting.guards, task.started_at):
            self._refuse_stale(task, newest, feeds, run)
        if not feeds:
            return _unit(setting, UnitResult.UNCHANGED, f"nothing new since {newest:%F %H:%M} UTC")
        settled = list(takewhile(lambda feed: self._is_settled(task, feed), feeds))
        if not settled:
            return _unit(setting, UnitResult.SKIPPED, f"{feeds[0].name} is still being written")
        return self._files(task, settled, run)

    # --- which files -------------------------------------------------------------------------

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

    def _is_settled(self, task: Task, feed: Feed) -> bool:
        return is_settled(feed, task.setting.guards, self._clock.now())

    # --- how old -----------------------------------------------------------------------------

    def _refuse_stale(
        self, task: Task, newest: datetime | None, feeds: Sequence[Feed], run: ActiveRun
    ) -> None:
        """Raise FeedStale; only a file that --file names passes, by --force."""
        request = task.request
        error = stale(task.setting, _judged(task, feeds, newest), task.started_at)
        if request.file is not None:
            if not request.force:
                raise FeedStale(f"{error}{FORCE_HINT}")
            run.warn(Event.GUARD_FORCED, str(error), actor=run.actor, reason=request.reason)
            return
        if must_zero(newest, task.setting.guards, task.started_at):
            error = self._zeroed(task, error, run)
        if not run.dry_run:
            self._book.note(self._entry(task, Status.FAILED, message=str(error)), run)
        for feed in feeds:
            self._mark(task, feed, error, run)
        raise error

    def _zeroed(self, task: Task, error: FeedStale, run: ActiveRun) -> FeedStale:
        count = self._book.zero(self._entry(task, Status.ZEROED, message=str(error)), run)
        run.warn(Event.STOCK_ZEROED, str(error), supplier=task.setting.supplier_id, articles=count)
        if run.dry_run:
            return FeedStale(
                f"{error}; stock of {count} articles would be set to 0, "
                "but nothing was written: dry run"
            )
        return FeedStale(f"{error}; stock of {count} articles set to 0")

    # --- file by file ------------------------------------------------------------------------

    def _files(self, task: Task, feeds: Sequence[Feed], run: ActiveRun) -> Unit:
        process = self._process_of(task.setting)
        seen: list[_Seen] = []
        for feed in feeds:
            seen.append(self._file(task, feed, process, run))
            if seen[-1].is_stuck:
                break  # a delta left in the folder is taken again: nothing newer before it
        unit = _unit_of(task.setting, seen)
        failed = unit.result is UnitResult.FAILED
        say, event = (run.warn, Event.UNIT_FAILED) if failed else (run.log, Event.UNIT_FINISHED)
        say(event, unit.message, unit=unit.name, result=unit.result.value, **unit.counts)
        return unit

    def _process_of(self, setting: ImportSetting) -> ProcessFile:
        if setting.process not in self._processes:
            known = ", ".join(sorted(self._processes))
            raise ConfigurationInvalid(
                f"supplier.{setting.supplier_id}.process {setting.process!r}: known are {known}"
            )
        return self._processes[setting.process]

    def _file(self, task: Task, feed: Feed, process: ProcessFile, run: ActiveRun) -> _Seen:
        said = feed.name
        try:
            with self._feeds.open(feed) as opened:
                run.checkpoint("opened")
                no_news = self._no_news(task, opened, run)
                if not no_news:
                    return _Seen(said, process(task, opened, run))
                said = f"{feed.name}: {no_news}"
                self._put_away(task, opened, no_news, run)
        except FeedNotArchived as error:
            done = said if error.counts is None else f"{said} is booked"
            return _Seen(f"{done}; {error}", error.counts, is_stuck=True)
        except Refused as error:
            self._mark(task, feed, error, run)
            raise
        return _Seen(said)

    def _mark(self, task: Task, feed: Feed, error: Refused, run: ActiveRun) -> None:
        """A mark that cannot be left, for want of room, must not hide why it was due."""
        if run.dry_run:
            return
        try:
            self._feeds.mark_failed(task.setting, feed, str(error))
        except Refused as fault:
            run.warn(Event.UNIT_NOT_MARKED, str(fault), file=feed.name)

    def _no_news(self, task: Task, opened: OpenFeed, run: ActiveRun) -> str:
        """Why the file is put away unread, if it is; its name may differ from the last one's."""
        digest = opened.digest
        run.checkpoint("hashed")
        last = self._book.last(task.setting.supplier_id)
        if last is None:
            return ""
        if last.digest == digest:
            return "" if task.request.update_anyway else "same content as the last import"
        return _superseded(task, opened.feed, last, run)

    def _put_away(self, task: Task, opened: OpenFeed, why: str, run: ActiveRun) -> None:
        opened.verify()
        if run.dry_run:
            return
        self._book.note(self._entry(task, Status.UNCHANGED, opened, message=why), run)
        run.checkpoint("noted")
        put_away(self._feeds, task, opened)
        run.checkpoint("archived")

    def _entry(
        self, task: Task, status: Status, opened: OpenFeed | None = None, message: str = ""
    ) -> Entry:
        return Entry(
            supplier_id=task.setting.supplier_id,
            status=status,
            started_at=task.started_at,
            finished_at=self._clock.now(),
            feed=opened.feed if opened else None,
            digest=opened.digest if opened else None,
            message=message,
        )


def _judged(task: Task, feeds: Sequence[Feed], newest: datetime | None) -> datetime | None:
    """A full list left behind by a newer one is no fault; a delta or a named file is booked."""
    if feeds and (task.request.file is not None or task.setting.mode is Mode.DELTA):
        return feeds[-1].modified
    return newest


def _superseded(task: Task, feed: Feed, last: LastImport, run: ActiveRun) -> str:
    """A full list older than the one in would bring yesterday's stock back: only by force."""
    request = task.request
    if task.setting.mode is not Mode.FULL or not is_superseded(feed, last, task.started_at):
        return ""
    fault = f"older than the list of {last.received:%F %H:%M} UTC that is in"
    if request.file is None:
        return f"{fault}; --file archive/… --force --reason WHY imports it all the same"
    if not request.force:
        raise Refused(f"{feed.name} is {fault}{FORCE_HINT}")
    run.warn(Event.GUARD_FORCED, fault, actor=run.actor, reason=request.reason)
    return ""


def _warn_if_ahead(feed: Feed, task: Task, run: ActiveRun) -> None:
    if feed.modified > task.started_at:
        message = (
            f"{feed.name} is dated {feed.modified:%F %H:%M} UTC, which is not yet: taken as now"
        )
        run.warn(Event.FEED_DATED_AHEAD, message, file=feed.name)


def _unit_of(setting: ImportSetting, seen: Sequence[_Seen]) -> Unit:
    booked = [file.counts for file in seen if file.counts is not None]
    total: Counter[str] = Counter()
    for counts in booked:
        total.update(counts)
    result = UnitResult.DONE if booked else UnitResult.UNCHANGED
    if seen[-1].is_stuck:
        result = UnitResult.FAILED
    return _unit(setting, result, ", ".join(file.said for file in seen), total)


def _unit(
    setting: ImportSetting,
    result: UnitResult,
    message: str,
    counts: Mapping[str, int] | None = None,
) -> Unit:
    name = unit_name(setting.supplier_id, setting.name)
    return Unit(name=name, result=result, message=message, counts=counts or {})
