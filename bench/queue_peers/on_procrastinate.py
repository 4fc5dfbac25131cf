"""procrastinate; ADDRESS is its PostgreSQL database, which ``prepare`` makes."""

from __future__ import annotations

import os
import sys
import time

import procrastinate
import psycopg
from marks import ADDRESS, PAYLOAD, enqueue, mark
from procrastinate import PsycopgConnector, SyncPsycopgConnector

app = procrastinate.App(connector=PsycopgConnector(conninfo=ADDRESS))
producer = procrastinate.App(connector=SyncPsycopgConnector(conninfo=ADDRESS))


@app.task(name="noop")
async def noop(sent: float, payload: object) -> None:  # noqa: ARG001 - it has one, as others have
    mark(sent)


@producer.task(name="noop")
def deferred(sent: float, payload: object) -> None:
    """Stands for the same task in the producer's process."""


def _prepare() -> None:
    server, _, name = ADDRESS.rpartition("/")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    with producer.open():
        producer.schema_manager.apply_schema()


def _many(count: int) -> None:
    deferred.batch_defer(*[{"sent": time.time(), "payload": PAYLOAD}] * count)


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        _prepare()
    elif sys.argv[1] == "work":
        app.run_worker(concurrency=int(os.environ["CONCURRENCY"]))
    else:
        with producer.open():
            enqueue(lambda sent: deferred.defer(sent=sent, payload=PAYLOAD), _many)
