"""What a child and its supervisor tell each other: one JSON object per line.

Each one also begins with a line end, so that a line cut short by a signal spoils only itself.
What cannot be read is dropped: the other side may be dying, or a job gone wild.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from domain.operating.ports import Broke, Busy, Finished, Lease
from domain.operating.run import Summary, Unit, UnitResult
from domain.operating.sessions import ServerSession

_NUMBERS = 2**63
_LONGEST_MARK = 63
"""PostgreSQL cuts a longer application_name short; MariaDB's names of locks end at 64."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far the work is."""

    label: str
    done: int
    total: int | None


@dataclass(frozen=True, kw_only=True)
class LockWanted:
    """The job asks for a further lock; ``request`` counts its questions."""

    request: int
    key: str


@dataclass(frozen=True, kw_only=True)
class LockDone:
    """The job gives a further lock back."""

    request: int
    key: str


@dataclass(frozen=True, kw_only=True)
class Granted:
    """The answer: the lock asked for, or nothing more to say."""

    request: int
    lease: Lease | None = None


@dataclass(frozen=True, kw_only=True)
class Denied:
    """The answer: who else holds the lock."""

    request: int
    busy: Busy


@dataclass(frozen=True, kw_only=True)
class Unreachable:
    """The answer: the lock store failed."""

    request: int
    message: str


@dataclass(frozen=True, kw_only=True)
class SessionOpened:
    """The job opened a session on the database server; ended there if the job cannot."""

    session: ServerSession


@dataclass(frozen=True, kw_only=True)
class Confided:
    """The job read a secret, which must not get out with what it prints."""

    value: str


Message = Progress | SessionOpened | Confided | LockWanted | LockDone | Finished | Broke
Answer = Granted | Denied | Unreachable


def encode(message: Message | Answer) -> bytes:
    body = {"kind": type(message).__name__, **asdict(message)}
    return b"\n" + json.dumps(body, default=_plain).encode() + b"\n"


def decode(line: bytes) -> Message | Answer | None:
    """Read one line; None for what is no message."""
    try:
        body = json.loads(line)
        read = _READERS[body.pop("kind")]
        return read(**body)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _plain(value: object) -> object:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no form as JSON: {value!r}")


def _session_opened(*, session: dict[str, Any]) -> SessionOpened:
    number, mark = session["number"], session["mark"]
    if type(number) is not int or not 0 < number < _NUMBERS:
        raise ValueError(f"no server numbers a session {number!r}")
    if type(mark) is not str or not 0 < len(mark) <= _LONGEST_MARK:
        raise ValueError(f"no server takes the mark {mark!r}")
    return SessionOpened(session=ServerSession(number=number, mark=mark))


def _finished(*, summary: dict[str, Any], output: str) -> Finished:
    units = tuple(_unit(**unit) for unit in summary["units"])
    notes = tuple(summary["notes"])
    return Finished(
        summary=Summary(
            units=units,
            items=dict(summary["items"]),
            notes=notes,
            stages=dict(summary["stages"]),
        ),
        output=output,
    )


def _unit(*, result: str, lineage: list[str], **fields: Any) -> Unit:
    return Unit(result=UnitResult(result), lineage=tuple(lineage), **fields)


def _broke(*, lineage: list[str], retry_after: float | None, **fields: Any) -> Broke:
    return Broke(lineage=tuple(lineage), retry_after=_span(retry_after), **fields)


def _span(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


def _granted(*, request: int, lease: dict[str, Any] | None) -> Granted:
    return Granted(request=request, lease=Lease(**lease) if lease else None)


def _denied(*, request: int, busy: dict[str, Any]) -> Denied:
    times = {
        "since": datetime.fromisoformat(busy["since"]) if busy["since"] else None,
        "age": _span(busy["age"]),
        "lease_left": _span(busy["lease_left"]),
    }
    return Denied(request=request, busy=Busy(**{**busy, **times}))


_READERS: Mapping[str, Callable[..., Message | Answer]] = {
    "Progress": Progress,
    "SessionOpened": _session_opened,
    "Confided": Confided,
    "LockWanted": LockWanted,
    "LockDone": LockDone,
    "Finished": _finished,
    "Broke": _broke,
    "Granted": _granted,
    "Denied": _denied,
    "Unreachable": Unreachable,
}
