"""Writes and counts the queue's rows for the benchmark, in a process of its own.

Run: python -m bench.queue.rows URL fill|single|bulk|paced|check …, with src on the path
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping

from bench.queue.filling import QUEUE, Filling, Rows
from bench.queue.raw_stores import BULK, PAYLOAD, connect
from bench.timing import WrongAnswer

from domain.queue.work import Draft
from infra.sql.connection import Database
from infra.sql.queue.producer import SqlProducer

_PAYLOAD = json.loads(PAYLOAD)


def fill(url: str, type_: str, count: str) -> None:
    """An empty queue but for so many messages; the effects' table is empty too."""
    store, filling = connect(url), Filling(url)
    store.make()
    filling.empty()
    filling.add(Rows(type_=f"'{type_}'"), int(count))
    filling.tidy()


def check(url: str, count: str, effects: str) -> None:
    """Print the instant of the last settlement. Raises WrongAnswer unless all are done, once."""
    store = connect(url)
    done, last = store.execute(
        f"SELECT count(*), max(finished_at) FROM queue WHERE queue = '{QUEUE}'"  # noqa: S608
        " AND status = 'PROCESSED' AND attempts = 1"
    ).fetchone()
    if int(done) != int(count):
        raise WrongAnswer(f"{done} of {count} messages processed at the first attempt")
    (written,) = store.execute("SELECT count(DISTINCT message_id) FROM raw_effect").fetchone()
    if int(written) != int(effects):
        raise WrongAnswer(f"{written} effects, not {effects}")
    print(int(last) / 1e6)


def single(url: str, count: str) -> None:
    """Print messages per second, a transaction for each."""
    Filling(url).empty()
    database = Database(url)
    _enqueue(database, Draft(type="bench.keyed", payload=_PAYLOAD))  # connects
    started = time.perf_counter()
    for _ in range(int(count)):
        _enqueue(database, Draft(type="bench.keyed", payload=_PAYLOAD))
    print(int(count) / (time.perf_counter() - started))


def bulk(url: str, count: str) -> None:
    """Print messages per second, a transaction for each thousand."""
    Filling(url).empty()
    database = Database(url)
    _enqueue(database, Draft(type="bench.keyed", payload=_PAYLOAD))
    drafts = [Draft(type="bench.keyed", payload=_PAYLOAD)] * BULK
    started = time.perf_counter()
    for _ in range(int(count) // BULK):
        with database.transaction() as transaction:
            SqlProducer(transaction, database.kind).enqueue_all(drafts)
    print(int(count) // BULK * BULK / (time.perf_counter() - started))


def paced(url: str, count: str, seconds: str) -> None:
    """Send one after the other with pauses; each says when."""
    database = Database(url)
    database.row("SELECT 1")  # connects
    for _ in range(int(count)):
        _enqueue(database, Draft(type="bench.marked", payload={"sent": time.time()}))
        time.sleep(float(seconds))


def _enqueue(database: Database, draft: Draft) -> None:
    with database.transaction() as transaction:
        SqlProducer(transaction, database.kind).enqueue(draft)


_VERBS: Mapping[str, Callable[..., None]] = {
    verb.__name__: verb for verb in (fill, check, single, bulk, paced)
}


def main() -> None:
    url, verb, *given = sys.argv[1:]
    _VERBS[verb](url, *given)


if __name__ == "__main__":
    main()
