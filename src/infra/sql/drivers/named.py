"""Named parameters in the two styles of the drivers, and texts that every server takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

_NAME = re.compile(r"(?<![:\w]):([a-z_][a-z0-9_]*)")

_MARK = "\ufffd"
"""Stands for what is no character: the Unicode replacement character."""


@lru_cache(maxsize=1024)  # one that names many rows is written anew for each number of them
def printf_style(statement: str) -> str:
    """Turn ``:name`` into ``%(name)s``."""
    return _NAME.sub(r"%(\1)s", statement.replace("%", "%%"))


@lru_cache(maxsize=1024)
def numbered(statement: str) -> tuple[str, tuple[str, ...]]:
    """Turn ``:name`` into ``$1``, and give the names in the order of their numbers."""
    names = tuple(dict.fromkeys(_NAME.findall(statement)))
    places = {name: f"${place}" for place, name in enumerate(names, start=1)}
    return _NAME.sub(lambda found: places[found[1]], statement), names


def clean(values: Mapping[str, Any]) -> dict[str, Any]:
    """Replace what a server refuses in a text: NUL, and halves of a surrogate pair."""
    return {
        name: _text(value) if isinstance(value, str) else value for name, value in values.items()
    }


def _text(text: str) -> str:
    if "\0" in text:
        text = text.replace("\0", _MARK)
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    return text
