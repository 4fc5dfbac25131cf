"""Sets of files sent so that a partner sees each file whole, and the last one only after all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import BinaryIO

from domain.errors import JobError
from domain.operating.ports import ActiveRun
from domain.transfers.failures import (
    LoginRefused,
    PartnerRefused,
    PartnerUnproven,
    TransferBroken,
)
from domain.transfers.mending import over_drops
from domain.transfers.ports import Folder, Partners

UNFINISHED = ".part"

_TIDYING = timedelta(seconds=5)
"""Left for taking temporary files away even where the run's time is up; the grace is longer."""


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """A file to send under the name that the partner wants; opened anew after each drop."""

    name: str
    size_bytes: int
    open: Callable[[], AbstractContextManager[BinaryIO]]


def send(partners: Partners, partner: str, files: Sequence[Outgoing], run: ActiveRun) -> None:
    """Send all under temporary names, check their sizes, then rename them in their order.

    Put the manifest last: it appears when everything else is there. Where the partner's folder
    cannot rename, each file appears under its name when it is complete. A set that fails before
    its first rename leaves nothing behind, unless the partner is away. Raises what the partner's
    folder raises; a run killed between the last rename and its own book sends the set again.
    """
    names = [file.name for file in files]
    if len(set(names)) < len(names):
        raise ValueError(f"two files of a set have one name: {names}")
    _Set(partners, partner, files, run).send()


class _Set:
    """One set on its way, over as many connections as it takes."""

    def __init__(
        self, partners: Partners, partner: str, files: Sequence[Outgoing], run: ActiveRun
    ) -> None:
        self._partners, self._partner, self._run = partners, partner, run
        self._to_put, self._to_rename = list(files), list(files)
        self._begun: set[str] = set()
        self._asked_to_rename = ""

    def send(self) -> None:
        try:
            over_drops(self._partners, self._partner, self._run, self._left)
        except (LoginRefused, PartnerUnproven):
            raise  # a further login might lock the account
        except BaseException:
            self._take_away()
            raise

    def _left(self, folder: Folder) -> None:
        self._put_all(folder)
        self._rename_all(folder)

    # --- under temporary names -------------------------------------------------------------------

    def _put_all(self, folder: Folder) -> None:
        total = len(self._to_rename)
        while self._to_put:
            file = self._to_put[0]
            self._put(folder, file)
            self._to_put.pop(0)
            self._run.progress("files sent", total - len(self._to_put), total)
            self._run.checkpoint("sent")

    def _put(self, folder: Folder, file: Outgoing) -> None:
        name = _interim(folder, file)
        offset = self._offset(folder, name, file)
        try:
            self._put_from(folder, name, file, offset)
        except PartnerRefused as error:
            if not offset or type(error) is not PartnerRefused:
                raise
            self._begun.discard(name)  # it takes no half files: from the start, on a new line
            raise TransferBroken(str(error)) from error
        there = folder.size(name)
        if there != file.size_bytes and (folder.stages or there is not None):
            raise TransferBroken(
                f"{self._partner} has {there or 0:,} of {file.size_bytes:,} bytes of {name}"
            )

    def _offset(self, folder: Folder, name: str, file: Outgoing) -> int:
        """Go on behind what this set sent itself; what a killed run left goes away."""
        if not folder.stages:
            return 0
        if name in self._begun:
            there = folder.size(name) or 0
            if there <= file.size_bytes:
                return there
        folder.remove(name)
        return 0

    def _put_from(self, folder: Folder, name: str, file: Outgoing, offset: int) -> None:
        self._begun.add(name)
        if offset and offset == file.size_bytes:
            return
        with file.open() as content:
            content.seek(offset)
            folder.put(name, content, offset=offset)

    # --- under their own names -------------------------------------------------------------------

    def _rename_all(self, folder: Folder) -> None:
        if not folder.stages:
            self._to_rename.clear()
            return
        if not self._asked_to_rename:
            self._run.checkpoint("renaming")
        while self._to_rename:
            self._rename(folder, self._to_rename[0])
            self._begun.discard(_interim(folder, self._to_rename.pop(0)))

    def _rename(self, folder: Folder, file: Outgoing) -> None:
        """A line cut at this point may have left it done, only the answer got lost."""
        name = _interim(folder, file)
        lost = self._asked_to_rename == name
        if lost and folder.size(name) is None and folder.size(file.name) == file.size_bytes:
            return
        self._asked_to_rename = name
        try:
            folder.rename(name, file.name)
        except PartnerRefused as error:
            raise type(error)(f"{error}; {self._state()}") from error

    def _state(self) -> str:
        missing = ", ".join(file.name for file in self._to_rename)
        return f"the set is not complete at {self._partner}, missing or old are: {missing}"

    # --- after a failure -------------------------------------------------------------------------

    def _take_away(self) -> None:
        """Remove the temporary files if the partner lets us; why the set failed is told anyway."""
        if not self._begun:
            return
        within = max(self._run.remaining, _TIDYING)
        with suppress(JobError), self._partners.folder(self._partner, within) as folder:
            for name in self._begun if folder.stages else ():
                with suppress(PartnerRefused):
                    folder.remove(name)


def _interim(folder: Folder, file: Outgoing) -> str:
    return f"{file.name}{UNFINISHED}" if folder.stages else file.name
