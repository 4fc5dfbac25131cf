"""Generated files of exports: written under a temporary name, kept whole or not at all."""

from __future__ import annotations

import codecs
import errno
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import IO, BinaryIO, cast
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from domain.errors import DiskFull, Refused
from domain.jobs.stock_export.ports import GoodFile
from domain.jobs.stock_export.setting import ExportSetting, FileForm, LineEnd

UNFINISHED = ".part"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NOWHERE = Path(os.devnull)
_ENDS = {LineEnd.CRLF: b"\r\n", LineEnd.LF: b"\n"}
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
"""The same in every ZIP, so that equal stock gives equal bytes."""


class ExportFolder:
    """The ExportFiles port: a folder per export below one folder; ``today`` is the shop's day."""

    def __init__(self, root: Path, today: Callable[[], date]) -> None:
        self._root, self._today = root, today

    @contextmanager
    def write(
        self, setting: ExportSetting, lines: Iterable[bytes], *, on_disk: bool
    ) -> Iterator[_NewFile]:
        form = setting.file
        if form is None:
            raise ValueError(f"{setting.label} has no file")
        name = form.name.replace("{date}", f"{self._today():%Y%m%d}")
        folder = self._root / str(setting.export_id)
        part = folder / f"{name}{UNFINISHED}" if on_disk else _NOWHERE
        new = _NewFile(part, folder, f"{name}.zip" if form.zip else name)
        try:
            with _room():
                if on_disk:
                    folder.mkdir(parents=True, exist_ok=True)
                new.fill(form, name, lines)
            yield new
        finally:
            if on_disk:
                with suppress(OSError):  # what kept it from being written has been told
                    part.unlink(missing_ok=True)

    @contextmanager
    def open(self, file: GoodFile) -> Iterator[BinaryIO]:
        path = self._root / file.path
        try:
            opened = path.open("rb")
        except OSError as error:
            raise Refused(f"the kept file {path} cannot be read: {error.strerror}") from error
        with opened:
            if hashlib.file_digest(opened, "sha256").hexdigest() != file.digest:
                raise Refused(f"the kept file {path} is not what was generated: generate it anew")
            opened.seek(0)
            yield opened

    def tidy(self, export_id: int, wanted: Sequence[str]) -> None:
        folder = self._root / str(export_id)
        for path in folder.iterdir():
            if path.is_file() and str(path.relative_to(self._root)) not in wanted:
                path.unlink(missing_ok=True)


@dataclass
class _NewFile:
    """The NewFile port."""

    part: Path
    folder: Path
    name: str
    rows: int = 0
    size_bytes: int = 0
    replaced: int = 0
    _digest: str = field(default="", init=False)

    @property
    def facts(self) -> GoodFile:
        kept = f"{self.folder.name}/{self._digest[:16]}_{self.name}"
        return GoodFile(
            name=self.name,
            path=kept,
            digest=self._digest,
            rows=self.rows,
            size_bytes=self.size_bytes,
        )

    def fill(self, form: FileForm, member: str, lines: Iterable[bytes]) -> None:
        """Write all lines, and make them outlive a power cut."""
        with self.part.open("wb") as file:
            counted = _Counted(file)
            if form.zip:
                self._zip(form, member, lines, counted)
            else:
                self._lines(form, lines, counted)
            file.flush()
            if self.part != _NOWHERE:
                os.fsync(file.fileno())
        self._digest, self.size_bytes = counted.digest, counted.size_bytes

    def keep(self) -> None:
        with _room():
            self.part.rename(self.folder.parent / self.facts.path)
            descriptor = os.open(self.folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def _zip(self, form: FileForm, member: str, lines: Iterable[bytes], file: _Counted) -> None:
        with ZipFile(cast("IO[bytes]", file), "w") as archive:
            known = ZipInfo(member, _ZIP_TIME)
            known.compress_type, known.external_attr = ZIP_DEFLATED, 0o644 << 16
            with archive.open(known, "w", force_zip64=True) as packed:
                self._lines(form, lines, packed)

    def _lines(self, form: FileForm, lines: Iterable[bytes], file: IO[bytes] | _Counted) -> None:
        encoded = _Encoding(form)
        if form.header:
            file.write(encoded(_header(form)))
        for block in lines:
            self.rows += block.count(b"\n")
            file.write(encoded(block))
        self.replaced = encoded.replaced


class _Counted:
    """A file that cannot seek, with the digest of what went into it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._sha256 = file, hashlib.sha256()
        self.size_bytes = 0

    @property
    def digest(self) -> str:
        return self._sha256.hexdigest()

    def write(self, data: bytes) -> int:
        self._sha256.update(data)
        self.size_bytes += len(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()


class _Encoding:
    """UTF-8 lines in the file's encoding and with its line ends."""

    def __init__(self, form: FileForm) -> None:
        self._form, self.replaced = form, 0
        self._end = _ENDS[form.line_end]
        self._as_it_is = codecs.lookup(form.encoding).name == "utf-8"
        handler = f"crontract-{form.replacement or 'refused'}"
        codecs.register_error(handler, self._missing)
        self._encoder = codecs.getincrementalencoder(form.encoding)(handler)

    def __call__(self, block: bytes) -> bytes:
        if self._end != b"\n":
            block = block.replace(b"\n", self._end)
        return block if self._as_it_is else self._encoder.encode(block.decode())

    def _missing(self, error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeEncodeError):
            raise error
        missing = error.object[error.start : error.end]
        if not self._form.replacement:
            line = error.object[: error.start].rpartition("\n")[2][:60]
            raise Refused(
                f"{self._form.encoding} lacks {missing!r} (in the line {line!r} …): set"
                " file.replacement, or another file.encoding"
            )
        self.replaced += len(missing)
        return self._form.replacement * len(missing), error.end


def _header(form: FileForm) -> bytes:
    quote = form.quote
    special = (form.delimiter, quote, "\n", "\r")

    def written(name: str) -> str:
        if quote and any(sign in name for sign in special):
            return f"{quote}{name.replace(quote, quote * 2)}{quote}"
        return name

    return f"{form.delimiter.join(map(written, form.columns))}\n".encode()


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise DiskFull(f"no room left for the export's file ({error.strerror})") from error
        raise Refused(f"the export's file cannot be written: {error}") from error
