"""What becomes of a transaction when its database server fails it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Connection, Engine, event, text

from domain.errors import (
    CommitUnknown,
    ConfigurationInvalid,
    SchemaOutdated,
    StoreUnavailable,
)
from domain.jobs.supplier_import.lines import StockLine
from fakes.supplier_import import FakeRun
from import_shop import import_setting
from infra.sql.drivers.faults import Collision
from infra.sql.engine import make_engine, reading, writing
from infra.sql.stock_book import SqlStockBook
from servers import database, proxy
from servers.proxy import Proxy

SERVERS = ("postgresql", "mariadb")

ADD = text("INSERT INTO article (id, name) VALUES (1, 'Primacy')")
COUNT = text("SELECT count(*) FROM article")
NO_WAITING = {
    "postgresql": "SET LOCAL lock_timeout = '50ms'",
    "mariadb": "SET SESSION innodb_lock_wait_timeout = 0",
}


@pytest.fixture(params=SERVERS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(kind: str) -> Iterator[str]:
    with database(kind) as url:
        yield url


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    with opened(url) as engine:
        yield engine


@contextmanager
def opened(url: str, *, read_only: bool = False) -> Iterator[Engine]:
    engine = make_engine(url, read_only=read_only)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def through(url: str) -> Iterator[tuple[Proxy, str]]:
    """Give a line that can be cut, and the database's address at its other end."""
    there = urlsplit(url)
    with proxy(str(there.hostname), int(there.port or 0)) as line:
        yield line, there._replace(netloc=f"{there.username}@{line.host}:{line.port}").geturl()


def articles(engine: Engine) -> int:
    with reading(engine) as connection:
        return int(connection.execute(COUNT).scalar_one())


# --- lost connections ---------------------------------------------------------------------------


def test_a_line_cut_before_the_commit_has_written_nothing(url: str, engine: Engine) -> None:
    with through(url) as (line, address), opened(address) as cut:

        def add() -> None:
            with writing(cut) as connection:
                connection.execute(ADD)
                line.cut()
                connection.execute(COUNT)

        with pytest.raises(StoreUnavailable):
            add()

    assert articles(engine) == 0


def test_a_line_cut_during_the_commit_leaves_it_unknown(url: str) -> None:
    with through(url) as (line, address), opened(address) as cut:

        @event.listens_for(cut, "commit")
        def lose(_: Connection) -> None:
            line.cut()

        with pytest.raises(CommitUnknown, match="may or may not"), writing(cut) as connection:
            connection.execute(ADD)


def test_the_next_transaction_finds_a_server_that_came_back(url: str) -> None:
    with through(url) as (line, address), opened(address) as cut:
        assert articles(cut) == 0
        line.cut()

        assert articles(cut) == 0


def test_a_line_cut_while_lines_come_in_is_an_unavailable_database(url: str) -> None:
    with through(url) as (line, address), opened(address) as cut:
        book = SqlStockBook(cut, cut)

        def lines() -> Iterator[StockLine]:
            for number in range(200_000):
                if number == 5_000:
                    line.cut()
                yield StockLine(number, f"A{number}", None, 1, None, "", None, None, None)

        def take() -> None:
            with book.stage(import_setting(), FakeRun()) as staged:
                staged.take(lines(), lambda _: None)

        with pytest.raises(StoreUnavailable):
            take()


# --- refusals -------------------------------------------------------------------------------------


def test_nobody_at_the_port_is_an_unavailable_database(url: str) -> None:
    with through(url) as (line, address), opened(address) as cut:
        line.refuse()

        with pytest.raises(StoreUnavailable):
            articles(cut)


def test_a_stranger_is_told_to_look_at_the_address(url: str) -> None:
    there = urlsplit(url)
    address = there._replace(netloc=f"stranger:guess@{there.hostname}:{there.port}").geturl()

    with opened(address) as strange, pytest.raises(ConfigurationInvalid) as refused:
        articles(strange)

    assert "database.url" in str(refused.value)
    assert "guess" not in str(refused.value)


def test_a_lock_that_is_not_given_is_a_collision(kind: str, engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(ADD)

    def rename_twice() -> None:
        rename = text("UPDATE article SET name = 'Pilot'")
        with writing(engine) as holder, writing(engine) as other:
            holder.execute(rename)
            other.execute(text(NO_WAITING[kind]))
            other.execute(rename)

    with pytest.raises(Collision):
        rename_twice()


def test_a_read_only_engine_writes_nothing(url: str, engine: Engine) -> None:
    refused = pytest.raises(StoreUnavailable, match="takes no writes")
    with opened(url, read_only=True) as reader, refused, writing(reader) as connection:
        connection.execute(ADD)

    assert articles(engine) == 0


def test_a_read_only_engine_says_that_there_is_no_file_yet(tmp_path: Path) -> None:
    missing = pytest.raises(SchemaOutdated, match=r"no database at .*; run bin/console db:migrate")
    with opened(f"sqlite:///{tmp_path}/none.db", read_only=True) as reader, missing:
        articles(reader)


def test_rows_that_matched_are_counted_changed_or_not(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(ADD)

    with writing(engine) as connection:
        assert connection.execute(text("UPDATE article SET name = name")).rowcount == 1
