"""CR-001: every list in the inbox becomes messages on the queue, each list in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from domain.errors import Refused
from domain.images.message import TYPE, ImageLine, UpdateImages, payload_of
from domain.images.reference import Unfit
from domain.jobs.image_batches.columns import places
from domain.jobs.image_batches.lines import Repeats, is_blank, line_of
from domain.jobs.image_batches.ports import (
    BatchBook,
    Entry,
    ImageList,
    Inbox,
    ListChanged,
    ListRefused,
    OpenList,
)
from domain.jobs.image_batches.request import BatchRequest
from domain.operating.events import Event
from domain.operating.ports import ActiveRun
from domain.operating.run import Summary, Unit, UnitResult
from domain.operating.units import guarded
from domain.queue.work import Draft

COUNTED = ("images", "batches", "rejected", "repeated")
MOST_NOTES = 1000
_MOST_REJECTED = 0.5


@dataclass
class Survey:
    """What a list holds, read once from end to end before anything is written."""

    images: int = 0
    rejected: int = 0
    repeated: int = 0
    notes: list[str] = field(default_factory=list)

    def reject(self, line: int, why: Unfit) -> None:
        self.rejected += 1
        if self.rejected <= MOST_NOTES:
            self.notes.append(f"line {line}: {why}")

    def check(self) -> None:
        """Raise Refused for a list of which most is wrong: nobody meant it so."""
        read = self.images + self.repeated + self.rejected
        if self.rejected > read * _MOST_REJECTED:
            raise Refused(
                f"{self.rejected:,} of {read:,} lines cannot be read, first {self.notes[0]}"
            )


class ImageBatches:
    """Queues what the lists ask for and moves them; the images themselves are done later.

    Source: UpdatingImagesController (CR-001).
    """

    def __init__(self, inbox: Inbox, book: BatchBook) -> None:
        self._inbox, self._book = inbox, book

    def __call__(self, request: BatchRequest, run: ActiveRun) -> Summary:
        """Take the lists one by one, the oldest first; one that fails stops no other."""
        named = request.file
        lists = self._inbox.waiting() if named is None else [self._inbox.named(named)]
        units: list[Unit] = []
        for found in lists:
            run.progress("image lists", len(units), len(lists))
            run.checkpoint("list")
            one = _OneList(self._inbox, self._book, found, request, run)
            units.append(guarded(found.name, one.queued, run))
        return _summary(units, run)


class _OneList:
    """One list on its way from the inbox to the queue."""

    def __init__(
        self, inbox: Inbox, book: BatchBook, found: ImageList, request: BatchRequest, run: ActiveRun
    ) -> None:
        self._inbox, self._book, self._found = inbox, book, found
        self._request, self._run = request, run

    def queued(self) -> Unit:
        """Queue it, or say why not; what is no list is set aside before that is raised."""
        if not self._inbox.is_settled(self._found):
            return self._unit(UnitResult.SKIPPED, "is still being written; the next run takes it")
        try:
            with self._inbox.open(self._found) as opened:
                return self._taken(opened)
        except ListChanged as error:
            return self._unit(UnitResult.SKIPPED, str(error))
        except ListRefused as error:
            if not self._run.dry_run:
                self._inbox.set_aside(self._found, str(error))
            raise

    def _taken(self, opened: OpenList) -> Unit:
        self._run.checkpoint("opened")
        earlier = self._book.queued(opened.digest)
        survey = Survey() if earlier else self._surveyed(opened)
        if not earlier and survey.images:
            earlier = self._entered(opened, survey)
        self._moved(opened, survey.notes)
        if earlier:
            return self._unit(UnitResult.UNCHANGED, f"the same content was queued from {earlier}")
        return self._told(survey)

    def _told(self, survey: Survey) -> Unit:
        if not survey.images:
            return self._unit(UnitResult.UNCHANGED, "has no lines below its header")
        counts = {
            "images": survey.images,
            "batches": -(-survey.images // self._request.batch_size),
            "rejected": survey.rejected,
            "repeated": survey.repeated,
        }
        if survey.rejected:
            message = f"{survey.rejected:,} lines left out, first {survey.notes[0]}"
            self._run.warn(Event.LINES_REJECTED, message, unit=self._found.name)
            return self._unit(UnitResult.DONE, message, counts)
        return self._unit(UnitResult.DONE, "", counts)

    # --- read ------------------------------------------------------------------------------------

    def _surveyed(self, opened: OpenList) -> Survey:
        """Read the whole list once, so that a broken end is known before anything is written."""
        survey = Survey()
        try:
            with self._run.stage("survey"):
                for _ in self._lines(opened, survey):
                    survey.images += 1
            survey.check()
        except Refused as error:
            if not self._run.dry_run:
                self._book.note_failed(opened.digest, self._found.name, str(error), self._run)
            raise ListRefused(str(error)) from error
        return survey

    def _lines(self, opened: OpenList, survey: Survey) -> Iterator[ImageLine]:
        """Give what is to be queued; what is not is counted in the survey."""
        repeats = Repeats()
        with opened.rows() as rows:
            columns = places(rows.header or ())
            for number, cells in rows:
                try:
                    line = line_of(cells, columns)
                except Unfit as why:
                    if not is_blank(cells):
                        survey.reject(number, why)
                    continue
                if repeats.is_known(line):
                    survey.repeated += 1
                    continue
                yield line

    # --- write -----------------------------------------------------------------------------------

    def _entered(self, opened: OpenList, survey: Survey) -> str | None:
        """Write the messages; gives the name of the list that was faster with the same content."""
        if self._run.dry_run:
            return None
        entry = Entry(
            digest=opened.digest,
            name=self._found.name,
            images=survey.images,
            rejected=survey.rejected,
            batches=-(-survey.images // self._request.batch_size),
        )
        with self._run.stage("enqueue"):
            is_new = self._book.enter(entry, self._drafts(opened, entry), self._run)
        self._run.checkpoint("queued")
        return None if is_new else self._found.name

    def _drafts(self, opened: OpenList, entry: Entry) -> Iterator[Draft]:
        lines = self._lines(opened, Survey())
        for number in range(1, entry.batches + 1):
            images = tuple(islice(lines, self._request.batch_size))
            yield self._draft(entry, number, images)
            self._run.progress("batches", number, entry.batches)
        opened.verify()  # what was read is what was surveyed and hashed

    def _draft(self, entry: Entry, number: int, images: tuple[ImageLine, ...]) -> Draft:
        return Draft(
            type=TYPE,
            payload=payload_of(UpdateImages(images=images, file=entry.name)),
            dedupe_key=f"{entry.digest}:{number}",
            correlation_id=self._run.correlation_id,
            created_by=self._run.actor,
        )

    def _moved(self, opened: OpenList, notes: Sequence[str]) -> None:
        if self._run.dry_run:
            return
        try:
            self._inbox.put_away(self._found, opened, notes)
        except Refused as error:
            raise Refused(f"is queued, but stays where it is: {error}") from error
        self._run.checkpoint("moved")

    def _unit(
        self, result: UnitResult, message: str, counts: Mapping[str, int] | None = None
    ) -> Unit:
        unit = Unit(name=self._found.name, result=result, message=message, counts=counts or {})
        self._run.log(
            Event.UNIT_FINISHED, message, unit=unit.name, result=result.value, **unit.counts
        )
        return unit


def _summary(units: Sequence[Unit], run: ActiveRun) -> Summary:
    items = {word: sum(unit.counts.get(word, 0) for unit in units) for word in COUNTED}
    notes = ("dry run: nothing was written",) if run.dry_run else ()
    return Summary(units=tuple(units), items=items, notes=notes)
