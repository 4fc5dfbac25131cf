"""Text in the encoding that was declared; a sign that does not fit names its line."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from contextlib import contextmanager

from domain.errors import Refused
from infra.files.source import Source

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: it begins with the same two bytes
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def opened_text(source: Source, encoding: str) -> io.TextIOWrapper:
    """Lines as they stand, also those that end in CR only; a byte order mark is dropped."""
    source.bound_lines()
    codec = _codec(source, encoding)
    for mark, marked in _MARKS:
        if source.head.startswith(mark):
            if not marked.startswith(codec.removesuffix("-sig")):
                raise Refused(
                    f"{source.name} begins with the mark of {marked}, not of {encoding}:"
                    f' set layout.encoding = "{marked[:6].removesuffix("-")}"'
                )
            source.skip(len(mark))
            codec = marked
            break
    return io.TextIOWrapper(source, codec, newline="")


def _codec(source: Source, encoding: str) -> str:
    try:
        "".encode(encoding)
        return codecs.lookup(encoding).name
    except (LookupError, ValueError) as error:
        raise Refused(f"{source.name}: layout.encoding {encoding!r} is unknown") from error


@contextmanager
def decoding(source: Source, encoding: str) -> Iterator[None]:
    """Translate a broken sign into the line it stands on and what to try."""
    try:
        yield
    except UnicodeDecodeError as error:
        line = source.line_before_end(error.object[error.start :])
        sign = error.object[error.start : error.start + 1].hex()
        raise Refused(
            f"{source.name}, line {line}: byte 0x{sign} is not {encoding} ({error.reason});"
            f" {_advice(encoding)}"
        ) from error
    except UnicodeError as error:
        raise Refused(
            f"{source.name} is not {encoding} ({error}); without a byte order mark the encoding"
            " is utf-16-le or utf-16-be"
        ) from error


def _advice(encoding: str) -> str:
    if encoding.lower().startswith("utf"):
        return 'if the file is whole, try layout.encoding = "cp1252" (or utf-16)'
    return 'if the file is whole, try layout.encoding = "utf-8"'
