"""Vehicles from a file: delimited text, a workbook, or the INSERTs of an SQL dump."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from itertools import chain
from operator import itemgetter
from pathlib import Path
from sys import intern

from domain.jobs.supplier_import.setting import Layout
from domain.jobs.vehicle_sync.ports import SourceRefused
from domain.operating.ports import ActiveRun
from domain.transfers.failures import TransferBroken
from domain.vehicles.reading import LONGEST_ID, Record
from infra.files.rows import Rows, open_rows
from infra.vehicles.dump import read_dump
from infra.vehicles.settings import FITMENT_NAMES, FileSection, TableSection

_CHUNK_BYTES = 1 << 20
_REAR = "rear_"
_REAR_NAMES = tuple(sorted(name for name in FITMENT_NAMES if name.startswith(_REAR)))

Cells = tuple[str, ...]
_Pick = Callable[[Sequence[str]], tuple[str, ...]]


class FileSources:
    """The Sources port on files of this host."""

    def __init__(self, section: FileSection, root: Path) -> None:
        self._section, self._root = section, root

    @contextmanager
    def opened(self, run: ActiveRun) -> Iterator[FileSource]:  # noqa: ARG002 - a file needs no time-out
        yield FileSource(self._section, self._root)


class FileSource:
    """One file as it stands now, grouped by make in memory: files follow orders of their own."""

    def __init__(self, section: FileSection, root: Path) -> None:
        self._section = section
        self._vehicles = _Table(section, root)
        self._fitments = _Table(section.fitments, root) if section.fitments else None

    @cached_property
    def identity(self) -> str:
        tables = [table for table in (self._vehicles, self._fitments) if table]
        digest = hashlib.sha256(self._section.model_dump_json().encode())
        for table in tables:
            table.add_to(digest)
        return digest.hexdigest()

    def makes(self) -> Sequence[str]:
        """Give the makes; an empty one stands for what belongs to none, and is put aside."""
        return sorted({*self._by_make, *([""] if self._strays else ())})

    def records(self, make: str) -> Iterator[Record]:
        names, own = self._vehicles.names, self._own_fitments
        if not make:
            for vehicle_id in self._strays:
                yield {"vehicle_id": vehicle_id, "fitments": [*self._others(vehicle_id)]}
        for cells in self._by_make.get(make, ()):
            record: dict[str, object] = dict(zip(names, cells, strict=True))
            fitments = [_fitment(record)] if own and _is_told(record) else []
            fitments += self._others(str(record["vehicle_id"]))
            yield {**record, "fitments": fitments}

    @cached_property
    def _strays(self) -> Sequence[str]:
        """Fitments of vehicles that the vehicles' file does not have."""
        place = self._vehicles.names.index("vehicle_id")
        known = {cells[place] for rows in self._by_make.values() for cells in rows}
        return sorted(self._by_vehicle.keys() - known)

    @property
    def _own_fitments(self) -> bool:
        return not FITMENT_NAMES.isdisjoint(self._vehicles.names)

    def _others(self, vehicle_id: str) -> Iterable[Record]:
        if self._fitments is None:
            return
        for cells in self._by_vehicle.get(vehicle_id, ()):
            yield _fitment(dict(zip(self._fitments.names, cells, strict=True)))

    @cached_property
    def _by_make(self) -> dict[str, list[Cells]]:
        return _grouped(self._vehicles, "make")

    @cached_property
    def _by_vehicle(self) -> dict[str, list[Cells]]:
        return _grouped(self._fitments, "vehicle_id") if self._fitments else {}


def _grouped(table: _Table, name: str) -> dict[str, list[Cells]]:
    place = table.names.index(name)
    found: dict[str, list[Cells]] = {}
    for cells in table.rows():
        found.setdefault(cells[place], []).append(cells)
    return found


def _is_told(record: Record) -> bool:
    return any(record.get(name) for name in FITMENT_NAMES if name != "axle")


def _fitment(record: Record) -> Record:
    """Take what belongs to the rear axle alone together."""
    rear = {it.removeprefix(_REAR): record[it] for it in _REAR_NAMES if record.get(it)}
    return {**record, "front": {}, "rear": rear} if rear else record


class _Table:
    """A file and the values that its columns make."""

    def __init__(self, section: TableSection, root: Path) -> None:
        self._section, self._path = section, root / section.path
        self.names = tuple(section.columns)
        try:
            self._found = self._path.lstat()
        except OSError as error:
            raise SourceRefused(f"{self._path} cannot be read: {error.strerror}") from error
        if not stat.S_ISREG(self._found.st_mode):
            raise SourceRefused(f"{self._path} is no regular file")

    def add_to(self, digest: hashlib._Hash) -> None:
        with self._path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)

    def rows(self) -> Iterator[Cells]:
        """Give each row's values in the order of ``names``; equal texts are kept once."""
        with self._open() as rows:
            header = [name.strip() for name in rows.header or []]
            pick, joined = self._picked(header)
            for _, row in rows:
                cells = row + [""] * (len(header) - len(row))
                values = [*map(intern, map(str.strip, pick(cells)))]
                for place, join in joined:
                    values[place] = intern(join(cells))
                yield tuple(values)
        self._check_unchanged()

    def _check_unchanged(self) -> None:
        """What was read must be what the snapshot is known by. Raises TransferBroken."""
        try:
            is_same = _version(self._path.lstat()) == _version(self._found)
        except FileNotFoundError:
            is_same = False
        if not is_same:
            raise TransferBroken(f"{self._path} was replaced while it was read")

    def _open(self) -> AbstractContextManager[Rows]:
        if self._path.suffix.lower() == ".sql":
            return nullcontext(read_dump(self._path, self._section.encoding))
        layout = Layout(encoding=self._section.encoding, delimiter=self._section.delimiter)
        return open_rows(self._path, layout)

    def _picked(self, header: Sequence[str]) -> tuple[_Pick, Sequence[tuple[int, _Joined]]]:
        """Say how to take each value's first cell, and which values are made of several."""
        places = {name: place for place, name in enumerate(header)}
        columns = self._section.columns
        if missing := [it for it in chain.from_iterable(columns.values()) if it not in places]:
            raise SourceRefused(
                f"{self._path.name} has no column {missing[0]!r} but {', '.join(places)}: correct"
                " [vehicles.file.columns] in config/jobs.toml"
            )
        if doubled := [it for it in chain.from_iterable(columns.values()) if header.count(it) > 1]:
            raise SourceRefused(
                f"{self._path.name} has several columns {doubled[0]!r}: which one is meant?"
            )
        wanted = [[places[name] for name in names] for names in columns.values()]
        joined = [
            (number, _Joined(several, is_id=value.endswith("_id")))
            for number, (value, several) in enumerate(zip(columns, wanted, strict=True))
            if len(several) > 1
        ]
        return itemgetter(*(several[0] for several in wanted)), joined


def _version(found: os.stat_result) -> tuple[int, ...]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


class _Joined:
    """Makes one value of several cells of a row."""

    def __init__(self, places: Sequence[int], *, is_id: bool) -> None:
        self._pick, self._is_id = itemgetter(*places), is_id

    def __call__(self, cells: Sequence[str]) -> str:
        parts = [part.strip() for part in self._pick(cells)]
        if not self._is_id:
            return " ".join(filter(None, parts))
        joined = "|".join(parts) if all(parts) else ""
        if len(joined) <= LONGEST_ID:
            return joined
        return hashlib.sha256(joined.encode()).hexdigest()[:LONGEST_ID]
