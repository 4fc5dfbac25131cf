"""Payloads of the legacy side, in PHP's serialize() form: scalars and arrays, nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable
from io import BytesIO
from typing import Any

import phpserialize

from domain.errors import Refused

_FORM = re.compile(r"[aOCEsidbRr]:|N;")

# The lengths within the text count bytes: of UTF-8, or of the charset that an older connection
# spoke when the row was written.
_CHARSETS = ("utf-8", "cp1252", "latin-1")

_OBJECT = re.compile(r'(?:^|[;{}])[OCE]:\d+:"')


def is_php(text: str) -> bool:
    """Tell it from JSON, which cannot begin so."""
    return _FORM.match(text) is not None


def unserialized(text: str) -> Any:
    """Read the text. Raises Refused for what is broken, and for objects of any class."""
    faults = []
    for charset in _CHARSETS:
        try:
            return _read(BytesIO(text.encode(charset)), charset)
        except _Broken as broken:
            faults.append(str(broken))
        except UnicodeEncodeError:
            faults.append(f"has characters that {charset} does not have")
    if _OBJECT.search(text):
        raise Refused("the payload holds a PHP object: only scalars and arrays are read")
    raise Refused(f"the payload is no sound PHP serialize() text: it {faults[0]}")


class _Broken(Exception):
    """Says where, but not what stands there: that may be a secret."""


def _read(stream: BytesIO, charset: str) -> Any:
    try:
        value = phpserialize.load(stream, charset, "strict", decode_strings=True, array_hook=_array)
    except RecursionError:
        raise _Broken("is nested too deeply") from None
    except (ValueError, TypeError, OverflowError):
        raise _Broken(f"errs before byte {stream.tell()}") from None
    if stream.read(1):
        raise _Broken(f"goes on after its end, byte {stream.tell() - 1}")
    return value


def _array(pairs: Iterable[tuple[Any, Any]]) -> Any:
    """Make a list of what PHP calls a list; an array without entries counts as one."""
    pairs = list(pairs)
    keys = [key for key, _ in pairs]
    if keys == list(range(len(keys))):
        return [value for _, value in pairs]
    if not all(isinstance(key, int | str) for key in keys):
        raise ValueError("an array's key is neither a number nor a text")
    return {str(key): value for key, value in pairs}
