"""The benchmark's message types: they do nothing, or write one row, or say when they began."""

from __future__ import annotations

import os
import struct
import time
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from commands.messages.base import Consumer
from domain.queue.message_type import Effects, MessageType
from domain.queue.work import Work


@dataclass(frozen=True)
class Batch:
    """A payload of a usual size."""

    batch: str
    supplier: int
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Sent:
    """When the message was sent, in seconds since 1970."""

    sent: float


class Keyed(Consumer[Batch]):
    """Settled one by one."""

    declares = MessageType(
        name="bench.keyed",
        payload=Batch,
        effects=Effects.KEYED,
        idempotency="It does nothing.",
        limit=timedelta(minutes=1),
        max_attempts=3,
    )

    def handle(self, payload: Batch, work: Work) -> None:
        """Do nothing."""


class Local(Consumer[Batch]):
    """Settled in groups."""

    declares = MessageType(
        name="bench.local",
        payload=Batch,
        effects=Effects.LOCAL,
        idempotency="It does nothing.",
        limit=timedelta(minutes=1),
        max_attempts=3,
    )

    def handle(self, payload: Batch, work: Work) -> None:
        """Do nothing."""


class LocalRow(Consumer[Batch]):
    """Settled in groups with the row that each writes."""

    declares = MessageType(
        name="bench.local_row",
        payload=Batch,
        effects=Effects.LOCAL,
        idempotency="Its row is committed with its settlement.",
        limit=timedelta(minutes=1),
        max_attempts=3,
    )

    def handle(self, payload: Batch, work: Work) -> None:  # noqa: ARG002 - the port's signature
        message_id = int(work.idempotency_key.partition(":")[2])
        work.database.execute("INSERT INTO raw_effect VALUES (:message_id)", message_id=message_id)


class Marked(Consumer[Sent]):
    """Appends to the file BENCH_MARKS when it was sent and when it began, 16 bytes."""

    declares = MessageType(
        name="bench.marked",
        payload=Sent,
        effects=Effects.KEYED,
        idempotency="The file is the benchmark's own.",
        limit=timedelta(minutes=1),
        max_attempts=3,
    )

    def handle(self, payload: Sent, work: Work) -> None:  # noqa: ARG002 - the port's signature
        os.write(_marks(), struct.pack("dd", payload.sent, time.time()))


@cache
def _marks() -> int:
    return os.open(os.environ["BENCH_MARKS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
