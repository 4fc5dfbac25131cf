"""What became of each image, on the three databases: the later message wins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from domain.images.message import ImageLine
from domain.images.ports import Result, Shown, Status
from infra.sql.connection import Database, Transaction
from infra.sql.image_book import SqlImageBook
from integration.ledger_rows import opened_database
from servers import KINDS

DAY, PAST = timedelta(days=1), timedelta(seconds=-1)


class InTransaction:
    """The Statements port on an open transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def execute(self, statement: str, **values: Any) -> int:
        return int(self._transaction.execute(statement, values).rowcount)

    def rows(self, statement: str, **values: Any) -> Sequence[Mapping[str, Any]]:
        return list(self._transaction.execute(statement, values).fetchall())

    def row(self, statement: str, **values: Any) -> Mapping[str, Any] | None:
        return self._transaction.row(statement, **values)


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    with opened_database(request.param) as opened:
        yield opened


def line(image: str = "a.png", **more: Any) -> ImageLine:
    return ImageLine(article="A-1", image=image, **more)


def done(content: str, image: str = "a.png", **more: Any) -> Result:
    paths = {"list": f"list/{content}.webp", "zoom": f"zoom/{content}.jpg"}
    shown = Shown(source_sha256=content * 64, width=4, height=3, renditions=paths)
    return Result(line=line(image, **more), status=Status.DONE, shown=shown)


def failed(reason: str) -> Result:
    return Result(line=line(), status=Status.FAILED, reason=reason)


REMOVED = Result(line=line(remove=True), status=Status.REMOVED)


def record(database: Database, *results: Result, by: int) -> tuple[dict[str, int], list[str]]:
    with database.transaction() as transaction:
        book = SqlImageBook(database.kind)
        counts, paths = book.record(InTransaction(transaction), results, by)
    return dict(counts), list(paths)


def rows(database: Database) -> list[tuple[Any, ...]]:
    found = database.rows(
        "SELECT image, status, reason, renditions, message_id FROM article_image ORDER BY image"
    )
    return [tuple(dict(row).values()) for row in found]


def noted(database: Database) -> list[str]:
    return [row["path"] for row in database.rows("SELECT path FROM image_obsolete ORDER BY path")]


def sweep(database: Database, keep: timedelta) -> list[str]:
    with database.transaction() as transaction:
        return list(SqlImageBook(database.kind).obsolete(InTransaction(transaction), keep))


ONE = '{"list": "list/1.webp", "zoom": "zoom/1.jpg"}'
TWO = '{"list": "list/2.webp", "zoom": "zoom/2.jpg"}'


def test_a_new_image_has_its_row_and_the_same_again_changes_nothing(database: Database) -> None:
    first = record(database, done("1"), by=5)
    before = database.rows("SELECT * FROM article_image")
    again = record(database, done("1"), by=6)

    assert first == ({"done": 1}, ["list/1.webp", "zoom/1.jpg"])
    assert again == ({"unchanged": 1}, [])
    assert list(map(dict, database.rows("SELECT * FROM article_image"))) == list(map(dict, before))
    assert rows(database) == [("a.png", "done", "", ONE, 5)]


def test_another_content_replaces_and_the_old_files_become_obsolete(database: Database) -> None:
    record(database, done("1"), by=5)

    assert record(database, done("2"), by=6) == ({"done": 1}, ["list/2.webp", "zoom/2.jpg"])
    assert rows(database) == [("a.png", "done", "", TWO, 6)]
    assert noted(database) == ["list/1.webp", "zoom/1.jpg"]


def test_a_place_that_changed_is_no_new_file(database: Database) -> None:
    record(database, done("1", position=1), by=5)

    assert record(database, done("1", position=2), by=6) == ({"done": 1}, [])
    assert noted(database) == []


def test_a_failure_is_told_and_what_is_shown_stays(database: Database) -> None:
    record(database, done("1"), by=5)

    assert record(database, failed("is broken"), by=6) == ({"failed": 1}, [])
    assert rows(database) == [("a.png", "failed", "is broken", ONE, 6)]
    assert record(database, failed("is broken"), by=7) == ({"unchanged": 1}, [])
    assert record(database, done("1"), by=8) == ({"done": 1}, [])


def test_what_is_removed_is_obsolete_and_may_come_back(database: Database) -> None:
    record(database, done("1"), by=5)
    record(database, REMOVED, by=6)
    gone = rows(database), noted(database)

    record(database, done("1"), by=7)

    assert gone == ([("a.png", "removed", "", "{}", 6)], ["list/1.webp", "zoom/1.jpg"])
    assert rows(database) == [("a.png", "done", "", ONE, 7)]
    assert noted(database) == []


def test_an_older_message_changes_nothing_and_its_files_are_obsolete(database: Database) -> None:
    record(database, done("2"), by=9)

    assert record(database, done("1"), by=5) == ({"superseded": 1}, [])
    assert record(database, REMOVED, by=5) == ({"superseded": 1}, [])
    assert rows(database) == [("a.png", "done", "", TWO, 9)]
    assert noted(database) == ["list/1.webp", "zoom/1.jpg"]


def test_within_a_message_the_last_line_of_an_image_counts(database: Database) -> None:
    record(database, done("1"), done("1", "b.png"), REMOVED, done("2"), by=5)

    assert [row[:2] for row in rows(database)] == [("a.png", "done"), ("b.png", "done")]
    assert rows(database)[0][3] == TWO


def test_obsolete_files_are_struck_out_when_their_time_is_over(database: Database) -> None:
    record(database, done("1"), by=5)
    record(database, done("2"), by=6)

    assert sweep(database, DAY) == []
    assert sweep(database, PAST) == ["list/1.webp", "zoom/1.jpg"]
    assert sweep(database, PAST) == []


def test_names_that_differ_only_in_case_are_two_images(database: Database) -> None:
    record(database, done("1"), done("2", "A.png"), done("3", "a.png "), by=5)

    assert [row[0] for row in rows(database)] == ["A.png", "a.png", "a.png "]
