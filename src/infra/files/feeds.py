"""Suppliers' files in one folder each, below the import folder.

``FOLDER/NAME`` waits, ``FOLDER/archive/DATE_SHA8_NAME`` was imported, ``NAME.FAILED.txt`` beside a
file says why it was not: such a file is tried again by every run until a newer one arrives.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path

from domain.jobs.supplier_import.failures import FeedChanged, FeedRefused
from domain.jobs.supplier_import.ports import Feed, OpenFeed
from domain.jobs.supplier_import.setting import ImportSetting, Mode
from domain.operating.ports import Clock
from infra.files.held import feed_of, held, short_name, sync_folder, translated

ARCHIVE = "archive"
FAILED = ".FAILED.txt"
_UNFINISHED = (".part", ".filepart", FAILED)


class DirectoryFeeds:
    """Feeds that arrive in a directory, put there by the supplier or by a transfer."""

    def __init__(self, root: Path, clock: Clock) -> None:
        self._root, self._clock = root, clock

    def waiting(self, setting: ImportSetting) -> Sequence[Feed]:
        """Regular files only; links, hidden files and unfinished transfers do not count."""
        with translated(setting.source):
            found = [
                feed_of(Path(entry.path), entry.stat(follow_symlinks=False))
                for entry in os.scandir(self._folder(setting))
                if _is_delivery(entry, setting.pattern)
            ]
        return sorted(found, key=lambda feed: (feed.modified, feed.name))

    def named(self, setting: ImportSetting, path: str) -> Feed:
        """A file named by a person: by its name in the supplier's folder, or by its full path."""
        folder = self._folder(setting)
        if not path.strip():
            raise FeedRefused(f"--file is empty: name a file in {folder}")
        named = folder / path
        self._check_inside(named.parent)
        with translated(path):
            try:
                found = named.lstat()
            except FileNotFoundError as error:
                raise FeedRefused(f"--file {path}: there is no {named}") from error
        if not stat.S_ISREG(found.st_mode):
            raise FeedRefused(f"{path} is not a regular file")
        return feed_of(named, found)

    def archived(self, setting: ImportSetting, digest: str) -> Feed | None:
        archive = self._folder(setting) / ARCHIVE
        found = sorted(archive.glob(f"*_{digest[:8]}_*"), reverse=True)
        return feed_of(found[0], found[0].lstat()) if found else None

    @contextmanager
    def open(self, feed: Feed) -> Iterator[OpenFeed]:
        self._check_inside(Path(feed.path).parent)
        with held(feed) as opened:
            yield opened

    def archive(self, setting: ImportSetting, done: OpenFeed) -> None:
        """Move by renaming, made durable; what a full list supersedes goes first.

        In this order a run that dies half-way never leaves an older list to be taken for news.
        """
        folder = self._folder(setting)
        archive = folder / ARCHIVE
        with translated(str(archive)):
            archive.mkdir(exist_ok=True)
            if done.path.parent == folder:
                for feed in self._superseded(setting, done.feed):
                    with self.open(feed) as older:
                        self._move(older, archive)
                self._move(done, archive)
                _drop_marks(folder)
            elif done.path.parent != archive:
                _copy(done.path, self._target(done, archive))
            sync_folder(archive)
            sync_folder(folder)

    def mark_failed(self, setting: ImportSetting, feed: Feed, message: str) -> None:
        path = Path(feed.path)
        if path.parent == self._folder(setting):
            note = f"{self._clock.now():%F %H:%M} UTC, not imported: {message}\n"
            with translated(feed.name):
                (path.parent / f"{short_name(feed.name)}{FAILED}").write_text(note, "utf-8")

    def _folder(self, setting: ImportSetting) -> Path:
        folder = self._root / setting.source
        if not folder.is_dir():
            raise FeedRefused(
                f"{folder} is no folder: create it or correct supplier.{setting.supplier_id}.source"
            )
        self._check_inside(folder)
        return folder

    def _check_inside(self, folder: Path) -> None:
        if not folder.resolve().is_relative_to(self._root.resolve()):
            raise FeedRefused(f"{folder} is outside {self._root}: only files below it are read")

    def _superseded(self, setting: ImportSetting, done: Feed) -> Sequence[Feed]:
        if setting.mode is not Mode.FULL:
            return ()
        waiting = self.waiting(setting)
        return [feed for feed in waiting if feed.modified <= done.modified and feed != done]

    def _move(self, done: OpenFeed, archive: Path) -> None:
        """A file replaced since it was read is a new delivery and stays."""
        try:
            done.verify()
        except FeedChanged:
            return
        done.path.rename(self._target(done, archive))

    def _target(self, done: OpenFeed, archive: Path) -> Path:
        day = f"{self._clock.now():%Y%m%d}"
        return archive / f"{day}_{done.digest[:8]}_{short_name(done.feed.name)}"


def is_delivered(name: str, pattern: str) -> bool:
    """Tell a whole file that a setting means from others, by its name."""
    return (
        fnmatchcase(name, pattern) and not name.startswith(".") and not name.endswith(_UNFINISHED)
    )


def _is_delivery(entry: os.DirEntry[str], pattern: str) -> bool:
    return is_delivered(entry.name, pattern) and entry.is_file(follow_symlinks=False)


def _drop_marks(folder: Path) -> None:
    """Take off the marks of files that are no longer there."""
    for mark in folder.glob(f"*{FAILED}"):
        if not mark.with_name(mark.name.removesuffix(FAILED)).exists():
            mark.unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    part = target.with_name(f".{target.name}.part")
    shutil.copyfile(source, part)
    with part.open("rb") as copied:
        os.fsync(copied.fileno())
    part.rename(target)
