"""What a row of the transition table does to a message: the meaning that SQL adapters keep to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from domain.queue.guards import Given
from domain.queue.job import CrashReason, Message, Status
from domain.queue.stale import rescues_with, window_start
from domain.queue.transitions import To, Transition, Value


def matches(transition: Transition, message: Message, given: Given) -> bool:
    """Tell whether the transition's statement would match the message's row.

    For one without sources the message is the row that a producer wants to write.
    """
    at_source = not transition.sources or message.status in transition.sources
    return at_source and all(guard.holds(message, given) for guard in transition.guards)


def after(transition: Transition, message: Message, given: Given) -> Message | None:
    """Give the row as the transition leaves it, whether or not it may; None where deleted."""
    if transition.target is To.DELETED:
        return None
    changes = {
        column: _value(how, column, message, given) for column, how in transition.sets.items()
    }
    if isinstance(transition.target, Status):
        changes |= {"status": transition.target, "status_since": given.now}
    return replace(message, **changes)


def _value(how: Value | CrashReason, column: str, message: Message, given: Given) -> Any:
    if isinstance(how, CrashReason):
        return how
    return _VALUES[how](column, message, given)


_VALUES: Mapping[Value, Callable[[str, Message, Given], Any]] = {
    Value.PLUS_ONE: lambda column, row, _: getattr(row, column) + 1,
    Value.MINUS_ONE: lambda column, row, _: getattr(row, column) - 1,
    Value.ZERO: lambda *_: 0,
    Value.EMPTY: lambda *_: None,
    Value.NOW: lambda _column, _row, given: given.now,
    Value.LEASE_END: lambda _column, _row, given: given.now + given.limits.lease,
    Value.GIVEN: lambda column, _, given: getattr(given, column),
    Value.RESCUES: lambda _, row, given: rescues_with(row, given.now, given.limits),
    Value.WINDOW_START: lambda _, row, given: window_start(row, given.now, given.limits),
}
