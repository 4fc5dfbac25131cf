"""Answers taken apart without loss: each order's own text, and the digest of what it says."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from domain.platforms.ports import Found

_BLANK = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder(parse_float=Decimal)


def document_of(text: str) -> Any:
    """Read JSON; numbers with a fraction stay as they are written. Raises ValueError."""
    try:
        return _DECODER.decode(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A list of orders, each with its own text, and what stood beside it."""

    orders: Sequence[tuple[Any, str]]
    beside: Mapping[str, Any]


def listing_of(text: str, key: str = "") -> Listing:
    """Take a list apart: the whole text, or the member ``key`` of an object.

    A member that is one object is a list of that. Raises ValueError.
    """
    if not key:
        return Listing(orders=_elements(text, 0)[0], beside={})
    orders: Sequence[tuple[Any, str]] | None = None
    beside = {}
    place = _after(text, 0, "{")
    while text[place : place + 1] == '"':
        name, place = _DECODER.raw_decode(text, place)
        place = _after(text, place, ":")
        start, sign = place, text[place : place + 1]
        if name == key and sign == "[":
            orders, place = _elements(text, start)
        else:
            beside[name], place = _DECODER.raw_decode(text, start)
            if name == key and sign == "{":
                orders = [(beside[name], text[start:place])]
        place = _next(text, place, "}")
    if orders is None:
        raise ValueError(f"it has no list {key!r}")
    return Listing(orders=orders, beside=beside)


def _elements(text: str, place: int) -> tuple[list[tuple[Any, str]], int]:
    """Give value and own text of each element of an array, and the place behind it."""
    found = []
    place = _after(text, place, "[")
    while text[place : place + 1] != "]":
        value, end = _DECODER.raw_decode(text, place)
        found.append((value, text[place:end]))
        place = _next(text, end, "]")
    return found, place + 1


def digest_of(document: Any) -> str:
    """Name what a JSON document says, whatever the order of its keys and the zeros of numbers."""
    said = json.dumps(_plain(document), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(said.encode()).hexdigest()


def found_in(
    document: Any, raw: str, key: str, format_: str, volatile: tuple[str, ...] = ()
) -> Found:
    """Name an order by its key; what has none is named by its text, with the trouble said.

    ``volatile`` members say nothing of the order itself.
    """
    if not isinstance(document, dict):
        return unreadable(raw, format_, "it is no JSON object")
    id_ = document.get(key)
    if isinstance(id_, bool) or not isinstance(id_, int | str) or not str(id_).strip():
        return unreadable(raw, format_, f"it has no {key}")
    try:
        version = digest_of({k: v for k, v in document.items() if k not in volatile})
    except RecursionError:
        return unreadable(raw, format_, "it is nested too deeply")
    return Found(external_id=str(id_).strip(), version=version, raw=raw, format=format_)


def unreadable(raw: str, format_: str, trouble: str) -> Found:
    """Keep a text that is no order under a name made of itself."""
    digest = hashlib.sha256(raw.encode("utf-8", "surrogatepass")).hexdigest()
    return Found(
        external_id=f"unreadable-{digest[:16]}",
        version=digest,
        raw=raw,
        format=format_,
        trouble=trouble,
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value.normalize()) if value.is_finite() else str(value)
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _after(text: str, place: int, sign: str) -> int:
    """Step over a sign with the blanks on both sides of it."""
    place = _blank(text, place)
    if text[place : place + 1] != sign:
        raise ValueError(f"no {sign} at character {place}")
    return _blank(text, place + 1)


def _next(text: str, place: int, end: str) -> int:
    """Step over a comma, or stay at the end's sign."""
    place = _blank(text, place)
    sign = text[place : place + 1]
    if sign == end:
        return place
    if sign != ",":
        raise ValueError(f"neither , nor {end} at character {place}")
    return _blank(text, place + 1)


def _blank(text: str, place: int) -> int:
    found = _BLANK.match(text, place)
    return found.end() if found else place
