"""``images.update``: every line's image becomes what the shop shows, and a row says how it went."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from domain.errors import Refused
from domain.images.message import TYPE, ImageLine, UpdateImages, payload_of
from domain.images.naming import path_of
from domain.images.ports import (
    FolderAway,
    ImageAbsent,
    ImageBook,
    ImageUnfit,
    Media,
    Rendition,
    Result,
    Shown,
    Sources,
    Status,
    Studio,
)
from domain.images.reference import Unfit, article_of, image_of
from domain.operating.events import Event
from domain.queue.work import Draft, Work

WAITS = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))
"""An image that is not there yet is looked for again so much later, and then no more."""

LEAVE = timedelta(seconds=90)
"""Left of the limit when the rest of the lines becomes a message of its own."""


@dataclass
class _Done:
    """What one message has come to so far."""

    results: list[Result] = field(default_factory=list)
    absent: list[tuple[ImageLine, timedelta]] = field(default_factory=list)
    left: Sequence[ImageLine] = ()


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """The adapters, and what is to be made of each image."""

    sources: Sources
    studio: Studio
    media: Media
    book: ImageBook
    renditions: Sequence[Rendition]
    keep_obsolete: timedelta


class ImageUpdates:
    """Does the lines of one message: first the files, which take time, then all rows at once.

    Files are named by their content, so what an attempt that died had written is found and kept by
    the next, and nothing is shown before the rows are committed.
    Source: UpdatingImagesController::updateImages.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._at = workshop

    def __call__(self, update: UpdateImages, work: Work) -> None:
        done = _Done()
        for place, line in enumerate(update.images):
            work.checkpoint()
            if work.remaining < LEAVE and place:
                done.left = update.images[place:]
                break
            self._line(line, update, done, work)
        self._at.media.sync()
        self._written(update, done, work)

    def _line(self, line: ImageLine, update: UpdateImages, done: _Done, work: Work) -> None:
        try:
            line = _checked(line)
            done.results.append(self._result(line, work))
        except (Unfit, ImageUnfit) as error:
            done.results.append(_failed(line, error, work))
        except ImageAbsent as error:
            if update.tried >= len(WAITS):
                done.results.append(_failed(line, error, work))
                return
            wait = max(WAITS[update.tried], min(error.retry_after or timedelta(0), WAITS[-1]))
            done.absent.append((line, wait))
            done.results.append(Result(line=line, status=Status.WAITING, reason=str(error)))

    def _result(self, line: ImageLine, work: Work) -> Result:
        if line.remove:
            return Result(line=line, status=Status.REMOVED)
        content = self._at.sources.read(line.image, work.remaining)
        digest = hashlib.sha256(content).hexdigest()
        paths = {r.name: path_of(line, digest, r) for r in self._at.renditions}
        width, height = self._at.studio.size(content)
        missing = [r for r in self._at.renditions if not self._at.media.has(paths[r.name])]
        if missing:
            for name, rendered in self._at.studio.render(content, missing).items():
                self._at.media.put(paths[name], rendered, work.idempotency_key)
        shown = Shown(source_sha256=digest, width=width, height=height, renditions=paths)
        return Result(line=line, status=Status.DONE, shown=shown)

    # --- what is committed with the message ------------------------------------------------------

    def _written(self, update: UpdateImages, done: _Done, work: Work) -> None:
        asked_by = update.first_message or int(work.idempotency_key.rpartition(":")[2])
        for path in self._at.book.obsolete(work.database, self._at.keep_obsolete):
            self._at.media.remove(path)
        counts, new_paths = self._at.book.record(work.database, done.results, asked_by)
        if not all(map(self._at.media.has, new_paths)):
            # Found above, struck out and removed by another worker since.
            raise FolderAway("a rendition was removed as obsolete just now; it is made anew")
        again = replace(update, first_message=asked_by)
        if done.left:
            _enqueue(replace(again, images=tuple(done.left)), timedelta(0), work)
        for wait in sorted({wait for _, wait in done.absent}):
            lines = tuple(line for line, own in done.absent if own == wait)
            _enqueue(replace(again, images=lines, tried=update.tried + 1), wait, work)
        work.log(Event.IMAGES_UPDATED, update.file, **counts, left=len(done.left))


def _checked(line: ImageLine) -> ImageLine:
    """Whoever wrote the message: words are looked at before anything is opened by them."""
    return replace(line, article=article_of(line.article), image=image_of(line.image))


def _failed(line: ImageLine, error: Refused | ImageAbsent, work: Work) -> Result:
    # What follows the question mark may be a partner's key.
    image = line.image.partition("?")[0]
    work.warn(Event.IMAGE_FAILED, str(error), article=line.article, image=image)
    return Result(line=line, status=Status.FAILED, reason=str(error))


def _enqueue(update: UpdateImages, wait: timedelta, work: Work) -> None:
    work.enqueue(Draft(type=TYPE, payload=payload_of(update), wait=wait))
