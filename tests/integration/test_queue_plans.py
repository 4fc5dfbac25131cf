"""What the databases read to find messages: the first of each lane by the index, and no more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import pytest

from infra.sql.connection import Database, Row
from infra.sql.queue.dao import SqlQueueDAO
from integration.queue_rows import GENERAL, RUN, Queue, queue
from servers import KINDS

WAITING = 3_000
ANALYZE = {"sqlite": "ANALYZE", "postgresql": "ANALYZE queue", "mariadb": "ANALYZE TABLE queue"}
EXPLAIN = {"sqlite": "EXPLAIN QUERY PLAN ", "postgresql": "EXPLAIN ", "mariadb": "EXPLAIN "}
SORTS = ("Sort", "TEMP B-TREE", "filesort", "temporary")
SCANS = ("SCAN queue ", "SCAN queue'", "Seq Scan on queue ", "'table': 'queue', 'type': 'ALL'")


class Watched(Database):
    """Notes what is read."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def rows(self, statement: str, **values: Any) -> Sequence[Row]:
        self.asked.append((statement, values))
        return super().rows(statement, **values)


@pytest.fixture(params=KINDS, scope="module")
def there(request: pytest.FixtureRequest) -> Iterator[Queue]:
    with queue(request.param) as opened:
        opened.fill(WAITING)
        opened.database.execute("UPDATE queue SET status = 'PROCESSED' WHERE id % 2 = 0")
        opened.database.execute("UPDATE queue SET priority = 3 WHERE id % 3 = 0")
        with opened.database.transaction() as transaction:
            transaction.execute(ANALYZE[request.param])
        yield opened


@pytest.fixture
def watched(there: Queue) -> Iterator[Watched]:
    with closing(Watched(there.url)) as database:
        yield database


def plans(watched: Watched) -> list[str]:
    asked, explain = list(watched.asked), EXPLAIN[watched.kind]
    return [
        "\n".join(str(dict(row)) for row in watched.rows(explain + statement, **values))
        for statement, values in asked
    ]


def test_a_claim_finds_its_messages_by_the_index_without_sorting_what_waits(
    watched: Watched,
) -> None:
    assert len(SqlQueueDAO(watched).claim(GENERAL, RUN, 100)) == 100

    reads = [plan for plan in plans(watched) if "Update" not in plan]

    assert len(reads) >= 3
    assert sum("ix_queue_phase" in plan for plan in reads) >= 2
    assert [plan for plan in reads if any(word in plan for word in (*SORTS, *SCANS))] == []


def test_a_sweep_reads_what_is_in_flight_and_no_more(watched: Watched) -> None:
    assert SqlQueueDAO(watched).restart_stale("general", 10) == []

    found = plans(watched)

    assert len(found) == 2
    assert all("ix_queue_phase" in plan for plan in found)


def test_a_claim_reads_little_more_than_it_takes_on_mariadb() -> None:
    with queue("mariadb") as there:
        there.fill(WAITING)
        there.database.execute("UPDATE queue SET priority = id % 3")
        there.database.rows("FLUSH STATUS")

        taken = there.claim(50)

        read = there.database.rows("SHOW SESSION STATUS LIKE 'Handler_read%'")
        assert len(taken) == 50
        assert sum(int(row["Value"]) for row in read) < 20 * 50
