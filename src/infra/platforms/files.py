"""Orders that arrive as files, in a folder of ours or of a partner's."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

from domain.errors import Refused
from domain.jobs.supplier_import.failures import FeedChanged, FeedRefused
from domain.jobs.supplier_import.ports import Feed
from domain.platforms.ports import Found, NotOffered, Page, Reading, Wanted
from domain.transfers.ports import Folder
from infra.files.held import DirectoryFeed, feed_of, held, move, short_name, sync_folder, translated
from infra.platforms.link import Link
from infra.platforms.shapes.files import NO_FORMAT, orders_in
from infra.platforms.texts import unreadable

PROCESSED, FAILED, REASON = "processed", "failed", ".REASON.txt"
PART = ".part"
MOST_BYTES = 64 << 20
AT_ONCE = 250
MOST_NAMED = 5


class OrderFiles:
    """Takes the files of one folder, the oldest first; each moves once its orders are stored.

    A partner's files are fetched into the folder first, and deleted there when they are safe here.
    """

    reading = Reading.FILES

    def __init__(self, link: Link) -> None:
        self._link, self._setting = link, link.setting
        self._folder = link.folder / link.setting.folder
        self._fetched: set[str] = set()

    def pages(self, wanted: Wanted) -> Iterator[Page]:
        if self._setting.partner and not wanted.peek:
            self._fetch()
        refused: list[FeedRefused] = []
        for feed in self._waiting():
            try:
                with held(feed) as opened:
                    yield from self._of_one(opened)
            except FeedChanged:
                continue  # the next run takes what stands there then
            except FeedRefused as error:
                refused.append(error)
        if refused:  # the others are stored by now
            raise FeedRefused("; ".join(map(str, refused[:MOST_NAMED]))) from refused[0]

    def order(self, external_id: str) -> Page:
        raise NotOffered(f"files are taken as they are, not the one order {external_id}")

    def close(self) -> None:
        """Nothing stays open."""

    # --- our folder -------------------------------------------------------------------------------

    def _waiting(self) -> Sequence[Feed]:
        if not self._folder.is_dir():  # a share that is not mounted must not look like no news
            raise Refused(
                f"{self._folder} is no folder: create it, or correct the platform's folder"
            )
        with translated(str(self._folder)):
            found = [
                feed_of(Path(entry.path), entry.stat(follow_symlinks=False))
                for entry in os.scandir(self._folder)
                if self._is_wanted(entry.name) and entry.is_file(follow_symlinks=False)
            ]
        settled = [feed for feed in found if self._is_settled(feed)]
        return sorted(settled, key=lambda feed: (feed.modified, feed.name))

    def _is_wanted(self, name: str) -> bool:
        hidden = name.startswith(".") or name.endswith(PART)
        return not hidden and fnmatchcase(name, self._setting.pattern)

    def _is_settled(self, feed: Feed) -> bool:
        """A clock ahead of ours counts as well."""
        settle = timedelta(seconds=self._setting.settle_seconds)
        is_old = abs(self._link.clock.now() - feed.modified) >= settle
        return is_old or feed.name in self._fetched

    def _of_one(self, opened: DirectoryFeed) -> Iterator[Page]:
        orders = list(self._orders(opened))
        troubles = dict.fromkeys(order.trouble for order in orders)
        why = "" if "" in troubles else "\n".join(troubles)
        for start in range(0, len(orders), AT_ONCE):
            is_last = start + AT_ONCE >= len(orders)
            done = partial(self._put_away, opened, why) if is_last else None
            yield Page(orders=orders[start : start + AT_ONCE], kept=done)
        if not orders:  # an empty list
            yield Page(orders=(), kept=partial(self._put_away, opened, ""))

    def _orders(self, opened: DirectoryFeed) -> Iterator[Found]:
        name, size = opened.feed.name, opened.feed.size_bytes
        if size > MOST_BYTES:
            why = f"{name} has {size:,} bytes; no list of orders has more than {MOST_BYTES:,}"
            yield unreadable(f"sha256 {opened.digest}", NO_FORMAT, why)
            return
        with translated(name):
            content = opened.path.read_bytes()
        for found in orders_in(content):
            trouble = f"{name}: {found.trouble}" if found.trouble else ""
            yield replace(found, trouble=trouble)

    def _put_away(self, opened: DirectoryFeed, why: str) -> None:
        """A file replaced since it was read is a new one, and stays."""
        try:
            opened.verify()
        except FeedChanged:
            return
        day = f"{self._link.clock.now():%Y%m%d}"
        name = f"{day}_{opened.digest[:8]}_{short_name(opened.feed.name)}"
        target = self._folder / (FAILED if why else PROCESSED) / name
        with translated(str(target.parent)):
            move(opened.path, target, f"{why}\n" if why else "", REASON)

    # --- a partner's ------------------------------------------------------------------------------

    def _fetch(self) -> None:
        partner, within = self._setting.partner, self._link.patience.left
        with self._link.partners.folder(partner, within) as remote:
            for file in remote.files():
                if self._is_wanted(file.name) and "/" not in file.name:
                    self._fetch_one(remote, file.name)

    def _fetch_one(self, remote: Folder, name: str) -> None:
        """Take a file over; the digest in its name keeps an older one of that name apart."""
        with translated(name):
            part = self._folder / f"fetched{PART}"
            with part.open("wb") as content:
                remote.get(name, content)
                content.flush()
                os.fsync(content.fileno())
            digest = hashlib.sha256(part.read_bytes()).hexdigest()
            here = f"{digest[:8]}_{short_name(name)}"
            part.rename(self._folder / here)
            sync_folder(self._folder)
        self._fetched.add(here)
        remote.remove(name)
