"""What one guarded settlement costs by the layer that says it: DB-API, SQLAlchemy Core, its ORM.

Run: python -m bench.queue.layers URL, of a migrated database that may be emptied
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from statistics import median

from bench.queue.filling import Filling, Rows
from bench.timing import WrongAnswer
from sqlalchemy import bindparam, update
from sqlalchemy.orm import DeclarativeBase, Session

from infra.sql.connection import Database
from infra.sql.engine import make_engine
from infra.sql.queue.tables import QUEUE

_MESSAGES, _ROUNDS = 1_500, 5

Settle = Callable[[int], int]

_FINISH = """
    UPDATE queue SET status = 'PROCESSED', lease_until = NULL, finished_at = :at
    WHERE id = :id AND status = 'PROCESSING' AND claim_no = :claim
"""


class _Base(DeclarativeBase):
    pass


class _Message(_Base):
    __table__ = QUEUE


def by_dbapi(url: str) -> Settle:
    database = Database(url)
    return lambda id_: database.execute(_FINISH, at=1, id=id_, claim=0)


def by_core(url: str) -> Settle:
    """The statement is made once, as it would be."""
    held = (QUEUE.c.id == bindparam("i"), QUEUE.c.claim_no == bindparam("claim"))
    statement = (
        update(QUEUE)
        .where(*held, QUEUE.c.status == "PROCESSING")
        .values(status="PROCESSED", lease_until=None, finished_at=bindparam("at"))
    )
    connection = make_engine(url).connect()

    def settle(id_: int) -> int:
        with connection.begin():
            return connection.execute(statement, {"i": id_, "claim": 0, "at": 1}).rowcount

    return settle


def by_orm(url: str) -> Settle:
    """Load the message, look, change it, commit."""
    session = Session(make_engine(url))

    def settle(id_: int) -> int:
        message = session.get_one(_Message, id_)
        held = message.status == "PROCESSING" and message.claim_no == 0
        message.status, message.lease_until, message.finished_at = "PROCESSED", None, 1
        session.commit()
        return int(held)

    return settle


def main() -> None:
    """Print milliseconds of a settlement, the processor's share of this process, and all."""
    url = sys.argv[1]
    ways = (by_dbapi, by_core, by_orm)
    found: dict[str, list[tuple[float, float]]] = {way.__name__: [] for way in ways}
    for _ in range(_ROUNDS):
        for way in ways:
            found[way.__name__].append(_milliseconds(url, way(url)))
    for name, rounds in found.items():
        own, whole = (median(column) for column in zip(*rounds, strict=True))
        print(f"{name}: {own:.3f} ms of processor, {whole:.3f} ms in all")


def _milliseconds(url: str, settle: Settle) -> tuple[float, float]:
    first, *ids = _filled(url)
    settle(first)  # connects
    own, whole = time.process_time(), time.perf_counter()
    if sum(map(settle, ids)) != len(ids):
        raise WrongAnswer("a settlement matched no message")
    per = 1_000 / len(ids)
    return (time.process_time() - own) * per, (time.perf_counter() - whole) * per


def _filled(url: str) -> Iterator[int]:
    filling = Filling(url)
    filling.empty()
    filling.add(Rows(status="PROCESSING"), _MESSAGES)
    return (row["id"] for row in Database(url).rows("SELECT id FROM queue ORDER BY id"))


if __name__ == "__main__":
    main()
