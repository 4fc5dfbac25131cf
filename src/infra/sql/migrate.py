"""Bring the database to the tables this version needs."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from domain.errors import ConfigurationInvalid
from infra.sql.address import MARIADB, POSTGRESQL, Address, address_of
from infra.sql.dialects.words import DatabaseMissing
from infra.sql.engine import dialect_of, make_engine, reading, translated

_SCRIPTS = Path(__file__).with_name("migrations")

_CREATE = {
    MARIADB: "CREATE DATABASE `{database}` CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin",
    POSTGRESQL: "CREATE DATABASE \"{database}\"{owner} ENCODING 'UTF8' TEMPLATE template0",
}


def upgrade(url: str, *, to: str = "head") -> None:
    """Apply every migration that is missing, or those up to one; what is there stays as it is.

    All or none; on MariaDB each statement by itself, and one cut in the middle says what to do.
    Two that start at once do not meet: the second waits and finds nothing to do.
    """
    address, engine = address_of(url), make_engine(url)
    try:
        with translated(), dialect_of(address.kind).migrating(engine) as connection:
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, to)
    except DatabaseMissing as error:
        raise _to_be_created(error, address) from error
    finally:
        engine.dispose()


def status(url: str) -> tuple[str | None, str | None]:
    """The revision the database has (None: no tables yet) and the one this version needs."""
    engine = make_engine(url)
    try:
        return _current(engine), needed()
    except DatabaseMissing as error:
        raise _to_be_created(error, address_of(url)) from error
    finally:
        engine.dispose()


def needed() -> str | None:
    """Name the revision that this version needs."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _to_be_created(error: Exception, address: Address) -> ConfigurationInvalid:
    # Only its owner may make tables in it, from PostgreSQL 15 on.
    owner = f' OWNER "{address.user}"' if address.user else ""
    line = _CREATE[address.kind].format(database=address.database, owner=owner)
    return ConfigurationInvalid(f"{error}; an administrator of the server creates it with: {line};")


def _current(engine: Engine) -> str | None:
    with reading(engine) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    return config
