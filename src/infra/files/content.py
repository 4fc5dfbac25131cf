"""What kind of content a file's first bytes show; what no setting can describe is refused."""

from __future__ import annotations

import codecs
import re

from domain.errors import Refused

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WEB_PAGE = re.compile(r"(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_TABLE = re.compile(r"<table\b", re.IGNORECASE)
_XML = re.compile(r"<(?:\?xml|!--|!DOCTYPE|[^\W\d][\w:.-]*[\s/>])")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x19\x1b-\x1f\x7f]")
_MOST_CONTROLS = 0.01
_UTF_16_ZEROS = 0.25
"""Share of zero bytes that Latin text has in UTF-16, all on one side."""


def guessed_encoding(sample: bytes) -> tuple[str, bool]:
    """Only UTF-8 and a byte order mark prove themselves; in cp1252 nearly anything is text."""
    for mark, encoding in _MARKS:
        if sample.startswith(mark):
            return encoding, True
    for encoding, high_bytes in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[::2])):
        if high_bytes.count(0) > len(sample) * _UTF_16_ZEROS:
            return encoding, False
    for encoding in ("utf-8", "cp1252"):
        try:
            codecs.getincrementaldecoder(encoding)().decode(sample)
        except UnicodeDecodeError:
            continue
        return encoding, encoding == "utf-8"
    return "latin-1", False


def decoded(sample: bytes, encoding: str) -> str:
    """Text without its byte order mark; a sign cut in two at the end is left out."""
    try:
        return sample.decode(encoding, "ignore").removeprefix("\ufeff")
    except (LookupError, ValueError) as error:
        raise Refused(f"encoding {encoding!r} is not known: try cp1252 or utf-8") from error


def holds_xml(text: str) -> bool:
    return _XML.match(text.lstrip()) is not None


def refuse_unfit(text: str, name: str) -> None:
    """Refuse what holds no list at all, before anything is guessed about it."""
    start = text.lstrip()
    if not start.strip("\x1a"):
        raise Refused(f"{name} is empty: ask for a file with stock in it")
    if _WEB_PAGE.match(start) or _TABLE.match(start):
        raise Refused(f"{name} is a web page (HTML): was a login or an error page saved instead?")
    if len(_CONTROLS.findall(text)) > len(text) * _MOST_CONTROLS:
        raise Refused(f"{name} is no text, workbook, XML or ZIP file: ask for one of these")
