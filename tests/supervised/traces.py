"""What a database server still does for a run."""

from __future__ import annotations

from contextlib import closing

from infra.sql.connection import Database

_RUNNING = {
    "postgresql": "SELECT pid AS number FROM pg_stat_activity"
    " WHERE query LIKE :named AND state = 'active' AND pid <> pg_backend_pid()",
    "mariadb": "SELECT id AS number FROM information_schema.processlist"
    " WHERE info LIKE :named AND id <> CONNECTION_ID()",
}


def statements_of(url: str, run_id: str) -> list[int]:
    """Give the sessions with a statement that names the run in a comment."""
    with closing(Database(url)) as database:
        rows = database.rows(_RUNNING[database.kind], named=f"%/* {run_id} */%")
    return [row["number"] for row in rows]
