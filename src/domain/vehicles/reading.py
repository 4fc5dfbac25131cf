"""A source's record made into a vehicle and its fitments, or into the reason why it is none.

Nothing is guessed: what does not fit is refused with a word on it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from domain.vehicles.vehicle import BOTH, FRONT, REAR, Fitment, Vehicle

Record = Mapping[str, object]
"""Values by the shop's own names for them, as text, number, flag or None."""

LONGEST_ID, LONGEST_FITMENT_ID, LONGEST_NAME, LONGEST_ENGINE, LONGEST_SIZE = 64, 58, 100, 200, 40
"""A fitment's id leaves room for its axle."""

FIRST_YEAR, LAST_YEAR = 1885, 2100

REMEMBERED = 4_096
"""Sizes and names come again and again: read once, they are looked up."""

_WHEEL = (
    *("tyre_size", "rim", "rim_width", "rim_diameter", "bolt_pattern", "bolt_count"),
    *("bolt_circle", "centre_bore", "offset_mm", "is_original"),
)
_OPEN = frozenset({"", "0", "-", "present", "today", "now"})
_YES = frozenset({"1", "y", "yes", "j", "ja", "true", "x", "oe"})
_NO = frozenset({"", "0", "n", "no", "nein", "false"})
_METRIC = re.compile(r"(\d{3})\s*/\s*(\d{2,3})\s*(ZR|R|-)\s*(\d{2}(?:\.5)?)\s*(C?)")
_BOLTS = re.compile(r"(\d{1,2})\s*[x/X]\s*(\d{2,3}(?:[.,]\d{1,2})?)")
_RIM = re.compile(r"(\d{1,2}(?:[.,]\d{1,2})?)\s*J{0,2}\s*[xX]\s*(\d{2}(?:[.,]\d)?)(?:\s*H2?)?")
# UTF-8 that was read as Windows-1252 somewhere: "CitroÃ«n", "Å koda".
_GARBLED = re.compile(
    "\ufffd|[\u00c3\u00c2][\u0080-\u00bf]|[\u00c4\u00c5][\u0080-\u00bf\u0160\u0178\u017d]"
)


class Unfit(ValueError):
    """The record cannot be taken; the text says why."""


def vehicle_of(record: Record) -> Vehicle:
    """Read the vehicle's own values. Raises Unfit."""
    first, last = year_of(record, "year_from"), year_of(record, "year_to")
    if first and last and first > last:
        raise Unfit(f"years {first} to {last} are the wrong way round")
    return Vehicle.of(
        id_of(record, "vehicle_id", LONGEST_ID),
        text_of(record, "make", LONGEST_NAME),
        text_of(record, "model", LONGEST_NAME),
        text_of(record, "generation", LONGEST_NAME, optional=True),
        first,
        last,
        text_of(record, "engine", LONGEST_ENGINE, optional=True),
    )


def fitments_of(record: Record, vehicle_id: str) -> Iterator[Fitment]:
    """Read one fitment: a row, or two where front and rear differ. Raises Unfit."""
    front, rear = (_side(record, side) for side in (FRONT, REAR))
    if front is None and rear is None:
        yield _fitment(record, vehicle_id, _axle(record))
        return
    both = [_fitment(side or record, vehicle_id, BOTH) for side in (front, rear)]
    if both[0].content_hash == both[1].content_hash:
        yield both[0]
        return
    for side, axle in ((front, FRONT), (rear, REAR)):
        yield _fitment(side or record, vehicle_id, axle)


def fitment_id(record: Record) -> str | None:
    """Tell under which id the fitment would be kept, where that can be read."""
    if any(side in record for side in (FRONT, REAR)):
        return None
    try:
        given = id_of(record, "fitment_id", LONGEST_FITMENT_ID, optional=True)
        return _with_axle(given, _axle(record)) if given else None
    except Unfit:
        return None


def _side(record: Record, side: str) -> Record | None:
    """Complete one axle's values by those that both have."""
    own = record.get(side)
    if own is None:
        return None
    if not isinstance(own, Mapping):
        raise Unfit(f"{side} is no set of values but {_shown(own)}")
    return {**record, **{name: value for name, value in own.items() if value not in (None, "")}}


def _axle(record: Record) -> str:
    axle = text_of(record, "axle", LONGEST_NAME, optional=True).lower() or BOTH
    if axle not in (BOTH, FRONT, REAR):
        raise Unfit(f"axle {axle!r} is neither both nor front nor rear")
    return axle


def _with_axle(given: str, axle: str) -> str:
    return given if axle == BOTH else f"{given}:{axle}"


def _fitment(record: Record, vehicle_id: str, axle: str) -> Fitment:
    given = id_of(record, "fitment_id", LONGEST_FITMENT_ID, optional=True)
    said = map(record.get, _WHEEL)
    try:
        wheel = _wheel(*said)
    except TypeError:  # a list or a set of values in the place of one cannot be remembered
        wheel = _wheel.__wrapped__(*map(record.get, _WHEEL))
    return Fitment.of(_with_axle(given, axle) if given else "", vehicle_id, axle, *wheel)


@lru_cache(REMEMBERED, typed=True)
def _wheel(*said: object) -> tuple[str | int | None, ...]:
    """Read what has no id: few wheels fit many cars."""
    record = dict(zip(_WHEEL, said, strict=True))
    bolt_count, bolt_circle = _pair(record, "bolt_pattern", _BOLTS, ("bolt_count", "bolt_circle"))
    rim_width, rim_diameter = _pair(record, "rim", _RIM, ("rim_width", "rim_diameter"))
    return (
        _tyre_size(record),
        _size(rim_width, "rim_width", 2, 20),
        _size(rim_diameter, "rim_diameter", 8, 30),
        _whole(bolt_count, "bolt_count", 3, 12),
        _size(bolt_circle, "bolt_circle", 50, 400),
        _size(record["centre_bore"], "centre_bore", 20, 400),
        _whole(record["offset_mm"], "offset_mm", -150, 200),
        _flag(record["is_original"]),
    )


def _pair(
    record: Record, joined: str, form: re.Pattern[str], names: tuple[str, str]
) -> tuple[object, object]:
    """Give two values that some sources write as one: ``5x114.3``, ``7.5Jx17``."""
    text = text_of(record, joined, LONGEST_NAME, optional=True)
    if not text:
        return record.get(names[0]), record.get(names[1])
    found = form.fullmatch(text)
    if found is None:
        raise Unfit(f"{joined} {text!r} is none")
    return found[1], found[2]


# --- single values -------------------------------------------------------------------------------


def text_of(record: Record, name: str, longest: int, *, optional: bool = False) -> str:
    """Give a name in one spelling, however its letters were composed. Raises Unfit."""
    return _remembered(_said(record, name), name, longest, optional)


def id_of(record: Record, name: str, longest: int, *, optional: bool = False) -> str:
    """Give an id, which hardly comes twice. Raises Unfit."""
    return _text(_said(record, name), name, longest, optional)


def _said(record: Record, name: str) -> str:
    value = record.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise Unfit(f"{name} is no text but {_shown(value)}")
    return str(value)


def _text(text: str, name: str, longest: int, optional: bool) -> str:
    if not text.isascii() and _GARBLED.search(text):
        raise Unfit(f"{name} {text[:30]!r} is garbled: UTF-8 read as something else on its way")
    text = one_spelling(text)
    if not text and not optional:
        raise Unfit(f"{name} is missing")
    if len(text) > longest:
        raise Unfit(f"{name} is longer than {longest} characters: {text[:30]!r}")
    if not text.isprintable():
        raise Unfit(f"{name} has control characters: {text[:30]!r}")
    return text


_remembered = lru_cache(REMEMBERED)(_text)


def one_spelling(text: str) -> str:
    """Write letters in their composed form, and one blank for many."""
    return " ".join((text if text.isascii() else unicodedata.normalize("NFC", text)).split())


def year_of(record: Record, name: str) -> int | None:
    """Give a year, None for an open end. Raises Unfit."""
    value = record.get(name)
    if value is None or (isinstance(value, str) and value.strip().lower() in _OPEN) or value == 0:
        return None
    return _whole(value, name, FIRST_YEAR, LAST_YEAR)


def _whole(value: object, name: str, least: int, most: int) -> int | None:
    number = _number(value, name)
    if number is None:
        return None
    if not least <= number <= most or number != int(number):
        raise Unfit(f"{name} {_shown(value)} is no whole number from {least} to {most}")
    return int(number)


def _size(value: object, name: str, least: int, most: int) -> str | None:
    number = _number(value, name)
    if number is None:
        return None
    if not least <= number <= most:
        raise Unfit(f"{name} {_shown(value)} is not between {least} and {most}")
    text = f"{number:.2f}".rstrip("0").rstrip(".")
    if Decimal(text) != number:
        raise Unfit(f"{name} {_shown(value)} has more than two decimals")
    return text


def _number(value: object, name: str) -> Decimal | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise Unfit(f"{name} is no number but {_shown(value)}")
    try:
        number = Decimal(value.strip().replace(",", ".") if isinstance(value, str) else value)
    except InvalidOperation as error:
        raise Unfit(f"{name} {_shown(value)} is no number") from error
    if not number.is_finite():
        raise Unfit(f"{name} {_shown(value)} is no number")
    return number


def _tyre_size(record: Record) -> str:
    text = text_of(record, "tyre_size", LONGEST_SIZE).upper()
    if found := _METRIC.fullmatch(text):
        return f"{found[1]}/{found[2]}{found[3]}{found[4]}{found[5]}"
    if not any(sign.isdigit() for sign in text):
        raise Unfit(f"tyre_size {text!r} is none")
    return text


def _flag(value: object) -> int:
    word = "" if value is None else str(value).strip().lower()
    if word in _YES:
        return 1
    if word in _NO:
        return 0
    raise Unfit(f"is_original {_shown(value)} is neither yes nor no")


def _shown(value: object) -> str:
    return repr(str(value)[:30] if isinstance(value, str | int | Decimal) else value)[:40]
