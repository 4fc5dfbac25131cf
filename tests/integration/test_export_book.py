"""What is remembered of exports, on the three databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from domain.jobs.stock_export.offers import Sent
from domain.jobs.stock_export.ports import Entry, GoodFile, Status, Told
from fakes.supplier_import import FakeRun
from infra.sql.engine import make_engine
from infra.sql.sent_book import SqlSentBook
from servers import KINDS, database

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(params=KINDS)
def book(request: pytest.FixtureRequest) -> Iterator[SqlSentBook]:
    with database(request.param) as url:
        engine, reader = make_engine(url), make_engine(url, read_only=True)
        yield SqlSentBook(engine, reader)
        engine.dispose()
        reader.dispose()


def file(name: str, rows: int = 10) -> GoodFile:
    return GoodFile(name=name, path=f"7/{name}", digest=name * 8, rows=rows, size_bytes=99)


def entry(made: GoodFile | None, *, days: int = 0, status: Status = Status.GENERATED) -> Entry:
    return Entry(export_id=7, status=status, at=NOON + timedelta(days=days), file=made)


def test_the_newest_good_file_is_known_whatever_failed_after_it(book: SqlSentBook) -> None:
    run = FakeRun()
    assert book.last_good(7) is None
    book.enter(entry(file("one")), run)
    row = book.enter(entry(file("two", rows=8)), run)
    book.enter(entry(None, status=Status.REFUSED), run)

    found = book.last_good(7)

    assert found is not None
    assert (found.row, found.file, found.generated_at) == (row, file("two", rows=8), NOON)
    assert book.last_good(8) is None
    assert list(book.paths(7, 1)) == ["7/two"]


def test_what_was_delivered_is_told_apart_from_what_was_only_generated(book: SqlSentBook) -> None:
    run = FakeRun()
    row = book.enter(entry(file("one")), run)
    assert book.last_delivered(7) is None
    book.settle(row, Status.DELIVERED, NOON, "", run)
    later = book.enter(entry(file("two")), run)
    book.settle(later, Status.GENERATED, NOON, "TransferBroken: away", run)

    assert book.last_delivered(7) == file("one").digest


def test_rows_go_after_a_while_but_for_the_newest_good_one(book: SqlSentBook) -> None:
    run = FakeRun()
    book.enter(entry(file("one")), run)
    book.enter(entry(file("two")), run)
    book.enter(entry(None, status=Status.FAILED, days=100), run)

    assert list(book.paths(7, 5)) == ["7/two"]


def test_what_a_marketplace_was_told_is_kept_by_article_in_order(book: SqlSentBook) -> None:
    run = FakeRun()
    first = [Sent(article=n, said=f"{n}") for n in range(5000, 0, -1)]
    book.note(9, first, NOON, run)
    book.note(9, [Sent(article=2, said="two", refusal="ean")], NOON, run)
    book.note(8, [Sent(article=3, said="another export")], NOON, run)

    with book.sent(9) as sent:
        found = list(sent)

    assert [it.article for it in found] == list(range(1, 5001))
    assert found[:3] == [
        Sent(article=1, said="1"),
        Sent(article=2, said="two", refusal="ean"),
        Sent(article=3, said="3"),
    ]


def test_a_stream_that_is_left_half_way_gives_its_connection_back(book: SqlSentBook) -> None:
    run = FakeRun()
    book.note(9, [Sent(article=n, said=f"{n}") for n in range(1, 5001)], NOON, run)

    for _ in range(20):
        with book.sent(9) as sent:
            assert next(sent).article == 1


def test_the_next_run_to_a_marketplace_goes_on_where_the_last_one_ended(book: SqlSentBook) -> None:
    assert book.place(9) == 0
    for place in (200, 77):
        told = Told(articles=300, sent=200, remaining=100, place=place)
        status = Status.DELIVERED
        book.enter(Entry(export_id=9, status=status, at=NOON, told=told), FakeRun())

    assert book.place(9) == 77
    assert book.last_good(9) is None
