"""One export to a file: generated from the stock, kept, then delivered to its partner."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from domain.errors import JobError, Refused
from domain.jobs.stock_export.plausibility import Implausible, judge
from domain.jobs.stock_export.ports import (
    Entry,
    ExportBook,
    ExportFiles,
    GoodFile,
    NewFile,
    Status,
    StockTable,
)
from domain.jobs.stock_export.request import ExportRequest
from domain.jobs.stock_export.setting import Delivery, ExportSetting
from domain.operating.ports import ActiveRun, Clock
from domain.operating.run import Unit, UnitResult
from domain.transfers.ports import Partners
from domain.transfers.sending import Outgoing, send

KEPT_FILES = 5
"""So many good files of an export stay, to look at and to deliver again."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One export's turn: by which setting, and what was asked."""

    setting: ExportSetting
    delivery: Delivery
    request: ExportRequest


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A file to deliver, the row it is known by, and what is to be said of it."""

    file: GoodFile
    row: int
    said: str = ""


class FileExport:
    """Generates and delivers, apart: what was generated may be delivered again."""

    def __init__(
        self,
        stock: StockTable,
        files: ExportFiles,
        book: ExportBook,
        partners: Partners,
        clock: Clock,
    ) -> None:
        self._stock, self._files, self._book = stock, files, book
        self._partners, self._clock = partners, clock

    def __call__(self, setting: ExportSetting, request: ExportRequest, run: ActiveRun) -> Unit:
        if setting.delivery is None:  # pragma: no cover - no setting without a target is stored
            raise AssertionError(setting.label)
        self._partners.verify(setting.delivery.partner)  # before anything is built
        task = Task(setting=setting, delivery=setting.delivery, request=request)
        ready = self._kept(task) if request.skip_generation else self._generated(task, run)
        return self._delivered(task, ready, run)

    # --- generate -------------------------------------------------------------------------------

    def _generated(self, task: Task, run: ActiveRun) -> Ready:
        try:
            with run.stage("generate"), self._stock.lines(task.setting) as lines:
                ready = self._written(task, lines, run)
        except Refused as error:
            status = Status.REFUSED if isinstance(error, Implausible) else Status.FAILED
            self._note(task, status, str(error), run)
            raise
        if not run.dry_run:
            run.checkpoint("generated")
            number = task.setting.export_id
            self._files.tidy(number, self._book.paths(number, KEPT_FILES))
        return ready

    def _written(self, task: Task, lines: Iterable[bytes], run: ActiveRun) -> Ready:
        """Write the file and judge it; only a good one is kept and entered."""
        setting = task.setting
        with self._files.write(setting, lines, on_disk=not run.dry_run) as new:
            run.checkpoint("written")
            last = self._book.last_good(setting.export_id)
            before = last.file.rows if last else None
            forced = judge(setting, new.facts.rows, before, task.request, run)
            said = _replaced(new, setting)
            if run.dry_run:
                return Ready(file=new.facts, row=0, said=said)
            new.keep()
            run.checkpoint("kept")
            entry = Entry(
                export_id=setting.export_id,
                status=Status.GENERATED,
                at=self._clock.now(),
                file=new.facts,
                forced=forced,
                error=task.request.reason if forced else "",
            )
            return Ready(file=new.facts, row=self._book.enter(entry, run), said=said)

    def _note(self, task: Task, status: Status, error: str, run: ActiveRun) -> None:
        if not run.dry_run:
            number, now = task.setting.export_id, self._clock.now()
            self._book.enter(Entry(export_id=number, status=status, at=now, error=error), run)

    def _kept(self, task: Task) -> Ready:
        """Give the last good file. Refused where there is none, or it is too old."""
        last = self._book.last_good(task.setting.export_id)
        if last is None:
            raise Refused("no good file is kept yet: run it without --skip-generation")
        if self._clock.now() - last.generated_at > task.delivery.max_age:
            raise Refused(
                f"the last good file is of {last.generated_at:%F %H:%M} UTC, older than"
                " delivery.max_age_hours: run it without --skip-generation"
            )
        with self._files.open(last.file):
            """It is there, and it is what was kept."""
        return Ready(file=last.file, row=last.row, said=f"of {last.generated_at:%F %H:%M} UTC")

    # --- deliver --------------------------------------------------------------------------------

    def _delivered(self, task: Task, ready: Ready, run: ActiveRun) -> Unit:
        known = self._book.last_delivered(task.setting.export_id) == ready.file.digest
        if known and not (task.delivery.deliver_unchanged or task.request.skip_generation):
            return _unit(task, UnitResult.UNCHANGED, "same content as was delivered last")
        if not run.dry_run:
            self._sent(task, ready, run)
        news = "the same content as last time" if known else ""
        said = ", ".join(word for word in (ready.file.name, ready.said, news) if word)
        return _unit(task, UnitResult.DONE, said, articles=ready.file.rows, files=1)

    def _sent(self, task: Task, ready: Ready, run: ActiveRun) -> None:
        """Send the file; one that cannot be sent stays for --skip-generation."""
        file = ready.file
        outgoing = Outgoing(
            name=file.name, size_bytes=file.size_bytes, open=lambda: self._files.open(file)
        )
        try:
            with run.stage("deliver"):
                send(self._partners, task.delivery.partner, [outgoing], run)
        except JobError as error:
            self._book.settle(ready.row, Status.GENERATED, self._clock.now(), str(error), run)
            raise
        run.checkpoint("delivered")
        self._book.settle(ready.row, Status.DELIVERED, self._clock.now(), "", run)
        run.checkpoint("settled")


def _replaced(new: NewFile, setting: ExportSetting) -> str:
    if not new.replaced or setting.file is None:
        return ""
    return f"{new.replaced:,} characters that {setting.file.encoding} lacks were replaced"


def _unit(task: Task, result: UnitResult, message: str, **counts: int) -> Unit:
    return Unit(name=task.setting.label, result=result, message=message, counts=counts)
