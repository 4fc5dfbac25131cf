"""CR-013: build all files, and send them as a set if they are news to the partner."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from domain.errors import Refused
from domain.jobs.simulator.ports import (
    BuiltFile,
    Layout,
    SentSet,
    TransferBook,
    Workshop,
    outgoing,
)
from domain.jobs.simulator.request import SimulatorRequest
from domain.operating.events import Event
from domain.operating.ports import ActiveRun
from domain.operating.run import Summary, Unit, UnitResult
from domain.transfers.ports import Partners
from domain.transfers.sending import send

SUBJECT = "simulator"


class ImplausibleSet(Refused):
    """The set is empty, or much smaller than the one before; nothing was sent."""


class SimulatorFiles:
    """Keeps a partner's wheel simulator at the shop's vehicles, fitments and articles.

    Source: SimulatorController, the legacy sender of the MAK files (CR-013).
    """

    def __init__(
        self, layout: Layout, workshop: Workshop, book: TransferBook, partners: Partners
    ) -> None:
        self._layout, self._workshop = layout, workshop
        self._book, self._partners = book, partners

    def __call__(self, request: SimulatorRequest, run: ActiveRun) -> Summary:
        """Send a set that differs from the last one, or is due again; all of it or nothing."""
        self._partners.verify(self._layout.partner)
        run.checkpoint("verified")
        with self._workshop.built(run) as files:
            run.checkpoint("built")
            last = self._book.newest(SUBJECT, self._layout.partner)
            self._check(files, last, request, run)
            no_news = "" if request.force else self._no_news(files, last)
            if not no_news and not run.dry_run:
                self._send(files, run)
            return _summary(files, no_news, run)

    def _check(
        self,
        files: Sequence[BuiltFile],
        last: SentSet | None,
        request: SimulatorRequest,
        run: ActiveRun,
    ) -> None:
        faults = [fault for file in files for fault in self._faults(file, last)]
        if not faults:
            return
        said = "; ".join(faults)
        if not request.force:
            raise ImplausibleSet(
                f"{said}. Nothing was sent. Look at the last cron:driveright:sync; where it is"
                " right so, --force --reason WHY passes this once"
            )
        run.warn(Event.GUARD_FORCED, said, actor=run.actor, reason=request.reason)

    def _faults(self, file: BuiltFile, last: SentSet | None) -> Iterator[str]:
        least, most_drop = (
            self._layout.least_lines.get(file.name, 0),
            self._layout.most_drop_percent,
        )
        if file.lines < least:
            yield f"{file.name} has {file.lines:,} lines, expected are at least {least:,}"
        before = last.lines.get(file.name, 0) if last else 0
        if (before - file.lines) * 100 > most_drop * before:
            yield (
                f"{file.name} has {file.lines:,} lines after {before:,}, which is more than"
                f" {most_drop:g} % fewer"
            )

    def _no_news(self, files: Sequence[BuiltFile], last: SentSet | None) -> str:
        if last is None or last.digest != files[-1].digest or last.age >= self._layout.most_silence:
            return ""
        return f"as {self._layout.partner} has had it for {_span(last)}"

    def _send(self, files: Sequence[BuiltFile], run: ActiveRun) -> None:
        with run.stage("send"):
            send(self._partners, self._layout.partner, [outgoing(file) for file in files], run)
        run.checkpoint("arrived")
        self._book.enter(SUBJECT, self._layout.partner, files, run)
        run.checkpoint("noted")


def _span(last: SentSet) -> str:
    hours = int(last.age.total_seconds() // 3600)
    return f"{hours} h" if hours else "less than an hour"


def _summary(files: Sequence[BuiltFile], no_news: str, run: ActiveRun) -> Summary:
    result = UnitResult.UNCHANGED if no_news else UnitResult.DONE
    units = tuple(_unit(file, result, no_news) for file in files)
    items = {} if no_news else {"files": len(files), "lines": sum(file.lines for file in files)}
    notes = ("dry run: nothing was sent",) if run.dry_run else ()
    return Summary(units=units, items=items, notes=notes)


def _unit(file: BuiltFile, result: UnitResult, no_news: str) -> Unit:
    counts = {"lines": file.lines, "bytes": file.size_bytes}
    if not file.replaced:
        return Unit(name=file.name, result=result, message=no_news, counts=counts)
    replaced = f"{file.replaced:,} characters that the encoding lacks were replaced"
    said = f"{no_news}; {replaced}" if no_news else replaced
    return Unit(
        name=file.name, result=result, message=said, counts={**counts, "replaced": file.replaced}
    )
