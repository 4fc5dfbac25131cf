"""Message types for tests: their effects are rows of a table, their faults are ordered."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from commands.messages.base import Consumer
from domain.errors import Refused, Retryable
from domain.queue.message_type import Effects, MessageType
from domain.queue.retry import Backoff
from domain.queue.work import Work

EFFECT = "INSERT INTO probe_effect (mark, pid) VALUES (:mark, :pid)"
SOON = Backoff(base=timedelta(milliseconds=1), cap=timedelta(milliseconds=1))


@dataclass(frozen=True)
class Mark:
    """What a message leaves in the table."""

    mark: int
    seconds: float = 0.0


@dataclass(frozen=True)
class Order:
    """A mark, and the fault to show before it is left."""

    mark: int
    fault: str
    folder: str = ""


def _leave(mark: int, work: Work) -> None:
    work.database.execute(EFFECT, mark=mark, pid=os.getpid())


class Count(Consumer[Mark]):
    """Settled in groups."""

    declares = MessageType(
        name="probe.count",
        payload=Mark,
        effects=Effects.LOCAL,
        idempotency="the row is committed with the settlement",
        limit=timedelta(seconds=30),
        max_attempts=3,
        backoff=SOON,
    )

    def handle(self, payload: Mark, work: Work, /) -> None:
        time.sleep(payload.seconds)
        _leave(payload.mark, work)


class Send(Consumer[Mark]):
    """Settled one by one."""

    declares = MessageType(
        name="probe.send",
        payload=Mark,
        effects=Effects.KEYED,
        idempotency="the partner knows the key",
        limit=timedelta(seconds=30),
        max_attempts=3,
        backoff=SOON,
    )

    def handle(self, payload: Mark, work: Work, /) -> None:
        time.sleep(payload.seconds)
        _leave(payload.mark, work)


@dataclass(frozen=True)
class Batch:
    """Several marks at once, as the legacy side hands over images."""

    marks: tuple[int, ...]
    note: str = ""


class LeaveBatch(Consumer[Batch]):
    """Known to the legacy side by a name of its own."""

    declares = MessageType(
        name="probe.batch",
        payload=Batch,
        effects=Effects.LOCAL,
        idempotency="the rows are committed with the settlement",
        limit=timedelta(seconds=30),
        max_attempts=3,
        backoff=SOON,
        legacy=("UpdatingImagesController::updateImages",),
    )

    def handle(self, payload: Batch, work: Work, /) -> None:
        for mark in payload.marks:
            _leave(mark, work)


def _work(order: Order, work: Work) -> None:
    _leave(order.mark, work)


def _say(_order: Order, work: Work) -> None:
    work.log("probe.said", "heard", key=work.idempotency_key, attempt=work.attempt)


def _die(_order: Order, _work: Work) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _hang(order: Order, _work: Work) -> None:
    """Sleep with a child, and one that left for a session of its own; their ids are left."""
    code = "import os, time; os.setsid(); time.sleep(600)"
    children = [
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]),
        subprocess.Popen([sys.executable, "-c", code]),
    ]
    pids = " ".join(str(child.pid) for child in children)
    (Path(order.folder) / "hanging").write_text(f"{os.getpid()} {pids}")
    time.sleep(600)


def _wait(_order: Order, _work: Work) -> None:
    time.sleep(20)


def _heed(_order: Order, work: Work) -> None:
    _leave(-1, work)
    for _ in range(2000):
        time.sleep(0.01)
        work.checkpoint()


def _retry(_order: Order, _work: Work) -> None:
    raise Retryable("the partner is away")


def _refuse(_order: Order, _work: Work) -> None:
    raise Refused("no such article")


def _break(order: Order, work: Work) -> None:
    _leave(order.mark, work)
    raise ValueError("a defect")


def _leave_the_interpreter(_order: Order, _work: Work) -> None:
    sys.exit(3)


FAULTS: Mapping[str, Callable[[Order, Work], None]] = {
    "none": _work,
    "say": _say,
    "die": _die,
    "hang": _hang,
    "wait": _wait,
    "heed": _heed,
    "retry": _retry,
    "refuse": _refuse,
    "break": _break,
    "exit": _leave_the_interpreter,
}


class Misbehave(Consumer[Order]):
    """Shows the fault that its payload names."""

    declares = MessageType(
        name="probe.misbehave",
        payload=Order,
        effects=Effects.LOCAL,
        idempotency="the row is committed with the settlement",
        limit=timedelta(seconds=1.5),
        max_attempts=3,
        backoff=SOON,
    )

    def handle(self, payload: Order, work: Work, /) -> None:
        FAULTS[payload.fault](payload, work)


class Dawdle(Consumer[Order]):
    """The same with time enough."""

    declares = replace(Misbehave.declares, name="probe.dawdle", limit=timedelta(seconds=30))

    def handle(self, payload: Order, work: Work, /) -> None:
        FAULTS[payload.fault](payload, work)
