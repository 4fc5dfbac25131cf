"""The job's side of its database sessions: marked, made known, and limited on the server.

The limits hold without us: where supervisor, warden and job were all killed, or their host froze
or fell off the network, the server itself ends the statement and frees the rows.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import count
from typing import Any

from sqlalchemy import Engine, event

from domain.operating.sessions import ServerSession, mark_of
from infra.sql.session_rules import (
    CONNECT_SECONDS,
    DEAD_PEER_SECONDS,
    GONE_CHECK_SECONDS,
    MARIADB_LIMITS,
    PROBES,
    Opener,
    mariadb_limits,
    postgresql_limits,
    probe,
    whole_seconds,
)


class LimitedSessions:
    """Sees to every session of the engines it is attached to."""

    def __init__(self, run: Opener) -> None:
        self._run, self._numbers = run, count(1)

    def attach(self, engine: Engine) -> None:
        """Limit every session that the engine opens; one on SQLite ends with its process."""
        if engine.dialect.name == "postgresql":
            event.listen(engine, "do_connect", self._dial_postgresql)
            event.listen(engine, "connect", self._greet_postgresql)
        elif engine.dialect.name in ("mariadb", "mysql"):
            event.listen(engine, "do_connect", self._dial_mariadb)
            event.listen(engine, "connect", self._greet_mariadb)

    @property
    def _seconds(self) -> int:
        return whole_seconds(self._run.hard_limit)

    # --- PostgreSQL -----------------------------------------------------------------------------

    def _dial_postgresql(self, _dialect: Any, _record: Any, _args: Any, named: Any) -> None:
        named["application_name"] = mark_of(self._run.run_id)
        named.setdefault("connect_timeout", CONNECT_SECONDS)
        named.setdefault("tcp_user_timeout", DEAD_PEER_SECONDS * 1000)
        for name, value in PROBES.items():
            named.setdefault(f"keepalives_{name}", value)
        limits = [f"-c {name}={value}" for name, value in postgresql_limits(self._seconds)]
        named["options"] = " ".join((named.get("options", ""), *limits))

    def _greet_postgresql(self, connection: Any, _record: Any) -> None:
        session = ServerSession(number=connection.info.backend_pid, mark=mark_of(self._run.run_id))
        self._run.session_opened(session)
        before, connection.autocommit = connection.autocommit, True  # a rollback must not undo it
        with suppress(connection.DatabaseError):  # a server on Windows cannot look
            connection.execute(f"SET client_connection_check_interval = '{GONE_CHECK_SECONDS}s'")
        connection.autocommit = before

    # --- MariaDB --------------------------------------------------------------------------------

    def _dial_mariadb(self, _dialect: Any, _record: Any, _args: Any, named: Any) -> None:
        named.setdefault("connect_timeout", CONNECT_SECONDS)
        for name in ("read_timeout", "write_timeout"):
            named.setdefault(name, self._seconds + DEAD_PEER_SECONDS)

    def _greet_mariadb(self, connection: Any, _record: Any) -> None:
        run = self._run
        mark = f"{mark_of(run.run_id)} {run.attempt}.{next(self._numbers)}"
        with connection.cursor() as cursor:
            cursor.execute(MARIADB_LIMITS, mariadb_limits(self._seconds, mark))
        run.session_opened(ServerSession(number=connection.thread_id(), mark=mark))
        probe(connection._sock)  # noqa: SLF001 - the driver has no setting for keepalives
