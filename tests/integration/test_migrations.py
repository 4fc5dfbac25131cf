from __future__ import annotations

import importlib
import multiprocessing
import pkgutil
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

import infra.sql
from domain.errors import ConfigurationInvalid
from infra.sql.engine import make_engine, reading
from infra.sql.metadata import METADATA
from infra.sql.migrate import status, upgrade
from infra.sql.tables import SUPPLIER_STOCK


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'shop.sqlite'}"


def _load_every_table() -> None:
    for module in pkgutil.iter_modules(infra.sql.__path__):
        if module.name.endswith("tables"):
            importlib.import_module(f"infra.sql.{module.name}")


def test_the_migrations_build_exactly_the_declared_tables(url: str) -> None:
    _load_every_table()
    upgrade(url)

    with reading(make_engine(url)) as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
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


def test_stock_is_clustered_by_its_key_on_sqlite(url: str) -> None:
    upgrade(url)

    with reading(make_engine(url)) as connection:
        ddl = connection.exec_driver_sql(
            "SELECT sql FROM sqlite_master WHERE name = 'supplier_stock'"
        ).scalar_one()
        assert "WITHOUT ROWID" in ddl
        assert inspect(connection).get_indexes("supplier_stock") == []


def test_a_database_without_tables_says_to_migrate(url: str) -> None:
    with (
        pytest.raises(ConfigurationInvalid, match="db:migrate"),
        reading(make_engine(url)) as connection,
    ):
        connection.execute(SUPPLIER_STOCK.select())
