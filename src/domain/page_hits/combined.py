"""A line of a web server's log in the combined format, made into a page hit."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

from domain.errors import Refused

LONGEST_PATH, LONGEST_AGENT = 500, 255

_LINE = re.compile(
    r'(\S+) \S+ .*?\[(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)\]'
    r' "((?:[^"\\]|\\.)*)" (\d{3}) (?:\d+|-)(?: "(?:[^"\\]|\\.)*" "((?:[^"\\]|\\.)*)")?'
)  # fmt: skip
_REQUEST = re.compile(r"[A-Z]+ (?:https?://[^/ ]+)?(/[^ ?#]*)\S*(?: HTTP/\d(?:\.\d)?)?")
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Unreadable(Refused):
    """The line is none of a web server's log."""


class PageHit(NamedTuple):
    """One request; ``ts`` is in microseconds since 1970, ``session`` a digest of who asked."""

    ts: int
    path: str
    session: str
    agent: str
    status: int


def page_hit(line: str) -> PageHit:
    """Read a line. Raises Unreadable that says what is wrong with it.

    The query is left out: it may hold what is private. Who has no session is told apart by
    address and agent, of which only a digest is kept.
    """
    found = _LINE.match(line)
    if found is None:
        raise Unreadable("is not in the combined log format")
    host, *when, request, status, agent = found.groups(default="")
    asked = _REQUEST.fullmatch(request)
    if asked is None:
        raise Unreadable(f"request {request[:60]!r} asks for no page")
    who = hashlib.sha256(f"{host} {agent}".encode()).hexdigest()[:32]
    path, agent = asked[1][:LONGEST_PATH], agent[:LONGEST_AGENT]
    return PageHit(ts=_instant(when), path=path, session=who, agent=agent, status=int(status))


def _instant(when: list[str]) -> int:
    day, month, year, hour, minute, second, sign, hours, minutes = when
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    try:
        zone = timezone(-offset if sign == "-" else offset)
        number = _MONTHS[month]
        moment = datetime(
            int(year), number, int(day), int(hour), int(minute), min(int(second), 59), tzinfo=zone
        )
    except (KeyError, ValueError) as error:
        raise Unreadable(f"time {day}/{month}/{year}:{hour}:{minute}:{second} is none") from error
    return (moment - _EPOCH) // _MICROSECOND
