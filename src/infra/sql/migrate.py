"""Bring the database to the tables this version needs."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from infra.sql.engine import make_engine, reading, writing

_SCRIPTS = Path(__file__).with_name("migrations")


def upgrade(url: str) -> None:
    """Apply every migration that is missing, all or none; a database up to date stays as it is.

    Two that start at once do not meet: the second waits and finds nothing to do.
    """
    engine = make_engine(url)
    try:
        with writing(engine) as connection:
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def status(url: str) -> tuple[str | None, str | None]:
    """The revision the database has (None: no tables yet) and the one this version needs."""
    engine = make_engine(url)
    try:
        return _current(engine), needed()
    finally:
        engine.dispose()


def needed() -> str | None:
    """Name the revision that this version needs."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _current(engine: Engine) -> str | None:
    with reading(engine) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    return config
