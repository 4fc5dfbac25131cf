"""A fresh, migrated database per test: a copy of one that is migrated once per session."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import urlsplit, urlunsplit

from servers.access import Access
from servers.session import session
from servers.shared import shared

KINDS = ("sqlite", "postgresql", "mariadb")

TEMPLATE = "crontract_template"


@contextmanager
def database(kind: str, *, migrated: bool = True) -> Iterator[str]:
    """Give the address of a database of its own; it is dropped afterwards."""
    if kind == "sqlite":
        yield from _sqlite(migrated=migrated)
        return
    server = shared(kind)
    name = f"crontract_{os.getpid()}_{uuid.uuid4().hex[:8]}"
    with Access(server) as admin:
        copy = _COPY[kind] if migrated else _create
        copy(admin, name)
        try:
            yield _named(server, name)
        finally:
            admin.execute(f"DROP DATABASE {name}{' WITH (FORCE)' if kind == 'postgresql' else ''}")


def copy_empty(file: Path) -> str:
    """Put a migrated SQLite database there."""
    template = session().once("sqlite", _sqlite_template)["file"]
    shutil.copyfile(template, file)
    return f"sqlite:///{file}"


def _named(server: str, name: str) -> str:
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


# --- SQLite -------------------------------------------------------------------------------------


def _sqlite(*, migrated: bool) -> Iterator[str]:
    folder = Path(mkdtemp(prefix="crontract-sqlite-"))
    file = folder / "crontract.db"
    try:
        yield copy_empty(file) if migrated else f"sqlite:///{file}"
    finally:
        shutil.rmtree(folder)


def _sqlite_template() -> dict[str, str]:
    file = session().folder / "template.db"
    url = f"sqlite:///{file}"
    _migrate(url)
    with Access(url) as access:  # what is only in the log would be missing in a copy
        access.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    return {"file": str(file)}


# --- PostgreSQL and MariaDB -----------------------------------------------------------------------


def _migrate(url: str) -> None:
    from infra.sql.migrate import upgrade  # heavy, and only the first of a session needs it

    upgrade(url)


def _create(admin: Access, name: str) -> None:
    admin.execute(f"CREATE DATABASE {name}")


def _copy_postgresql(admin: Access, name: str) -> None:
    template = session().once("template-postgresql", partial(_template, admin))["name"]
    # Nobody is connected to the template, and one copy at a time may be.
    with session().alone("template-postgresql"):
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY wal_log")


def _copy_mariadb(admin: Access, name: str) -> None:
    tables = session().once("template-mariadb", partial(_template_mariadb, admin))
    _create(admin, name)
    with Access(_named(admin.url, name)) as fresh:
        fresh.execute("SET foreign_key_checks = 0")
        for statement in tables["statements"]:
            fresh.execute(statement)


def _template(admin: Access) -> dict[str, str]:
    name = f"{TEMPLATE}_{uuid.uuid4().hex[:8]}"
    _create(admin, name)
    _migrate(_named(admin.url, name))
    return {"name": name}


def _template_mariadb(admin: Access) -> dict[str, list[str]]:
    """Give the statements that make the migrated tables, and their rows, anew."""
    name = _template(admin)["name"]
    with Access(_named(admin.url, name)) as template:
        tables = [table for (table,) in template.rows("SHOW TABLES")]
        made = [template.rows(f"SHOW CREATE TABLE `{table}`")[0][1] for table in tables]
    rows = [f"INSERT INTO `{table}` SELECT * FROM `{name}`.`{table}`" for table in tables]  # noqa: S608 - our own names
    return {"statements": [*made, *rows]}


_COPY: dict[str, Callable[[Access, str], None]] = {
    "postgresql": _copy_postgresql,
    "mariadb": _copy_mariadb,
}
