"""Mappings from TOML or JSON made into frozen dataclasses; every fault is kept, none guessed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import timedelta
from difflib import get_close_matches
from enum import StrEnum
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

Made = TypeVar("Made")

SPANS = {
    "max_age": ("max_age_hours", timedelta(hours=1)),
    "zero_after": ("zero_after_hours", timedelta(hours=1)),
    "settle": ("settle_seconds", timedelta(seconds=1)),
    "budget": ("budget_minutes", timedelta(minutes=1)),
}
"""Spans of time are written as numbers; the key names the unit."""


class Wrong(ValueError):
    """A value that does not fit; the message says what would."""


class Binder:
    """Builds dataclasses and collects what is wrong, each with its table and key."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def build(self, kind: type[Made], table: object, place: str) -> Made | None:
        """Make one dataclass; None where a fault was found in it."""
        before = len(self.faults)
        given, hints = self.table(table, place), get_type_hints(kind)
        known = {key_of(field.name): field for field in fields(kind)}  # type: ignore[arg-type]
        self.refuse_unknown(given, known, place)
        values = {
            field.name: self._value(hints[field.name], given[key], place, key)
            for key, field in known.items()
            if key in given
        }
        for key, field in known.items():
            if key not in given and _is_required(field):
                self.faults.append(f"[{place}] {key} is missing")
        return None if len(self.faults) > before else kind(**values)

    def table(self, value: object, place: str) -> Mapping[str, object]:
        """Give the value if it is a table, else an empty one and a fault."""
        if isinstance(value, Mapping):
            return value
        self.faults.append(f"[{place}] must be a table")
        return {}

    def refuse_unknown(self, given: Mapping[str, object], known: Iterable[str], place: str) -> None:
        for key in given:
            if key not in known:
                close = get_close_matches(key, known, n=1)
                hint = f"; did you mean {close[0]}?" if close else ""
                self.faults.append(f"[{place or 'top level'}] {key} is unknown{hint}")

    def _value(self, hint: Any, value: object, place: str, key: str) -> object:
        table = next((one for one in (hint, *get_args(hint)) if is_dataclass(one)), None)
        if table is not None and get_origin(hint) is not tuple:
            return self.build(table, value, f"{place}.{key}")  # type: ignore[arg-type]
        try:
            return _converted(hint, value, key)
        except Wrong as wrong:
            self.faults.append(f"[{place}] {key} = {value!r}: {wrong}")
            return None


def key_of(name: str) -> str:
    """Give the key under which a field is written."""
    return SPANS[name][0] if name in SPANS else name


def _is_required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _converted(hint: Any, value: object, key: str) -> object:
    kind = get_origin(hint) or hint
    if kind in (Union, UnionType):
        return _one_of(get_args(hint), value, key)
    if kind in (tuple, Mapping):
        return _several(hint, value, key)
    if issubclass(kind, StrEnum):
        return _member(kind, value)
    return _span(value, key) if kind is timedelta else _a(kind, value)


def _one_of(hints: Iterable[Any], value: object, key: str) -> object:
    wanted = [hint for hint in hints if hint is not type(None)]
    for hint in wanted:
        try:
            return _converted(hint, value, key)
        except Wrong:
            continue
    raise Wrong(f"must be {' or '.join(_WORDS.get(hint, 'a number') for hint in wanted)}")


def _several(hint: Any, value: object, key: str) -> object:
    *_, inner = (part for part in get_args(hint) if part is not ...)
    if get_origin(hint) is tuple:
        return tuple(_converted(inner, item, key) for item in _a(list, value))
    return {word: _converted(inner, item, key) for word, item in _a(dict, value).items()}


def _span(value: object, key: str) -> timedelta:
    unit = next(unit for written, unit in SPANS.values() if written == key)
    number = _a(float, value)
    try:
        return unit * number
    except (OverflowError, ValueError) as error:
        raise Wrong("is out of range") from error


def _member(kind: type[StrEnum], value: object) -> StrEnum:
    words = [member.value for member in kind]
    if value not in words:
        close = get_close_matches(str(value), words, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise Wrong(f"must be one of {', '.join(words)}{hint}")
    return kind(value)


_WORDS: dict[type, str] = {
    str: "text in quotes",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list in brackets",
    dict: "a table of words and numbers",
}


def _a(kind: type[Made], value: object) -> Made:
    """Exactly this type: true is not 1, and "1" is not 1."""
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        raise Wrong(f"must be {_WORDS[kind]}")
    return value
