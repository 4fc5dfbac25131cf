from __future__ import annotations

import importlib
import multiprocessing
import pkgutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect

import infra.sql
from domain.errors import ConfigurationInvalid
from infra.sql.engine import make_engine, reading
from infra.sql.metadata import METADATA
from infra.sql.migrate import status, upgrade
from infra.sql.tables import SUPPLIER_STOCK
from servers import KINDS, database
from servers.access import Access

OLD_RUN = {
    "command": "cron:a:b",
    "scope": "all",
    "covers": "CR-001",
    "correlation_id": "x",
    "status": "closed",
    "started_at": "2026-11-21T03:00:00.000000Z",
    "finished_at": "2026-11-21T03:00:12.000000Z",
    "host": "shop-1",
    "pid": 1,
    "process_token": "x",
    "version": "0.1.0",
    "arguments": "[]",
    "actor": "x",
    "reason": "",
}
OLD_RUNS = (("schedule", "cr-1", "succeeded"), ("manual", None, "failed"))


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with database(request.param, migrated=False) as url:
        yield url


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'shop.sqlite'}"


@contextmanager
def engine_of(url: str) -> Iterator[Engine]:
    engine = make_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def _load_every_table() -> None:
    for module in pkgutil.walk_packages(infra.sql.__path__, "infra.sql."):
        if module.name.endswith("tables"):
            importlib.import_module(module.name)


# Each database writes the expression of a generated column in a way of its own.
@pytest.mark.filterwarnings("ignore:Computed default on queue")
def test_the_migrations_build_exactly_the_declared_tables(url: str) -> None:
    _load_every_table()
    upgrade(url)

    with engine_of(url) as engine, reading(engine) as connection:
        # MariaDB tells a default of "false" as 0, which the comparison takes for another one.
        defaults = engine.dialect.name != "mariadb"
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": defaults}
        )
        assert compare_metadata(context, METADATA) == []


def test_a_new_database_has_no_revision_and_lacks_the_newest(url: str) -> None:
    current, head = status(url)

    assert current is None
    assert head is not None


def test_after_an_upgrade_nothing_is_missing_and_a_second_one_changes_nothing(url: str) -> None:
    upgrade(url)
    once = status(url)
    upgrade(url)

    assert once[0] == once[1]
    assert status(url) == once


def test_two_upgrades_at_once_end_with_one_complete_database(url: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    both = [spawn.Process(target=upgrade, args=(url,)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(timeout=60)

    assert [process.exitcode for process in both] == [0, 0]
    current, head = status(url)
    assert current == head


def test_stock_is_clustered_by_its_key_on_sqlite(sqlite: str) -> None:
    upgrade(sqlite)

    with engine_of(sqlite) as engine, reading(engine) as connection:
        ddl = connection.exec_driver_sql(
            "SELECT sql FROM sqlite_master WHERE name = 'supplier_stock'"
        ).scalar_one()
        assert "WITHOUT ROWID" in ddl
        assert inspect(connection).get_indexes("supplier_stock") == []


_CREATED = r"CREATE DATABASE .no_such_shop. (OWNER \"\w+\" ENCODING|CHARACTER SET)"
"""On PostgreSQL only the owner of a database may make tables in it."""


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_database_that_is_missing_says_how_to_create_it(kind: str) -> None:
    with database(kind, migrated=False) as there:
        missing = there.rpartition("/")[0] + "/no_such_shop"

        for attempt in (upgrade, status):
            with pytest.raises(ConfigurationInvalid, match=_CREATED):
                attempt(missing)


def test_a_migration_cut_in_the_middle_says_what_to_do() -> None:
    with database("mariadb", migrated=False) as url:
        with Access(url) as access:
            access.execute("CREATE TABLE article (id INTEGER)")

        with pytest.raises(ConfigurationInvalid, match=r"article.*cut in the middle"):
            upgrade(url)


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_the_keys_of_every_table_compare_byte_by_byte(kind: str) -> None:
    with database(kind) as url, Access(url) as access:
        assert access.rows(_OTHER_COLLATIONS[kind]) == []


_OTHER_COLLATIONS = {
    "postgresql": "SELECT c.table_name, c.column_name FROM information_schema.columns AS c"
    " JOIN information_schema.key_column_usage AS k USING (table_schema, table_name, column_name)"
    " WHERE table_schema = 'public' AND table_name <> 'alembic_version'"
    " AND data_type = 'character varying' AND collation_name IS DISTINCT FROM 'C'",
    "mariadb": "SELECT table_name, column_name FROM information_schema.columns"
    " WHERE table_schema = database() AND table_name <> 'alembic_version'"
    " AND collation_name IS NOT NULL AND collation_name <> 'utf8mb4_nopad_bin'",
}


def test_a_database_without_tables_says_to_migrate(url: str) -> None:
    with (
        pytest.raises(ConfigurationInvalid, match="db:migrate"),
        engine_of(url) as engine,
        reading(engine) as connection,
    ):
        connection.execute(SUPPLIER_STOCK.select())


def test_what_was_counted_by_command_goes_to_the_schedule_that_ran_it(url: str) -> None:
    upgrade(url, to="0003")
    with Access(url) as before:
        for number, (trigger, schedule, outcome) in enumerate(OLD_RUNS):
            row = {**OLD_RUN, "run_id": f"run-{number}", "trigger_kind": trigger}
            _insert(before, "cron_run", {**row, "schedule_id": schedule, "outcome": outcome})
        for trigger, value in (("schedule", 7.0), ("manual", 2.0)):
            counter = {"command": "cron:a:b", "trigger_kind": trigger}
            _insert(before, "cron_counter", {**counter, "name": "outcome:failed", "value": value})

    upgrade(url)

    ended = datetime.fromisoformat(str(OLD_RUN["finished_at"])).timestamp()
    with Access(url) as after:
        counted = after.rows("SELECT job, trigger_kind, name, value FROM cron_counter")
        assert set(after.rows("SELECT DISTINCT job FROM cron_run")) == {("cr-1",), ("cron:a:b",)}
    assert ("cr-1", "schedule", "outcome:failed", 7.0) in counted
    assert ("cron:a:b", "manual", "outcome:failed", 2.0) in counted
    assert ("cr-1", "schedule", "last:success", ended) in counted
    assert ("cron:a:b", "manual", "last:failure", ended) in counted


def _insert(access: Access, table: str, values: Mapping[str, object]) -> None:
    marks = ", ".join("?" for _ in values)
    into = f"INSERT INTO {table} ({', '.join(values)})"
    access.execute(f"{into} VALUES ({marks})", *values.values())
