"""What was sent and fetched, on every database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.errors import LockLost
from domain.jobs.simulator.ports import SentSet
from domain.jobs.supplier_import.fetching import Fetched
from domain.operating.ports import Lease
from fakes.supplier_import import FakeRun
from infra.simulator.workshop import FileOnDisk
from infra.sql.connection import Database
from infra.sql.fetch_book import SqlFetchBook
from infra.sql.transfer_book import SqlTransferBook
from servers import KINDS, database

WITHOUT_LOCK = FakeRun(leases=(Lease(key="cron.nobody", fence=1, run_id="0199-run"),))
LIST = Fetched(
    name="Lager größe.csv",
    size_bytes=5_000_000_000,
    modified=datetime(2026, 10, 25, 0, 30, 0, 123456, tzinfo=UTC),
    digest="a" * 64,
)


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest) -> Iterator[Database]:
    with database(request.param) as url:
        opened = Database(url)
        yield opened
        opened.close()


def files(*lines: int) -> list[FileOnDisk]:
    return [
        FileOnDisk(
            path=Path(f"{number}.csv"),
            lines=count,
            size_bytes=10 * count,
            digest=f"{number}{count}".rjust(64, "0"),
            replaced=0,
        )
        for number, count in enumerate(lines)
    ]


def test_the_newest_set_of_a_subject_and_partner_is_known(store: Database) -> None:
    book, run = SqlTransferBook(store), FakeRun()
    assert book.newest("simulator", "mak") is None

    book.enter("simulator", "mak", files(7, 1), run)
    book.enter("simulator", "other", files(9, 1), run)
    book.enter("simulator", "mak", files(8, 2), run)

    found = book.newest("simulator", "mak")
    assert found is not None
    assert timedelta() <= found.age < timedelta(minutes=5)
    digest = files(8, 2)[-1].digest
    assert replace(found, age=timedelta()) == SentSet(
        digest=digest, age=timedelta(), lines={"0.csv": 8, "1.csv": 2}
    )


def test_what_was_fetched_is_known_to_the_microsecond_and_replaced_by_name(
    store: Database,
) -> None:
    book, run = SqlFetchBook(store), FakeRun()
    other = replace(LIST, name="lager größe.csv", modified=None)

    book.note(58, LIST, run)
    book.note(58, other, run)
    book.note(59, LIST, run)
    book.note(58, replace(LIST, size_bytes=6), run)

    assert book.fetched(58) == {LIST.name: replace(LIST, size_bytes=6), other.name: other}
    assert book.fetched(59) == {LIST.name: LIST}


def test_without_its_lock_a_run_notes_nothing(store: Database) -> None:
    with pytest.raises(LockLost):
        SqlFetchBook(store).note(58, LIST, WITHOUT_LOCK)
    with pytest.raises(LockLost):
        SqlTransferBook(store).enter("simulator", "mak", files(1), WITHOUT_LOCK)

    assert SqlFetchBook(store).fetched(58) == {}
    assert SqlTransferBook(store).newest("simulator", "mak") is None
