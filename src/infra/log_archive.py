"""Archives of the update log: gzip files of JSON lines, a folder for each day, a file a batch.

``.part`` is being written, ``.sealed`` was read back whole and waits for its rows' deletion.
"""

from __future__ import annotations

import gzip
import json
import os
import zlib
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

from domain.jobs.log_cleaning.ports import LOG, ArchiveFailed, Entry
from infra.files.held import sync_folder, translated
from infra.sql.queue.messages import instant_of

ENDING, PART, SEALED = ".jsonl.gz", ".part", ".sealed"

_COMPRESSION = 5
"""About as small as the best, three times faster."""


class LogArchives:
    """The LogArchive port on a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def seal(self, entries: Sequence[Entry]) -> SealedFile:
        lines = b"".join(
            json.dumps(dict(entry), ensure_ascii=False).encode() + b"\n" for entry in entries
        )
        name = f"{LOG}_{entries[0]['id']}-{entries[-1]['id']}{ENDING}"
        day = self._folder / f"{instant_of(entries[0]['at']):%Y-%m-%d}"
        with translated(str(day)):
            day.mkdir(parents=True, exist_ok=True)
            sync_folder(self._folder)
            part = day / f"{name}{PART}"
            _write(part, lines)
            if _content(part) != lines:
                raise ArchiveFailed(f"{part} does not hold what was written: is the disk sound?")
            sealed = part.rename(day / f"{name}{SEALED}")
            sync_folder(day)
        return SealedFile(sealed)

    def unsettled(self) -> Iterator[SealedFile]:
        for part in self._folder.glob(f"*/*{PART}"):
            with translated(str(part)):
                part.unlink()
        for sealed in sorted(self._folder.glob(f"*/*{SEALED}")):
            yield SealedFile(sealed)


class SealedFile:
    """The Sealed port: an archive that is whole, but not valid yet."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def entries(self) -> Sequence[Entry]:
        with translated(str(self._path)):
            lines = _content(self._path).splitlines()
        try:
            entries = [json.loads(line) for line in lines]
            is_whole = all({"id", "at"} <= entry.keys() for entry in entries)
        except (ValueError, AttributeError):
            is_whole = False
        if not (lines and is_whole):
            raise _damaged(self._path, "other things than rows are in it")
        return entries

    def keep(self) -> None:
        """An archive of the same rows may be there, of a database that was restored since."""
        name = self._path.name.removesuffix(f"{ENDING}{SEALED}")
        names = (f"{name}{f'_{n}' if n > 1 else ''}{ENDING}" for n in count(1))
        with translated(str(self._path)):
            free = next(it for it in map(self._path.with_name, names) if not it.exists())
            self._path.rename(free)
            sync_folder(free.parent)

    def discard(self) -> None:
        with translated(str(self._path)):
            self._path.unlink()


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        # No time in it: equal rows give equal bytes.
        file.write(gzip.compress(content, _COMPRESSION, mtime=0))
        file.flush()
        os.fsync(file.fileno())


def _content(path: Path) -> bytes:
    packed = path.read_bytes() or b"nothing"
    try:
        return gzip.decompress(packed)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _damaged(path, str(error)) from error


def _damaged(path: Path, why: str) -> ArchiveFailed:
    return ArchiveFailed(
        f"{path} is damaged ({why}); its rows may be gone from {LOG}: look at the backup,"
        " then move it away"
    )
