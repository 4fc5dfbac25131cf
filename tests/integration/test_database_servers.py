"""The supervisor's connection where the server is away, refuses, collides or goes in between."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from threading import Barrier, Thread
from typing import Any
from urllib.parse import urlsplit

import pytest

from domain.errors import ConfigurationInvalid, StoreUnavailable
from infra.sql.connection import Database, Transaction
from infra.sql.drivers import mariadb, postgresql
from infra.sql.drivers.faults import Collision
from infra.sql.migrate import upgrade
from servers import KINDS, proxy
from servers import database as new_database
from servers.access import Access

SERVERS = tuple(kind for kind in KINDS if kind != "sqlite")

LOCK = {"lock_key": "key", "fence": 1, "run_id": "run"}

KILL = {
    "postgresql": ("SELECT pg_backend_pid() AS id", "SELECT pg_terminate_backend({id}, 5000)"),
    "mariadb": ("SELECT CONNECTION_ID() AS id", "KILL {id}"),
}


@pytest.fixture(params=SERVERS)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with new_database(request.param) as fresh:
        yield fresh


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    with closing(Database(url)) as opened:
        yield opened


def cut(url: str, database: Database) -> None:
    """End the connection on the server, as a restart does."""
    ask, kill = KILL[database.kind]
    row = database.row(ask)
    assert row
    with closing(Database(url)) as other, other.transaction() as transaction:
        transaction.execute(kill.format(id=row["id"]))


def locks_in(url: str) -> int:
    with closing(Database(url)) as other:
        return len(other.rows("SELECT * FROM cron_lock"))


def test_a_connection_cut_while_idle_is_opened_anew(url: str, database: Database) -> None:
    for step in (locks_of, insert):
        cut(url, database)
        step(database)

    assert locks_in(url) == 1


def locks_of(database: Database) -> object:
    return database.rows("SELECT * FROM cron_lock")


def insert(database: Database) -> None:
    with database.transaction() as transaction:
        transaction.insert("cron_lock", LOCK)


def test_a_connection_cut_in_a_transaction_is_unavailable_and_rolled_back(
    url: str, database: Database
) -> None:
    def step(transaction: Transaction) -> None:
        transaction.insert("cron_lock", LOCK)
        cut_inside(url, database.kind, transaction)
        transaction.execute("UPDATE cron_lock SET fence = 2")

    with pytest.raises(StoreUnavailable):
        database.atomically(step)

    assert locks_in(url) == 0
    insert(database)
    assert locks_in(url) == 1


def cut_inside(url: str, kind: str, transaction: Transaction) -> None:
    ask, kill = KILL[kind]
    row = transaction.row(ask)
    assert row
    with closing(Database(url)) as other, other.transaction() as another:
        another.execute(kill.format(id=row["id"]))


@pytest.mark.parametrize("change", [(r":\d+/", ":1/"), (r"127\.0\.0\.1", "host.invalid")])
def test_a_server_that_is_not_there_is_unavailable(url: str, change: tuple[str, str]) -> None:
    away = re.sub(change[0], change[1], url)

    with pytest.raises(StoreUnavailable, match=r"^database (postgresql|mariadb) "):
        Database(away).row("SELECT 1 AS one")


READ_ONLY = {
    "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
}


def test_a_standby_is_unavailable_and_named_as_what_it_is(database: Database) -> None:
    database.execute(READ_ONLY[database.kind])

    with pytest.raises(StoreUnavailable, match=r"takes no writes.*standby"):
        insert(database)


def test_a_server_that_falls_silent_is_unavailable_and_met_anew(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "SILENT_SECONDS", 0.3)
    monkeypatch.setattr(mariadb, "ANSWER_SECONDS", 0.3)
    parts = urlsplit(url)
    with proxy(str(parts.hostname), int(parts.port or 0)) as way:
        database = Database(
            parts._replace(netloc=f"{parts.username}@{way.host}:{way.port}").geturl()
        )
        with closing(database):
            database.rows("SELECT 1 AS one")
            way.delay(2)
            with pytest.raises(StoreUnavailable):
                insert(database)
            way.delay(0)
            way.cut()

            assert database.rows("SELECT * FROM cron_lock") == []


def test_a_database_that_cannot_keep_every_text_is_refused_before_anything_is_written() -> None:
    with new_database("postgresql", migrated=False) as url, Access(url) as admin:
        name = f"{url.rpartition('/')[2]}_latin"
        admin.execute(
            f"CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'"
            " TEMPLATE template0"
        )
        latin = f"{url.rpartition('/')[0]}/{name}"
        try:
            for step in (upgrade, lambda latin: Database(latin).row("SELECT 1 AS one")):
                with pytest.raises(ConfigurationInvalid, match=r"encoding LATIN1.*UTF8"):
                    step(latin)
        finally:
            admin.execute(f"DROP DATABASE {name}")


@pytest.mark.parametrize(
    "default", ["default_transaction_isolation = 'serializable'", "client_encoding = 'LATIN1'"]
)
def test_what_a_database_has_by_default_is_not_gone_by(default: str) -> None:
    with new_database("postgresql") as url, Access(url) as admin:
        admin.execute(f"ALTER DATABASE {url.rpartition('/')[2]} SET {default}")

        with closing(Database(url)) as database:
            name = default.partition(" ")[0].removeprefix("default_")
            row = database.row(f"SELECT current_setting('{name}') AS now, '→' AS text")

    assert row in ({"now": "read committed", "text": "→"}, {"now": "UTF8", "text": "→"})


def test_a_database_that_does_not_exist_is_a_fault_of_the_settings(url: str) -> None:
    with pytest.raises(ConfigurationInvalid, match="nowhere"):
        Database(f"{url.rpartition('/')[0]}/nowhere").row("SELECT 1 AS one")


def test_a_user_the_server_does_not_know_is_a_fault_of_the_settings(url: str) -> None:
    stranger = re.sub(r"//[^@]*@", "//stranger:hunter2@", url)

    with pytest.raises(ConfigurationInvalid, match="stranger") as refused:
        Database(stranger).row("SELECT 1 AS one")

    assert "hunter2" not in str(refused.value)


def test_tables_that_are_missing_say_to_migrate(database: Database) -> None:
    with database.transaction() as transaction:
        transaction.execute("DROP TABLE cron_counter")

    with pytest.raises(ConfigurationInvalid, match="db:migrate"):
        database.rows("SELECT * FROM cron_counter")


def test_an_option_of_the_address_that_nobody_knows_is_named(url: str) -> None:
    with pytest.raises((ConfigurationInvalid, StoreUnavailable), match="nonsense"):
        Database(f"{url}?nonsense=1").row("SELECT 1 AS one")

    with pytest.raises(ConfigurationInvalid, match="nonsense"):
        upgrade(f"{url}?nonsense=1")


def test_a_row_that_is_written_as_it_is_counts_as_matched(database: Database) -> None:
    insert(database)

    with database.transaction() as transaction:
        same = transaction.execute("UPDATE cron_lock SET fence = 1 WHERE lock_key = 'key'")

    assert same.rowcount == 1


def test_keys_that_differ_by_case_or_a_trailing_blank_are_different(database: Database) -> None:
    with database.transaction() as transaction:
        new = [
            transaction.insert_new("cron_lock", {**LOCK, "lock_key": key})
            for key in ("key", "KEY", "key ", "kéy", "key")
        ]

    assert new == [True, True, True, True, False]


def test_a_text_with_a_nul_and_a_wheel_is_kept(database: Database) -> None:
    with database.transaction() as transaction:
        transaction.insert("cron_lock", {**LOCK, "run_id": "a\0b 🛞 ü % :x"})

    assert database.rows("SELECT run_id FROM cron_lock") == [{"run_id": "a\ufffdb 🛞 ü % :x"}]


def test_a_defect_of_ours_stays_a_defect(database: Database) -> None:
    insert(database)

    with pytest.raises(Exception, match=r"(?i)duplicate") as broken:
        insert(database)

    assert not isinstance(broken.value, StoreUnavailable)


def test_two_that_deadlock_are_both_done_in_the_end(url: str, database: Database) -> None:
    for key in ("a", "b"):
        with database.transaction() as transaction:
            transaction.insert("cron_lock", {**LOCK, "lock_key": key})
    tries: list[str] = []
    meet = Barrier(2)

    def both(first: str, second: str) -> None:
        def step(transaction: Transaction) -> None:
            tries.append(first)
            raise_fence(transaction, first)
            if len(tries) <= 2:
                meet.wait(timeout=20)
            raise_fence(transaction, second)

        with closing(Database(url)) as own:
            own.atomically(step)

    threads = [Thread(target=both, args=pair) for pair in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert [row["fence"] for row in database.rows("SELECT fence FROM cron_lock")] == [3, 3]
    assert len(tries) == 3


def raise_fence(transaction: Transaction, key: str) -> Any:
    values = {"key": key}
    return transaction.execute(
        "UPDATE cron_lock SET fence = fence + 1 WHERE lock_key = :key", values
    )


def test_what_collides_every_time_is_unavailable_in_the_end(database: Database) -> None:
    def always(_transaction: Transaction) -> None:
        raise Collision("in the way")

    with pytest.raises(StoreUnavailable, match="in the way"):
        database.atomically(always)
