"""Which other queues there are, what they need, and how their workers are started."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.timing import ROOT

FOLDER = "BENCH_QUEUE_PEERS"
"""Environment variable: the folder of the peers' virtual environments."""

PROGRAMS = ROOT / "bench" / "queue_peers"

Commands = Callable[[int], Sequence[Sequence[str]]]
"""Of a number of workers; the first word is a program of the peer's environment."""


@dataclass(frozen=True, kw_only=True)
class Peer:
    """One queue in one setting.

    ``share`` of the messages is enough for a slow one; a fast one needs more of them, or the start
    of its workers is what is measured.
    """

    name: str
    environment: str
    store: str
    program: str
    workers: Commands
    env: Mapping[str, str] = field(default_factory=dict)
    share: float = 1.0
    makes_its_tables: bool = False

    @property
    def folder(self) -> Path:
        return Path(os.environ.get(FOLDER, "/nowhere")) / self.environment / "bin"

    @property
    def is_there(self) -> bool:
        return (self.folder / "python").exists()


def _each(*command: str) -> Commands:
    """As many equal processes as workers."""
    return lambda workers: [command] * workers


def _procrastinate(concurrency: int) -> Peer:
    return Peer(
        name=f"procrastinate (PostgreSQL), {concurrency} at a time",
        environment="procrastinate",
        store="postgresql",
        program="on_procrastinate.py",
        workers=_each("python", "on_procrastinate.py", "work"),
        env={"CONCURRENCY": str(concurrency)},
        share=0.3,
        makes_its_tables=True,
    )


def _pgqueuer(batch: int) -> Peer:
    return Peer(
        name=f"pgqueuer (PostgreSQL), batches of {batch}",
        environment="pgqueuer",
        store="postgresql",
        program="on_pgqueuer.py",
        workers=_each("python", "on_pgqueuer.py", "work"),
        env={"BATCH": str(batch)},
        share=4,
        makes_its_tables=True,
    )


def _celery(name: str, store: str, *, late: bool) -> Peer:
    words = ("celery", "-A", "on_celery", "worker", "-l", "error", "--without-gossip")
    return Peer(
        name=name,
        environment="celery",
        store=store,
        program="on_celery.py",
        workers=lambda workers: [(*words, "--without-mingle", "-c", str(workers))],
        env={"LATE": "1" if late else "0"},
        share=0.6,
    )


def _dramatiq(threads: int) -> Peer:
    words = ("dramatiq", "on_dramatiq", "--threads", str(threads))
    return Peer(
        name=f"dramatiq (Redis), threads: {threads}",
        environment="dramatiq",
        store="redis",
        program="on_dramatiq.py",
        workers=lambda workers: [(*words, "--processes", str(workers))],
        share=0.6,
    )


def _rq(name: str, kind: str, share: float) -> Peer:
    return Peer(
        name=name,
        environment="rq",
        store="redis",
        program="on_rq.py",
        workers=_each("rq", "worker", "-q", "-w", kind, "--url", "{address}", "{queue}"),
        share=share,
    )


def _huey(name: str, store: str) -> Peer:
    words = ("huey_consumer", "on_huey.huey", "-k", "process", "-q")
    return Peer(
        name=name,
        environment="huey",
        store=store,
        program="on_huey.py",
        workers=lambda workers: [(*words, "-w", str(workers))],
    )


PEERS: Sequence[Peer] = (
    _procrastinate(1),
    _procrastinate(10),
    _pgqueuer(10),
    _pgqueuer(100),
    _celery("celery (Redis)", "redis", late=False),
    _celery("celery (Redis), late acknowledgement", "redis", late=True),
    _celery("celery (RabbitMQ), late acknowledgement", "rabbitmq", late=True),
    _dramatiq(1),
    _dramatiq(8),
    _rq("rq (Redis), without forks", "rq.SimpleWorker", 0.3),
    _rq("rq (Redis), a fork for each message", "rq.Worker", 0.06),
    _huey("huey (Redis)", "redis"),
    _huey("huey (SQLite)", "file"),
)
