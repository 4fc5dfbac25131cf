"""One message of article images, on ports in memory: each image on its own, rows all at once."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from domain.errors import StopRequested
from domain.images.message import ImageLine, UpdateImages, payload_of
from domain.images.naming import path_of
from domain.images.ports import (
    FolderAway,
    ImageAbsent,
    ImageUnfit,
    Rendition,
    Result,
    Status,
)
from domain.images.updating import LEAVE, WAITS, ImageUpdates, Workshop
from domain.queue.work import Draft, Enqueued, Statements

LIST = Rendition(name="list", width=100, height=100, format="webp", quality=80)
ZOOM = Rendition(name="zoom", width=900, height=900, format="jpeg", quality=80)


@dataclass
class FakeWork:
    """One attempt; ``stop_after`` checkpoints the processor stops."""

    message_id: int = 7
    remaining: timedelta = timedelta(minutes=10)
    stop_after: int = 99
    drafts: list[Draft] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)
    logged: list[Mapping[str, Any]] = field(default_factory=list)
    correlation_id: str = "c"
    attempt: int = 1
    database: Any = None

    @property
    def idempotency_key(self) -> str:
        return f"msg:{self.message_id}"

    def checkpoint(self) -> None:
        self.stop_after -= 1
        if self.stop_after < 0:
            raise StopRequested("stops")

    def enqueue(self, draft: Draft) -> Enqueued:
        self.drafts.append(draft)
        return Enqueued(message_id=99, is_new=True)

    def log(self, event: str, message: str = "", **fields: Any) -> None:
        self.logged.append(fields)

    def warn(self, event: str, message: str = "", **fields: Any) -> None:
        self.warned.append(message)


@dataclass
class Shelf:
    """Every port but the studio's errors: sources by name, files by path, rows as recorded."""

    sources: dict[str, bytes | Exception] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)
    recorded: list[Result] = field(default_factory=list)
    asked_by: int = 0
    due: list[str] = field(default_factory=list)
    at_read: Callable[[], None] = lambda: None

    def read(self, image: str, within: timedelta) -> bytes:
        self.at_read()
        found = self.sources[image]
        if isinstance(found, Exception):
            raise found
        return found

    def size(self, content: bytes) -> tuple[int, int]:
        if content == b"broken":
            raise ImageUnfit("is broken")
        return 40, 30

    def render(self, content: bytes, wanted: Sequence[Rendition]) -> Mapping[str, bytes]:
        return {one.name: content + one.name.encode() for one in wanted}

    def has(self, path: str) -> bool:
        return path in self.files

    def put(self, path: str, content: bytes, owner: str) -> None:
        self.writes.append(path)
        self.files[path] = content

    def sync(self) -> None: ...

    def remove(self, path: str) -> None:
        del self.files[path]

    def record(
        self, database: Statements, results: Sequence[Result], asked_by: int
    ) -> tuple[Counter[str], Sequence[str]]:
        self.recorded += results
        self.asked_by = asked_by
        shown = [result.shown for result in results if result.shown]
        return (
            Counter(result.status.value for result in results),
            [path for one in shown for path in one.renditions.values()],
        )

    def obsolete(self, database: Statements, keep: timedelta) -> Sequence[str]:
        return self.due


def lines(*images: str, **more: Any) -> tuple[ImageLine, ...]:
    return tuple(ImageLine(article="A 1/ß", image=image, **more) for image in images)


def update(shelf: Shelf, work: FakeWork, *images: str, **more: Any) -> None:
    do(shelf, work, UpdateImages(images=lines(*images), **more))


def do(shelf: Shelf, work: FakeWork, asked: UpdateImages) -> None:
    workshop = Workshop(
        sources=shelf,
        studio=shelf,
        media=shelf,
        book=shelf,
        renditions=(LIST, ZOOM),
        keep_obsolete=timedelta(days=1),
    )
    ImageUpdates(workshop)(asked, work)


def words(shelf: Shelf) -> list[tuple[str, str]]:
    return [(result.status.value, result.reason) for result in shelf.recorded]


def test_every_image_becomes_each_rendition_under_a_name_of_ours() -> None:
    shelf = Shelf(sources={"x": b"one", "b.png": b"two"})

    update(shelf, FakeWork(), "x", "b.png")

    assert words(shelf) == [("done", ""), ("done", "")]
    assert len(shelf.files) == 4
    assert {path.split("/")[0] for path in shelf.files} == {"list", "zoom"}
    assert all(
        re.fullmatch(r"[a-z]+/[0-9a-f]{2}/a-1-[0-9a-f]{32}\.(webp|jpg)", path)
        for path in shelf.files
    )
    assert shelf.asked_by == 7


def test_what_is_there_already_is_not_written_again() -> None:
    shelf = Shelf(sources={"a.png": b"one"})
    update(shelf, FakeWork(), "a.png")
    shelf.writes.clear()

    update(shelf, FakeWork(message_id=8), "a.png")

    assert shelf.writes == []
    assert words(shelf) == [("done", ""), ("done", "")]


def test_another_content_or_another_size_is_another_file() -> None:
    line = lines("a.png")[0]
    narrow = Rendition(name="list", width=99, height=100, format="webp", quality=80)
    paths = [path_of(line, sha, one) for sha in ("1", "2") for one in (LIST, ZOOM, narrow)]

    assert len(set(paths)) == 6
    assert path_of(line, "1", LIST) == paths[0]


def test_one_bad_image_stops_no_other() -> None:
    shelf = Shelf(sources={"a.png": b"broken", "b.png": ImageUnfit("is empty"), "c.png": b"good"})
    work = FakeWork()

    update(shelf, work, "a.png", "b.png", "../c.png", "c.png")

    assert words(shelf) == [
        ("failed", "is broken"),
        ("failed", "is empty"),
        ("failed", "image leaves the folder by '..'"),
        ("done", ""),
    ]
    assert len(work.warned) == 3
    assert work.drafts == []


def test_what_is_not_there_yet_comes_again_by_a_message_of_its_own() -> None:
    shelf = Shelf(
        sources={
            "a.png": b"good",
            "b.png": ImageAbsent("not there"),
            "c.png": ImageAbsent("busy", retry_after=timedelta(minutes=5)),
            "d.png": ImageAbsent("busy", retry_after=timedelta(days=5)),
        }
    )
    work = FakeWork()

    update(shelf, work, "a.png", "b.png", "c.png", "d.png", file="images_a.csv")

    assert [status for status, _ in words(shelf)] == ["done", "waiting", "waiting", "waiting"]
    minute, five, hour = work.drafts
    assert [draft.wait for draft in work.drafts] == [WAITS[0], timedelta(minutes=5), WAITS[-1]]
    assert minute.payload == payload_of(
        UpdateImages(images=lines("b.png"), file="images_a.csv", tried=1, first_message=7)
    )
    assert (len(five.payload["images"]), len(hour.payload["images"])) == (1, 1)
    json.dumps([draft.payload for draft in work.drafts])


def test_after_the_last_wait_it_has_failed() -> None:
    shelf = Shelf(sources={"b.png": ImageAbsent("not there")})
    work = FakeWork(message_id=12)

    update(shelf, work, "b.png", tried=len(WAITS), first_message=7)

    assert words(shelf) == [("failed", "not there")]
    assert work.drafts == []
    assert shelf.asked_by == 7


def test_an_image_is_taken_out_without_being_looked_at() -> None:
    shelf = Shelf()

    do(shelf, FakeWork(), UpdateImages(images=lines("a.png", remove=True)))

    assert [result.status for result in shelf.recorded] == [Status.REMOVED]


def test_when_the_time_is_nearly_over_the_rest_becomes_another_message() -> None:
    shelf = Shelf(sources=dict.fromkeys(("a.png", "b.png", "c.png"), b"good"))
    work = FakeWork()
    shelf.at_read = lambda: setattr(work, "remaining", LEAVE - timedelta(seconds=1))

    update(shelf, work, "a.png", "b.png", "c.png")

    assert len(shelf.recorded) == 1
    (rest,) = work.drafts
    assert rest.wait == timedelta(0)
    assert [image["image"] for image in rest.payload["images"]] == ["b.png", "c.png"]
    assert rest.payload["first_message"] == 7


def test_on_the_way_out_it_stops_between_two_images_and_records_nothing() -> None:
    shelf = Shelf(sources={"a.png": b"good", "b.png": b"good"})

    with pytest.raises(StopRequested):
        update(shelf, FakeWork(stop_after=1), "a.png", "b.png")

    assert shelf.recorded == []
    assert len(shelf.files) == 2


def test_a_folder_that_is_away_fails_the_message_and_not_the_image() -> None:
    shelf = Shelf(sources={"a.png": FolderAway("not mounted")})

    with pytest.raises(FolderAway):
        update(shelf, FakeWork(), "a.png")

    assert shelf.recorded == []


def test_what_nobody_shows_any_more_is_removed() -> None:
    shelf = Shelf(files={"list/ab/old.webp": b"old"}, due=["list/ab/old.webp"])

    update(shelf, FakeWork())

    assert shelf.files == {}


def test_a_file_that_was_removed_in_between_is_made_anew_by_another_attempt() -> None:
    shelf = Shelf(sources={"a.png": b"good"})
    update(shelf, FakeWork(), "a.png")
    shelf.due = [next(iter(shelf.files))]

    with pytest.raises(FolderAway, match="removed as obsolete just now"):
        update(shelf, FakeWork(), "a.png")

    shelf.due = []
    update(shelf, FakeWork(), "a.png")
    assert len(shelf.files) == 2
