"""What a missing, old, foreign or locked database does to a start."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from domain.errors import ConfigurationInvalid, StoreUnavailable
from infra.sql.connection import Database
from infra.sql.drivers import sqlite
from infra.sql.drivers.faults import Taken
from infra.sql.ledger import SqlLedger
from infra.sql.migrate import upgrade
from integration.ledger_rows import Processes, start


def new_database(folder: Path) -> str:
    url = f"sqlite:///{folder / 'ledger.sqlite'}"
    upgrade(url)
    return url


Opened = Callable[[str], Database]
LedgerOn = Callable[[str], SqlLedger]

INSERT = "INSERT INTO cron_lock (lock_key, fence, run_id) VALUES ('key', 1, 'run')"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty seconds of waiting for another writer are too long for a test."""
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.05)


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Opens databases and closes them all at the end."""
    with ExitStack() as closing_all:
        yield lambda url: closing_all.enter_context(closing(Database(url)))


@pytest.fixture
def ledger_on(opened: Opened) -> LedgerOn:
    return lambda url: SqlLedger(opened(url), Processes().alive)


def locks_in(database: Database) -> int:
    return len(database.rows("SELECT * FROM cron_lock"))


def insert(database: Database, *, times: int = 1) -> None:
    with database.transaction() as connection:
        for _ in range(times):
            connection.execute(INSERT)


def test_a_file_of_another_user_is_a_matter_of_grants(tmp_path: Path, opened: Opened) -> None:
    database = opened(new_database(tmp_path))
    database.rows("PRAGMA query_only = 1")  # refuses with the words of a file of another user

    with pytest.raises(ConfigurationInvalid, match="readonly database: may this user write"):
        insert(database)

    assert locks_in(database) == 0


def test_a_missing_database_says_to_migrate_and_is_not_created(
    tmp_path: Path, ledger_on: LedgerOn
) -> None:
    path = tmp_path / "ledger.sqlite"

    with pytest.raises(ConfigurationInvalid, match=r"no database at .*db:migrate"):
        ledger_on(f"sqlite:///{path}").open(start())

    assert not path.exists()


def test_a_database_without_tables_says_to_migrate(tmp_path: Path, ledger_on: LedgerOn) -> None:
    path = tmp_path / "ledger.sqlite"
    sqlite3.connect(path).close()
    path.touch()

    with pytest.raises(ConfigurationInvalid, match=r"no such table: cron_run.*db:migrate"):
        ledger_on(f"sqlite:///{path}").open(start())


def test_a_database_of_an_older_version_says_to_migrate(
    tmp_path: Path, ledger_on: LedgerOn, opened: Opened
) -> None:
    url = new_database(tmp_path)
    with opened(url).transaction() as connection:
        connection.execute("ALTER TABLE cron_run DROP COLUMN log_tail")
        connection.execute("ALTER TABLE cron_run DROP COLUMN reason")

    with pytest.raises(ConfigurationInvalid, match="db:migrate"):
        ledger_on(url).open(start())


def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path, ledger_on: LedgerOn) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_text("supplier;ean;quantity\n" * 100)

    with pytest.raises(StoreUnavailable, match="not a database"):
        ledger_on(f"sqlite:///{path}").open(start())


def test_a_database_locked_for_too_long_is_unavailable(
    tmp_path: Path, impatient: None, ledger_on: LedgerOn, opened: Opened
) -> None:
    url = new_database(tmp_path)
    other = opened(url)

    with other.transaction(), pytest.raises(StoreUnavailable, match="database is locked"):
        ledger_on(url).open(start())

    assert ledger_on(url).open(start()) is None


def test_a_transaction_that_breaks_leaves_nothing_behind(tmp_path: Path, opened: Opened) -> None:
    database = opened(new_database(tmp_path))

    with pytest.raises(Taken):  # which no retry would heal
        insert(database, times=2)

    assert locks_in(database) == 0


def test_a_commit_that_fails_leaves_the_connection_usable(
    tmp_path: Path, impatient: None, opened: Opened
) -> None:
    database = opened(new_database(tmp_path))
    database.row("PRAGMA journal_mode=DELETE")  # here a reader blocks the commit itself
    reader = sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM cron_lock").fetchall()

    with pytest.raises(StoreUnavailable, match="locked"), database.transaction() as connection:
        connection.execute(INSERT)
    reader.close()

    insert(database)
    assert locks_in(database) == 1


def test_a_connection_closed_in_between_is_opened_again(tmp_path: Path, opened: Opened) -> None:
    database = opened(new_database(tmp_path))
    assert locks_in(database) == 0

    database.close()
    database.close()

    assert locks_in(database) == 0
