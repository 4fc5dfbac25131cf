"""What stands in a file of orders: openTRANS, or JSON in any platform's shape."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any

from domain.platforms.ports import Found
from infra.platforms.shapes import opentrans
from infra.platforms.texts import document_of, found_in, listing_of, unreadable

NO_FORMAT = "unknown"

# What an order of each shape has and no other: its members, and the one that names it.
_SHAPES: tuple[tuple[str, str, frozenset[str]], ...] = (
    ("magento2", "entity_id", frozenset({"entity_id"})),
    ("amazon", "AmazonOrderId", frozenset({"AmazonOrderId"})),
    ("tyre24", "order", frozenset({"order", "positions"})),
    ("woocommerce", "id", frozenset({"id", "line_items", "date_created"})),
    ("shopify", "id", frozenset({"id", "line_items"})),
    ("shopware6", "id", frozenset({"orderNumber", "price"})),
)
_WRAPPERS = ("orders", "Orders", "items", "data", "order", "payload", "response")
_DEEPEST = 6

_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*encoding=["']([A-Za-z0-9._-]+)["']""")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def orders_in(content: bytes) -> Iterator[Found]:
    """Give every order of a file; what is none is told with its text."""
    try:
        text = content.decode(_encoding(content))
    except (UnicodeError, LookupError) as error:
        text = content.decode("utf-8", "replace")
        yield unreadable(text, NO_FORMAT, f"it is no text in the encoding it names: {error}")
        return
    if text.lstrip().startswith("<"):
        yield opentrans.found_in(text)
        return
    try:
        document = document_of(text)
    except ValueError as error:
        yield unreadable(text, NO_FORMAT, f"it is neither XML nor sound JSON: {error}")
        return
    yield from _orders(document, text, 0)


def _encoding(content: bytes) -> str:
    if content.startswith(_UTF16):
        return "utf-16"
    if content.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    named = _ENCODING.match(content[:200])
    return named[1].decode() if named else json.detect_encoding(content)


def _orders(document: Any, text: str, depth: int) -> Iterator[Found]:
    """Look into lists and wrappings until there are orders."""
    shape = _shape_of(document)
    inner = "" if isinstance(document, list) else _wrapper_of(document)
    if shape:
        yield found_in(document, text, shape[1], shape[0])
    elif inner is None or depth > _DEEPEST:
        yield unreadable(text, NO_FORMAT, "it is no order in a shape that is known")
    else:
        for one, raw in listing_of(text, inner).orders:
            yield from _orders(one, raw, depth + 1)


def _shape_of(document: Any) -> tuple[str, str] | None:
    if not isinstance(document, dict):
        return None
    for name, key, members in _SHAPES:
        if members <= document.keys():
            return name, key
    return None


def _wrapper_of(document: Any) -> str | None:
    if not isinstance(document, dict):
        return None
    for name in _WRAPPERS:
        if isinstance(document.get(name), list | dict):
            return name
    return None
