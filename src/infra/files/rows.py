"""A supplier's file as rows of cells, whatever it is: text, workbook, XML, or a ZIP around one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from domain.errors import Refused
from domain.jobs.supplier_import.failures import FeedUnavailable
from domain.jobs.supplier_import.lines import RawRow
from domain.jobs.supplier_import.setting import Format, Layout
from infra.files.archive import ZIP, is_workbook, opened_member
from infra.files.delimited import read_delimited
from infra.files.fixed import read_fixed
from infra.files.source import Source
from infra.files.table import Rows

__all__ = ["RawRow", "Rows", "open_rows"]

_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
_GZIP = b"\x1f\x8b"
_HEAD_BYTES = 4


@contextmanager
def open_rows(path: Path, layout: Layout) -> Iterator[Rows]:
    """Open the file and read its header; the rows follow lazily, once, while it is open.

    The content decides whether it is a ZIP or a workbook, not the name.
    Raises Refused for a file that cannot be read as declared, FeedUnavailable if the disk cannot.
    """
    with open_source(path, layout.member) as source:
        yield _rows(source, layout)


@contextmanager
def open_source(path: Path, member: str) -> Iterator[Source]:
    """Open the file's bytes, or those of the one ZIP member that is meant."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise FeedUnavailable(f"{path.name} cannot be opened: {error.strerror}") from error
    with file:
        if _head(file).startswith(ZIP) and not is_workbook(file, path.name):
            with opened_member(file, path.name, member) as source:
                yield source
        else:
            yield Source(file, path.name)


def holds_workbook(source: Source) -> bool:
    """Whether the content is a workbook, whatever the file's name."""
    return source.head.startswith((*ZIP, _OLD_WORKBOOK))


def _rows(source: Source, layout: Layout) -> Rows:
    head = source.head
    if holds_workbook(source):
        from infra.files.workbook import read_workbook

        return read_workbook(source, layout)
    if head.startswith(_GZIP):
        raise Refused(f"{source.name} is a gzip file: ask for it unpacked or as ZIP")
    if layout.format is Format.XLSX:
        raise Refused(f"{source.name} is no workbook: set layout.format to what it is")
    if layout.format is Format.XML:
        from infra.files.xml import read_xml

        return read_xml(source, layout)
    return (read_fixed if layout.format is Format.FIXED else read_delimited)(source, layout)


def _head(file: BinaryIO) -> bytes:
    head = file.read(_HEAD_BYTES)
    file.seek(0)
    return head
