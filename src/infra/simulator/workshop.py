"""The set's files, written from one look at the tables into a folder of their own."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Connection, Engine, text

from domain.errors import Refused
from domain.jobs.simulator.ports import BuiltFile
from domain.operating.ports import ActiveRun
from infra.simulator.settings import FileSection, SimulatorSection
from infra.sql.engine import reading
from infra.transfers.local import ours

_KEYS = {"vehicle": "vehicle_id", "vehicle_fitment": "fitment_id", "article": "id"}

_SIZES = ("rim_width", "rim_diameter", "bolt_circle", "centre_bore")

_CRLF = "\r\n"
"""The library quotes no other ends of lines than its own, so it writes both."""

_BLOCK_LINES = 5000

Cells = Sequence[object]


@dataclass(frozen=True, kw_only=True)
class FileOnDisk:
    """A file that was built; it lies there until the next set is built."""

    path: Path
    lines: int
    size_bytes: int
    digest: str
    replaced: int

    @property
    def name(self) -> str:
        return self.path.name

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        with ours():
            file = self.path.open("rb")
        with file:
            yield file


class TableFiles:
    """The Workshop port; ``folder`` holds nothing else, and one run uses it at a time."""

    def __init__(self, section: SimulatorSection, engine: Engine, folder: Path) -> None:
        self._section, self._engine, self._folder = section, engine, folder

    @contextmanager
    def built(self, run: ActiveRun) -> Iterator[Sequence[BuiltFile]]:
        self._clear()
        try:
            with run.stage("build"):
                files = self._written(run)
            yield files
        finally:
            self._clear()

    def _clear(self) -> None:
        """A run that was killed left its files."""
        with ours():
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder.mkdir(parents=True)

    def _written(self, run: ActiveRun) -> Sequence[BuiltFile]:
        with reading(self._engine, snapshot=True) as connection:
            files = [
                self._table_file(connection, table, file, run)
                for table, file in self._section.files.items()
            ]
        manifest = [(file.name, file.lines, file.size_bytes, file.digest) for file in files]
        header = ("file", "lines", "bytes", "sha256")
        return [*files, self._file(self._section.manifest, header, [manifest])]

    def _table_file(
        self, connection: Connection, table: str, file: FileSection, run: ActiveRun
    ) -> FileOnDisk:
        columns = list(file.columns.values())
        statement = f"SELECT {', '.join(columns)} FROM {table} ORDER BY {_KEYS[table]}"  # noqa: S608 - names of ours
        streamed = connection.execution_options(stream_results=True, max_row_buffer=_BLOCK_LINES)
        blocks = streamed.execute(text(statement)).partitions(_BLOCK_LINES)

        def told() -> Iterator[Sequence[Cells]]:
            for number, block in enumerate(blocks):
                run.progress(file.name, number * _BLOCK_LINES, None)
                run.checkpoint("block")
                yield self._readable(block, columns)

        return self._file(file.name, list(file.columns), told())

    def _readable(self, block: Sequence[Cells], columns: Sequence[str]) -> Sequence[Cells]:
        """Write sizes alike from every database: 7.5 and not 7.50, with the setting's decimal."""
        places = [place for place, column in enumerate(columns) if column in _SIZES]
        if not places:
            return block
        sizes = _Sizes(self._section.decimal)
        rows = [list(row) for row in block]
        for row in rows:
            for place in places:
                row[place] = sizes[row[place]]
        return rows

    def _file(
        self, name: str, header: Sequence[str], blocks: Iterable[Sequence[Cells]]
    ) -> FileOnDisk:
        path, section = self._folder / name, self._section
        with ours(), path.open("wb") as file:
            written = _Encoded(file, name, section.encoding, replace=section.replace_missing)
            if section.line_end == "lf":
                written.end_lines_by_lf()
            form = csv.writer(written, delimiter=section.delimiter, lineterminator=_CRLF)
            lines = 0
            form.writerow(header)
            for block in blocks:
                form.writerows(block)
                lines += len(block)
                written.flush()
            written.flush()  # the header, where nothing stands below it
        return _measured(path, lines, written.replaced)


class _Sizes(dict[object, str]):
    """The written form of each size met so far; there are few."""

    def __init__(self, decimal: str) -> None:
        super().__init__()
        self._decimal = decimal

    def __missing__(self, value: object) -> str:
        text = "" if value is None else f"{Decimal(str(value)).normalize():f}"
        self[value] = text.replace(".", self._decimal)
        return self[value]


class _Encoded:
    """Takes text by lines and encodes it by blocks; a wrong character is looked for only then."""

    def __init__(self, file: BinaryIO, name: str, encoding: str, *, replace: bool) -> None:
        self._file, self._name, self._encoding = file, name, encoding
        self._replace, self._lines = replace, list[str]()
        self._encoder = codecs.getincrementalencoder(encoding)()
        self.write: Callable[[str], object] = self._lines.append
        self.replaced = 0

    def end_lines_by_lf(self) -> None:
        """Take each line that is written without the other sign of its end."""
        append = self._lines.append
        self.write = lambda line: append(f"{line[: -len(_CRLF)]}\n")

    def flush(self) -> None:
        block = "".join(self._lines)
        self._lines.clear()
        try:
            self._file.write(self._encoder.encode(block))
        except UnicodeEncodeError as error:
            if not self._replace:
                raise Refused(self._missing(block, error)) from error
            self.replaced += sum(block.count(sign) for sign in set(block) if not self._has(sign))
            self._encoder.errors = "replace"
            self._file.write(self._encoder.encode(block))
            self._encoder.errors = "strict"

    def _has(self, sign: str) -> bool:
        try:
            sign.encode(self._encoding)
        except UnicodeEncodeError:
            return False
        return True

    def _missing(self, block: str, error: UnicodeEncodeError) -> str:
        line = block[: error.start].rpartition("\n")[2] + block[error.start :].partition("\n")[0]
        return (
            f"{self._name}: {self._encoding} has no {block[error.start]!r}, met in"
            f" {line.strip()[:80]!r}: choose another simulator.encoding, or set"
            " simulator.replace_missing"
        )


def _measured(path: Path, lines: int, replaced: int) -> FileOnDisk:
    with ours(), path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.seek(0, io.SEEK_END)
    return FileOnDisk(path=path, lines=lines, size_bytes=size, digest=digest, replaced=replaced)
