"""What a type of message declares: its schema, why a repetition is harmless, and its limits."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Generic, TypeVar

from domain.errors import ConfigurationInvalid
from domain.queue.job import Direction
from domain.queue.retry import Backoff
from domain.queue.stale import LIMITS

Payload = TypeVar("Payload")

_NAME = re.compile(r"[a-z][a-z0-9]*(\.[a-z][a-z0-9_]*)+")


class Effects(StrEnum):
    """What a handler changes, which decides how its messages are settled.

    LOCAL: only rows, through ``Work.database``: they are committed with the settlement, so they
    happen exactly once, and several messages may be settled in one transaction. KEYED: something
    outside, or commits of its own, that tells a repetition by the idempotency key.
    """

    LOCAL = "local"
    KEYED = "keyed"


@dataclass(frozen=True, kw_only=True)
class MessageType(Generic[Payload]):
    """One type; a field left out fails at import.

    ``payload`` is a frozen dataclass: the schema that every message is checked against before its
    handler sees it. ``idempotency`` says in one sentence why handling a message twice does no
    harm. ``limit`` is what one attempt may take before its process group is killed.
    ``legacy`` are the names under which the legacy side enqueues it.
    """

    name: str
    payload: type[Payload]
    effects: Effects
    idempotency: str
    limit: timedelta
    max_attempts: int
    backoff: Backoff = field(default_factory=Backoff)
    direction: Direction = Direction.INCOMING
    legacy: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        """Name what a payload holds; a question mark stands behind what may be left out."""
        missing = dataclasses.MISSING
        return tuple(
            field.name
            if field.default is missing and field.default_factory is missing
            else f"{field.name}?"
            for field in dataclasses.fields(self.payload)  # type: ignore[arg-type]  # checked below
        )

    def __post_init__(self) -> None:
        faults = [words for words, broken in self._checks().items() if broken]
        if faults:
            raise ConfigurationInvalid(f"message type {self.name}: " + "; ".join(faults))

    def _checks(self) -> dict[str, bool]:
        parameters = getattr(self.payload, "__dataclass_params__", None)
        frozen = dataclasses.is_dataclass(self.payload) and parameters and parameters.frozen
        return {
            "name is not subject.verb": not _NAME.fullmatch(self.name),
            "payload is no frozen dataclass": not frozen,
            "idempotency is empty": not self.idempotency.strip(),
            "limit is not above zero": self.limit <= timedelta(0),
            # Nothing stays in flight longer than this unattended: docs/explanation/queue.md.
            f"limit is above {LIMITS.duration.total_seconds():.0f} s": self.limit > LIMITS.duration,
            "max_attempts is below 1": self.max_attempts < 1,
        }
