"""Image lists as they really come: any encoding and delimiter, half written, links, replaced."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.errors import JobError
from domain.jobs.image_batches.ports import Entry
from domain.jobs.image_batches.request import BatchRequest
from domain.jobs.image_batches.service import ImageBatches
from domain.operating.run import Summary, UnitResult
from domain.queue.work import Draft
from fakes.image_batches import MemoryBook
from fakes.supplier_import import FakeRun, FixedClock
from image_lists import write_bytes, write_list
from infra.files.image_inbox import ImageInbox

SETTLE = timedelta(seconds=30)


@pytest.fixture
def book() -> MemoryBook:
    return MemoryBook()


def take(folder: Path, book: MemoryBook, run: FakeRun | None = None, **request: str) -> Summary:
    clock = FixedClock()
    clock.at = datetime.now(UTC)
    inbox = ImageInbox(folder, SETTLE, clock)
    return ImageBatches(inbox, book)(BatchRequest(**request), run or FakeRun())  # type: ignore[arg-type]


def only(summary: Summary) -> tuple[UnitResult, str]:
    (unit,) = summary.units
    return unit.result, unit.message


GERMAN = "Artikel;Bild\nR-1;größe.png\nR-2;b.png\n"


@pytest.mark.parametrize(
    "content",
    [
        GERMAN.encode(),
        GERMAN.encode("utf-8-sig"),
        GERMAN.encode("cp1252"),
        GERMAN.encode("utf-16"),
        GERMAN.replace(";", "\t").encode(),
        GERMAN.replace(";", ",").encode(),
        GERMAN.replace(";", "|").encode(),
        GERMAN.replace("\n", "\r").encode(),
        GERMAN.replace("\n", "\r\n").encode(),
        GERMAN.rstrip("\n").encode(),
        ("\n\n" + GERMAN.replace("\n", "\n\n")).encode(),
        GERMAN.replace("R-2", '"R-2"').replace("Bild", '"Bild"').encode(),
        GERMAN.replace("R-2;b.png", 'R-2;b.png;"two\nlines"').encode(),
    ],
    ids=lambda content: repr(content[:24]),
)
def test_a_list_is_read_whatever_its_form(tmp_path: Path, book: MemoryBook, content: bytes) -> None:
    write_bytes(tmp_path, "images_a.csv", content)

    assert only(take(tmp_path, book))[0] is UnitResult.DONE
    assert book.images() == [("R-1", "größe.png"), ("R-2", "b.png")]


def test_one_umlaut_far_behind_the_beginning_shows_the_encoding(
    tmp_path: Path, book: MemoryBook
) -> None:
    rows = [f"R-{number};{number}.png" for number in range(20_000)]
    text = "\n".join(["article;image", *rows, "R;größe.png"])
    write_bytes(tmp_path, "images_a.csv", text.encode("cp1252"))

    take(tmp_path, book)

    assert book.images()[-1] == ("R", "größe.png")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"<!DOCTYPE html><html></html>", "is a web page"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(64)) * 9, "no text"),
        (b"a;b\n1;2\n", "no column for the article"),
        (b"article;image\n;x.png\n;y.png\nA;a.png\n", "2 of 3 lines cannot be read, first line 2"),
        (b"\x1f\x8b\x08\0" + bytes(99), "no text"),
    ],
)
def test_what_is_no_list_is_set_aside_with_its_reason(
    tmp_path: Path, book: MemoryBook, content: bytes, said: str
) -> None:
    write_bytes(tmp_path, "images_a.csv", content)
    write_list(tmp_path, "images_b.csv", "A-1;a.png")

    bad, good = take(tmp_path, book).units

    assert (bad.result, good.result) == (UnitResult.FAILED, UnitResult.DONE)
    assert said in bad.message
    (reason,) = (tmp_path / "failed").glob("*_images_a.csv.REASON.txt")
    assert said in reason.read_text("utf-8")
    assert list(tmp_path.glob("images_*")) == []


def test_a_quote_that_is_never_closed_costs_its_own_line_only(
    tmp_path: Path, book: MemoryBook
) -> None:
    rows = ("A;a.png", 'B;"b.png', "C;c.png", "D;d.png")
    write_list(tmp_path, "images_a.csv", *rows, header="article;image")

    assert only(take(tmp_path, book))[0] is UnitResult.DONE
    assert [article for article, _ in book.images()] == ["A", "C", "D"]


def test_a_header_alone_is_nothing_to_do_and_put_away(tmp_path: Path, book: MemoryBook) -> None:
    write_list(tmp_path, "images_a.csv")

    assert only(take(tmp_path, book)) == (UnitResult.UNCHANGED, "has no lines below its header")
    assert len(list((tmp_path / "processed").iterdir())) == 1


@pytest.mark.parametrize("age", [0, 29, -3])
def test_a_list_that_is_still_being_written_waits(
    tmp_path: Path, book: MemoryBook, age: float
) -> None:
    write_bytes(tmp_path, "images_a.csv", GERMAN.encode(), age=age)

    assert only(take(tmp_path, book))[0] is UnitResult.SKIPPED
    assert (tmp_path / "images_a.csv").exists()
    assert book.entries == []


@pytest.mark.parametrize("at", ["opened", "entered"])
def test_a_list_that_grows_while_it_is_read_is_left_for_the_next_run(
    tmp_path: Path, book: MemoryBook, at: str
) -> None:
    file = write_bytes(tmp_path, "images_a.csv", GERMAN.encode())

    def grow(name: str) -> None:
        if name == at:
            with file.open("ab") as more:
                more.write(b"R-3;c.png\n")

    result, said = only(take(tmp_path, book, FakeRun(at_checkpoint=grow)))

    assert (result, "replaced or grew" in said) == (UnitResult.SKIPPED, True)
    assert book.entries == []
    assert file.exists()


def test_a_list_replaced_after_it_was_queued_is_a_new_one(tmp_path: Path, book: MemoryBook) -> None:
    file = write_bytes(tmp_path, "images_a.csv", GERMAN.encode())

    def replace(name: str) -> None:
        if name == "queued":
            file.unlink()
            write_list(tmp_path, "images_a.csv", "R-9;z.png")

    take(tmp_path, book, FakeRun(at_checkpoint=replace))
    assert file.exists()

    assert only(take(tmp_path, book))[0] is UnitResult.DONE
    assert book.images()[-1] == ("R-9", "z.png")


def test_links_pipes_and_folders_are_set_aside_unread(tmp_path: Path, book: MemoryBook) -> None:
    inbox, outside = tmp_path / "inbox", tmp_path / "outside.csv"
    inbox.mkdir()
    write_list(tmp_path, "outside.csv", "A-1;a.png")
    (inbox / "images_link.csv").symlink_to(outside)
    (inbox / "images_folder.csv").mkdir()
    os.mkfifo(inbox / "images_pipe.csv")
    for found in inbox.iterdir():
        os.utime(found, (1_000_000_000, 1_000_000_000), follow_symlinks=False)

    units = take(inbox, book).units

    assert {unit.result for unit in units} == {UnitResult.FAILED}
    assert all("only regular files are read" in unit.message for unit in units)
    assert book.entries == []
    assert outside.exists()
    assert sorted(path.name for path in inbox.iterdir()) == ["failed"]


def test_the_oldest_list_goes_first(tmp_path: Path, book: MemoryBook) -> None:
    for name, age in (("b", 100), ("a", 300), ("c", 200)):
        content = f"article;image\n{name};{name}.png\n".encode()
        write_bytes(tmp_path, f"images_{name}.csv", content, age=age)

    take(tmp_path, book)

    assert [article for article, _ in book.images()] == ["a", "c", "b"]


@pytest.mark.parametrize("name", ["", "../images_a.csv", "/etc/passwd", "images_none.csv"])
def test_a_file_that_is_named_must_be_there_and_inside(
    tmp_path: Path, book: MemoryBook, name: str
) -> None:
    (tmp_path / "inbox").mkdir()
    write_list(tmp_path, "images_a.csv", "A-1;a.png")

    with pytest.raises(JobError, match="--file"):
        take(tmp_path / "inbox", book, file=name)


def test_memory_does_not_grow_with_the_list(tmp_path: Path) -> None:
    class Counting(MemoryBook):
        def keep(self, entry: Entry, drafts: Iterable[Draft]) -> None:
            assert sum(1 for _ in drafts) == entry.batches

    peaks = []
    for count in (30_000, 120_000):
        rows = (f"R;{number % 500}.png;{number % 9000 + 1}" for number in range(count))
        write_list(tmp_path, "images_a.csv", *rows)
        tracemalloc.start()
        take(tmp_path, Counting())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < peaks[0] * 1.3
