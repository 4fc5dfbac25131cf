"""The inbox of image lists; ``processed/`` and ``failed/`` in it keep those that were read."""

from __future__ import annotations

import codecs
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

from domain.jobs.image_batches.columns import roles
from domain.jobs.image_batches.ports import ImageList, ListChanged, ListRefused, OpenList
from domain.jobs.supplier_import.failures import FeedChanged, FeedRefused
from domain.jobs.supplier_import.ports import Feed
from domain.jobs.supplier_import.setting import Layout
from domain.operating.ports import Clock
from infra.files.content import decoded, guessed_encoding, refuse_unfit
from infra.files.held import DirectoryFeed, feed_of, held, move, short_name, translated
from infra.files.rows import Rows, holds_workbook, open_rows, open_source
from infra.files.source import Source

PATTERN = "images_*.csv"
PROCESSED, FAILED = "processed", "failed"
REASON, LEFT_OUT = ".REASON.txt", ".LEFT-OUT.txt"

_DELIMITERS = ";,\t|"
_SAMPLE_BYTES = 1 << 16


class ImageInbox:
    """The Inbox port on a folder."""

    def __init__(self, folder: Path, settle: timedelta, clock: Clock) -> None:
        self._folder, self._settle, self._clock = folder, settle, clock

    def waiting(self) -> Sequence[Feed]:
        if not self._folder.is_dir():  # a share that is not mounted must not look like no news
            raise FeedRefused(f"{self._folder} is no folder: create it or correct images.inbox")
        with translated(str(self._folder)):
            found = [
                feed_of(Path(entry.path), entry.stat(follow_symlinks=False))
                for entry in os.scandir(self._folder)
                if fnmatchcase(entry.name, PATTERN)
            ]
        return sorted(found, key=lambda feed: (feed.modified, feed.name))

    def named(self, path: str) -> Feed:
        """Find a file that a person named: by its path in the inbox, or in full."""
        named = self._folder / path
        with translated(path):
            if not path.strip() or not named.parent.resolve().is_relative_to(self._root):
                raise FeedRefused(f"--file {path}: only files below {self._folder} are read")
            try:
                return feed_of(named, named.lstat())
            except FileNotFoundError as error:
                raise FeedRefused(f"--file {path}: there is no {named}") from error

    def is_settled(self, found: ImageList) -> bool:
        """A clock ahead of ours counts as well."""
        return abs(self._clock.now() - found.modified) >= self._settle

    @contextmanager
    def open(self, found: ImageList) -> Iterator[OpenList]:
        feed = _feed(found)
        with _as_list(), _regular(feed), held(feed) as opened:
            yield HeldList(opened)

    def put_away(self, found: ImageList, opened: OpenList, notes: Sequence[str]) -> None:
        """A file replaced since it was read is a new list, and stays."""
        try:
            opened.verify()
        except ListChanged:
            return
        text = "".join(f"{note}\n" for note in notes)
        self._move(_feed(found), PROCESSED, f"{opened.digest[:8]}_", LEFT_OUT, text)

    def set_aside(self, found: ImageList, why: str) -> None:
        note = f"{self._clock.now():%F %H:%M} UTC, not queued: {why}\n"
        self._move(_feed(found), FAILED, "", REASON, note)

    @property
    def _root(self) -> Path:
        return self._folder.resolve()

    def _move(self, feed: Feed, folder: str, mark: str, ending: str, note: str) -> None:
        target = self._folder / folder
        name = f"{self._clock.now():%Y%m%d}_{mark}{short_name(feed.name)}"
        with translated(str(target)):
            if target.exists() and Path(feed.path).parent.resolve() == target.resolve():
                name = Path(feed.path).name  # it was named there, and keeps its name
            move(Path(feed.path), target / name, note, ending)


class HeldList:
    """A list that is held open; its encoding and delimiter are found out once."""

    def __init__(self, opened: DirectoryFeed) -> None:
        self._opened = opened

    @property
    def digest(self) -> str:
        return self._opened.digest

    def rows(self) -> AbstractContextManager[Rows]:
        return open_rows(self._opened.path, self._layout)

    def verify(self) -> None:
        with _as_list():
            self._opened.verify()

    @cached_property
    def _layout(self) -> Layout:
        path = self._opened.path
        with open_source(path, "") as source:
            if holds_workbook(source):
                return Layout(header_row=1)
            sample = source.read(_SAMPLE_BYTES)
            encoding, _ = guessed_encoding(sample)
            if encoding == "utf-8" and not _is_utf8(sample, source):
                encoding = "cp1252"
        text = decoded(sample, encoding)
        refuse_unfit(text, path.name)
        return Layout(header_row=1, encoding=encoding, delimiter=_delimiter(text))


def _is_utf8(start: bytes, rest: Source) -> bool:
    """Look at all of it: one umlaut far behind the sample shows that it is not."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(start)
        while chunk := rest.read(_SAMPLE_BYTES):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _delimiter(text: str) -> str:
    """The sign that makes most of the header's columns known, else that is most frequent."""
    header = next((line for line in text.splitlines() if line.strip()), "")

    def known(sign: str) -> tuple[int, int]:
        cells = [cell.strip('"') for cell in header.split(sign)]
        return sum(role is not None for role in roles(cells)), header.count(sign)

    return max(_DELIMITERS, key=known)


def _feed(found: ImageList) -> Feed:
    if not isinstance(found, Feed):
        raise TypeError("the inbox opens only what it found")
    return found


@contextmanager
def _regular(feed: Feed) -> Iterator[None]:
    """Say what stands in the place of a file; a link is moved as a link."""
    with translated(feed.name):
        mode = Path(feed.path).lstat().st_mode
    if not stat.S_ISREG(mode):
        kind = "a link" if stat.S_ISLNK(mode) else "no regular file"
        raise ListRefused(f"{feed.name} is {kind}; only regular files are read")
    yield


@contextmanager
def _as_list() -> Iterator[None]:
    try:
        yield
    except FeedChanged as error:
        raise ListChanged(str(error)) from error
    except FeedRefused as error:
        raise ListRefused(str(error)) from error
