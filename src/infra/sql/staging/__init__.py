"""A file's lines in temporary tables, where nobody else sees them and no lock is held.

One module per database, because each has a fast way in of its own and compares in its own words;
what stands in the tables afterwards is the same everywhere.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from sqlalchemy import Connection

from domain.jobs.supplier_import.setting import ImportSetting
from infra.sql.engine import kind_of
from infra.sql.staging.lines import Staging

__all__ = ["Staging", "staging_for"]


def staging_for(connection: Connection, setting: ImportSetting) -> Staging:
    """Make the temporary tables on a connection that is kept until the file is booked."""
    module: Any = import_module(f"infra.sql.staging.{kind_of(connection)}")
    made: Staging = module.FileStaging(connection, setting)
    return made
