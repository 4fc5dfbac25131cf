"""What is done with one supplier's file: one replaceable step, the archive move at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Protocol

from domain.errors import JobError, Refused
from domain.jobs.supplier_import.failures import FeedNotArchived
from domain.jobs.supplier_import.lines import LineReader
from domain.jobs.supplier_import.plausibility import Implausible, error_fault, loss_faults
from domain.jobs.supplier_import.ports import (
    Entry,
    Feeds,
    OpenFeed,
    OpenRows,
    StagedStock,
    Status,
    StockBook,
    Tally,
)
from domain.jobs.supplier_import.request import ImportRequest
from domain.jobs.supplier_import.setting import ImportSetting
from domain.operating.events import Event
from domain.operating.ports import ActiveRun, Clock

CHECKPOINT_LINES = 50_000

FORCE_HINT = "; --force --reason WHY imports the file all the same"

COUNTED = ("lines", "new", "changed", "gone", "unchanged", "rejected", "review")


@dataclass(frozen=True, kw_only=True)
class Task:
    """One supplier's import: by which setting, what was asked, and since when."""

    setting: ImportSetting
    request: ImportRequest
    started_at: datetime


class ProcessFile(Protocol):
    """One supplier's own routine: take the file, parse, store, archive it.

    Where it raises Refused, nothing was booked and the file is where it was; FeedNotArchived says
    that all was booked but the file is still there. A dry run does the same up to the first write.
    """

    def __call__(self, task: Task, opened: OpenFeed, run: ActiveRun) -> Counter[str]: ...


class StandardProcess:
    """The routine for every file that a setting can describe."""

    def __init__(self, feeds: Feeds, book: StockBook, open_rows: OpenRows, clock: Clock) -> None:
        self._feeds, self._book, self._open_rows, self._clock = feeds, book, open_rows, clock

    def __call__(self, task: Task, opened: OpenFeed, run: ActiveRun) -> Counter[str]:
        """Source: ProcessFile of checkSupplierStock.php (CR-010)."""
        notes: Counter[str] = Counter()
        with self._book.stage(task.setting, run) as staged:
            tally = Tally()
            try:
                notes = self._read(task.setting, opened, staged, run)
                tally = self._compare(staged, run)
                forced = self._judge(task, tally, run)
            except Refused as error:
                if not run.dry_run:
                    staged.reject(self._entry(task, opened, tally, message=str(error)))
                raise
            if not run.dry_run:
                booked = self._entry(task, opened, tally, status=Status.BOOKED, forced=forced)
                with run.stage("book"):
                    staged.book(booked)
        counts = _counts(tally, notes)
        if not run.dry_run:
            self._archive(task, opened, counts, run)
        return counts

    def _read(
        self, setting: ImportSetting, opened: OpenFeed, staged: StagedStock, run: ActiveRun
    ) -> Counter[str]:
        with run.stage("read"):
            with self._open_rows(opened.path, setting.layout) as rows:
                reader = LineReader(setting, rows.header)
                staged.take(reader(rows), _ticker(opened.feed.name, run))
            opened.verify()
        run.checkpoint("staged")
        return reader.notes

    def _compare(self, staged: StagedStock, run: ActiveRun) -> Tally:
        with run.stage("compare"):
            tally = staged.compare()
        run.checkpoint("compared")
        return tally

    def _archive(self, task: Task, opened: OpenFeed, counts: Counter[str], run: ActiveRun) -> None:
        run.checkpoint("committed")
        with run.stage("archive"):
            put_away(self._feeds, task, opened, counts)
        run.checkpoint("archived")

    def _judge(self, task: Task, tally: Tally, run: ActiveRun) -> bool:
        """Whether the file passes only by force; Implausible where it does not pass at all."""
        guards, request = task.setting.guards, task.request
        fault = error_fault(tally, task.setting)
        losses = list(loss_faults(tally, guards))
        if fault or (losses and not request.force):
            raise Implausible(fault or "; ".join(losses) + FORCE_HINT)
        for loss in losses:
            run.warn(Event.GUARD_FORCED, loss, actor=run.actor, reason=request.reason)
        return bool(losses)

    def _entry(
        self,
        task: Task,
        opened: OpenFeed,
        tally: Tally,
        *,
        status: Status = Status.FAILED,
        forced: bool = False,
        message: str = "",
    ) -> Entry:
        return Entry(
            supplier_id=task.setting.supplier_id,
            status=status,
            started_at=task.started_at,
            finished_at=self._clock.now(),
            feed=opened.feed,
            digest=opened.digest,
            tally=tally,
            forced=forced,
            message=task.request.reason if forced else message,
        )


def put_away(
    feeds: Feeds, task: Task, opened: OpenFeed, counts: Counter[str] | None = None
) -> None:
    """Archive a file whose content is in; what fails now must not hide what was booked."""
    try:
        feeds.archive(task.setting, opened)
    except JobError as error:
        raise FeedNotArchived(error, counts) from error


def _ticker(name: str, run: ActiveRun) -> Callable[[int], None]:
    def tick(taken: int) -> None:
        run.progress(name, taken, None)
        if taken % CHECKPOINT_LINES == 0:
            run.checkpoint("lines")

    return tick


def _counts(tally: Tally, notes: Counter[str]) -> Counter[str]:
    values = asdict(tally)
    return Counter({word: values[word] for word in COUNTED} | dict(notes))
