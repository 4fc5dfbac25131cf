"""pgqueuer; ADDRESS is its PostgreSQL database, which ``prepare`` makes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any

import asyncpg
import uvloop
from marks import ADDRESS, PAYLOAD, enqueue, mark
from pgqueuer import PgQueuer, Queries
from pgqueuer.db import AsyncpgDriver


def _payload(sent: float) -> bytes:
    return json.dumps({"sent": sent, **PAYLOAD}).encode()


async def _driver() -> AsyncpgDriver:
    return AsyncpgDriver(await asyncpg.connect(ADDRESS))


async def _prepare() -> None:
    server, _, name = ADDRESS.rpartition("/")
    connection = await asyncpg.connect(f"{server}/postgres")
    await connection.execute(f"CREATE DATABASE {name}")
    await Queries(await _driver()).install()


async def _work() -> None:
    queue = PgQueuer(await _driver())

    @queue.entrypoint("noop")
    async def noop(job: Any) -> None:
        mark(json.loads(job.payload)["sent"])

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, queue.shutdown.set)
    await queue.run(batch_size=int(os.environ["BATCH"]))


def _enqueue() -> None:
    """One loop for all: starting a loop for each message would be measured as well."""
    loop = uvloop.new_event_loop()
    queries = Queries(loop.run_until_complete(_driver()))

    def one(sent: float) -> object:
        return loop.run_until_complete(queries.enqueue("noop", _payload(sent)))

    def many(count: int) -> object:
        payloads = [_payload(time.time()) for _ in range(count)]
        return loop.run_until_complete(queries.enqueue(["noop"] * count, payloads, [0] * count))

    enqueue(one, many)


_VERBS: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {"prepare": _prepare, "work": _work}

if __name__ == "__main__":
    if verb := _VERBS.get(sys.argv[1]):
        uvloop.run(verb())
    else:
        _enqueue()
