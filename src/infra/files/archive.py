"""ZIP files from partners: one member, found by name, bounded in size, never written to a path."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import IO
from zipfile import BadZipFile, ZipFile, ZipInfo

from domain.errors import Refused
from infra.files.source import MOST_BYTES, Source

ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
MOST_TIMES_SMALLER = 200
"""A stock list packs 5 to 30 times; only made-up data packs more than this."""
_ALWAYS_ALLOWED_BYTES = 1 << 20
_WORKBOOK_PARTS = ("xl/workbook.xml", "xl/workbook.bin", "content.xml")
_ENCRYPTED = 0x1
_SHOWN = 10


@contextmanager
def opened_member(file: IO[bytes], name: str, pattern: str) -> Iterator[Source]:
    """Open the one member that is meant, as a stream; nothing is unpacked to the disk."""
    with _opened_zip(file, name) as archive:
        member = _chosen(archive, name, pattern)
        most_bytes = checked_size(member, name)
        try:
            stream = archive.open(member)
        except (BadZipFile, NotImplementedError, RuntimeError) as error:
            raise Refused(f"{name}: {member.filename!r} cannot be unpacked ({error})") from error
        with stream:
            yield Source(stream, f"{name}:{PurePosixPath(member.filename).name}", most_bytes)


def is_workbook(file: IO[bytes], name: str) -> bool:
    """Whether the ZIP is a workbook (Excel, OpenDocument), whatever its name."""
    with _opened_zip(file, name) as archive:
        names = {info.filename.lower() for info in archive.infolist()}
    file.seek(0)
    return not names.isdisjoint(_WORKBOOK_PARTS)


def check_parts(file: IO[bytes], name: str, most_bytes: int) -> None:
    """Unpack every part into nothing, so that a size the file lies about is found out."""
    with _opened_zip(file, name) as archive:
        left = most_bytes
        for part in archive.infolist():
            left -= checked_size(part, name)
            if left < 0:
                raise Refused(f"{name} unpacks to more than {most_bytes:,} bytes")
            _unpack_into_nothing(archive, part, name)
    file.seek(0)


def checked_size(member: ZipInfo, name: str) -> int:
    """Give the size the member declares, if it is one that a stock list can have."""
    if member.flag_bits & _ENCRYPTED:
        raise Refused(f"{name}: {member.filename!r} is encrypted: ask for it without a password")
    allowed = max(_ALWAYS_ALLOWED_BYTES, member.compress_size * MOST_TIMES_SMALLER)
    if member.file_size > min(allowed, MOST_BYTES):
        raise Refused(
            f"{name}: {member.filename!r} would unpack from {member.compress_size:,} to"
            f" {member.file_size:,} bytes: refused as a ZIP bomb"
        )
    return member.file_size


@contextmanager
def _opened_zip(file: IO[bytes], name: str) -> Iterator[ZipFile]:
    try:
        archive = ZipFile(file)
    except (BadZipFile, NotImplementedError, ValueError) as error:
        raise Refused(f"{name} is a damaged ZIP ({error}): ask for it again") from error
    with archive:
        yield archive


def _chosen(archive: ZipFile, name: str, pattern: str) -> ZipInfo:
    members = [info for info in archive.infolist() if _is_offered(info)]
    chosen = [info for info in members if _is_meant(info, pattern)]
    if len(chosen) == 1:
        return chosen[0]
    held = ", ".join(repr(info.filename) for info in members[:_SHOWN]) or "nothing"
    wanted = f"{len(chosen)} files match {pattern!r}" if pattern else f"{len(chosen)} files"
    raise Refused(f"{name}: {wanted}; set layout.member to one of {held}")


def _is_offered(info: ZipInfo) -> bool:
    """Folders and what a Mac adds are no candidates."""
    path = PurePosixPath(info.filename)
    hidden = path.name.startswith(".") or path.parts[:1] == ("__MACOSX",)
    return not (info.is_dir() or hidden)


def _is_meant(info: ZipInfo, pattern: str) -> bool:
    name = PurePosixPath(info.filename).name
    return not pattern or fnmatchcase(name, pattern) or fnmatchcase(info.filename, pattern)


def _unpack_into_nothing(archive: ZipFile, part: ZipInfo, name: str) -> None:
    try:
        with archive.open(part) as stream:
            while stream.read(1 << 18):
                pass
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise Refused(f"{name} is damaged ({error}): ask for it again") from error
