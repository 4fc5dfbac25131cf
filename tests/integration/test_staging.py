"""Lines on their way into temporary tables by each database's fast path."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Connection

from domain.jobs.supplier_import.lines import Reject, StockLine
from domain.jobs.supplier_import.setting import Columns, ImportSetting
from infra.sql.engine import make_engine
from infra.sql.staging import staging_for
from infra.sql.staging.bulk import MOST_WAITING
from infra.sql.staging.lines import BATCH_LINES
from infra.sql.staging.sqlite import LINES_AT_ONCE
from servers import KINDS, database, private

SETTING = ImportSetting(
    supplier_id=23,
    name="Nord",
    source="nord",
    columns=Columns(
        article_no="no", quantity=("qty",), price="price", dot="dot", maker="maker", maker_no="mno"
    ),
)
BAD = Reject(7, "no article number", ";4;1,00", None)

LINES = (
    "SELECT line, article_no, ean, quantity, price_cents, dot, delivery_days, maker, maker_no"
    " FROM staged_line ORDER BY place"
)
REJECTS = "SELECT line, reason, raw, article_no FROM staged_reject ORDER BY no"


def line(number: int) -> StockLine:
    return StockLine(number, f"A{number}", None, number % 7, 100 + number, "", None, "Norvik", None)


Staged = tuple[Sequence[tuple[object, ...]], Sequence[tuple[object, ...]]]


def staged(connection: Connection, items: Sequence[StockLine | Reject]) -> Staged:
    """What stands in the tables afterwards: lines and rejects in their order."""
    staging = staging_for(connection, SETTING)
    with connection.begin():
        staging.load(items, lambda _: None)
    with connection.begin():
        lines, rejects = map(connection.exec_driver_sql, (LINES, REJECTS))
        return [tuple(row) for row in lines], [tuple(row) for row in rejects]


@pytest.fixture(scope="module", params=KINDS)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with database(request.param) as url:
        yield url


@pytest.fixture
def connection(url: str) -> Iterator[Connection]:
    yield from connected(url)


@pytest.fixture
def reader(url: str) -> Iterator[Connection]:
    yield from connected(url, read_only=True)


def connected(url: str, *, read_only: bool = False) -> Iterator[Connection]:
    engine = make_engine(url, read_only=read_only)
    with engine.connect() as connection:
        connection.detach()
        yield connection
    engine.dispose()


@pytest.mark.parametrize(
    "count",
    [0, 1, LINES_AT_ONCE - 1, LINES_AT_ONCE, LINES_AT_ONCE + 1, BATCH_LINES, 2 * BATCH_LINES + 51],
)
def test_every_line_is_staged_once_and_in_its_order(connection: Connection, count: int) -> None:
    lines = [line(number) for number in range(count)]

    assert staged(connection, lines) == (lines, [])


def test_rejects_among_the_lines_do_not_move_their_cells(connection: Connection) -> None:
    lines = [line(number) for number in range(120)]

    assert staged(connection, [*lines[:33], BAD, *lines[33:], BAD]) == (lines, [BAD, BAD])


def test_more_rejects_than_memory_should_hold_interrupt_the_lines(connection: Connection) -> None:
    lines = [line(number) for number in range(MOST_WAITING)]
    bad = [BAD._replace(line=number) for number in range(3 * MOST_WAITING)]

    assert staged(connection, [*bad, *lines, *bad, *lines]) == (lines * 2, bad * 2)


ODD = (
    *("A", "a", "Ä", "ä", "A ", " A", "A\\", "\\N", "NULL", "None", "\\.", "''", '"'),
    *("%s", "%", ":x", "A\tB", "A\nB", "A\r\nB", "\U0001f6de", "\U0001f6de" * 100, "ß", "x" * 100),
)


def test_odd_texts_come_in_as_they_are_and_are_told_apart(connection: Connection) -> None:
    odd = [StockLine(0, text, None, 1, None, text[:40], None, text, text) for text in ODD]

    found, _ = staged(connection, odd)

    assert found == odd
    with connection.begin():
        keys = "SELECT count(*) FROM (SELECT article_no FROM staged_line GROUP BY article_no) AS k"
        assert connection.exec_driver_sql(keys).scalar_one() == len(ODD)


def test_a_fault_in_the_middle_of_the_lines_leaves_none(connection: Connection) -> None:
    def cut_short() -> Iterator[StockLine]:
        yield from (line(number) for number in range(20_000))
        raise EOFError

    staging = staging_for(connection, SETTING)
    with pytest.raises(EOFError), connection.begin():
        staging.load(cut_short(), lambda _: None)

    with connection.begin():
        assert connection.exec_driver_sql("SELECT count(*) FROM staged_line").scalar_one() == 0


def test_lines_are_staged_on_a_connection_that_may_not_write(reader: Connection) -> None:
    lines = [line(number) for number in range(1_200)]

    assert staged(reader, [*lines, BAD]) == (lines, [BAD])
    with pytest.raises(Exception, match=r"(?i)read.?only"), reader.begin():
        reader.exec_driver_sql("INSERT INTO article (id, name) VALUES (1, 'x')")


def test_where_the_server_takes_no_local_file_lines_are_inserted(tmp_path: Path) -> None:
    lines = [line(number) for number in range(2_100)]

    with private("mariadb", tmp_path, arguments=["--local-infile=0"]) as server:
        for connection in connected(server.url):
            assert staged(connection, [*lines, BAD, *lines]) == (lines * 2, [BAD])
