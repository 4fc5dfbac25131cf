"""The job's side of its database sessions: marked, made known, and limited on the server.

The limits hold without us: where supervisor, warden and job were all killed, or their host froze
or fell off the network, the server itself ends the statement and frees the rows.
"""

from __future__ import annotations

import math
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from typing import Any, Protocol

from sqlalchemy import Engine, event

from domain.operating.sessions import ServerSession, mark_of

CONNECT_SECONDS = 10
DEAD_PEER_SECONDS = 60
"""After so long without an acknowledgement each side takes the other for dead."""

PROBES = {"idle": 30, "interval": 10, "count": 3}
"""TCP keepalives: a silent peer is asked after 30 s and given up after as long again."""

LONGEST_LOCK_WAIT_SECONDS = 120
IDLE_SECONDS = 25
"""In a transaction, and less than a lease: a frozen job must not keep its successor's rows."""

GONE_CHECK_SECONDS = 2


class Opener(Protocol):
    """What a session needs to know of its run."""

    @property
    def run_id(self) -> str: ...
    @property
    def attempt(self) -> int: ...
    @property
    def hard_limit(self) -> float:
        """Seconds until the job is killed."""
        ...

    def session_opened(self, session: ServerSession) -> None: ...


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
        """Until the job is killed, and one more: the supervisor's own word comes first."""
        return math.ceil(self._run.hard_limit) + 1

    # --- PostgreSQL -----------------------------------------------------------------------------

    def _dial_postgresql(self, _dialect: Any, _record: Any, _args: Any, named: Any) -> None:
        named["application_name"] = mark_of(self._run.run_id)
        named.setdefault("connect_timeout", CONNECT_SECONDS)
        named.setdefault("tcp_user_timeout", DEAD_PEER_SECONDS * 1000)
        for name, value in PROBES.items():
            named.setdefault(f"keepalives_{name}", value)
        limits = [f"-c {name}={value}" for name, value in _postgresql_limits(self._seconds)]
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
        seconds = self._seconds
        with connection.cursor() as cursor:
            cursor.execute(
                "SET SESSION max_statement_time = %s, innodb_lock_wait_timeout = %s,"
                " lock_wait_timeout = %s, idle_transaction_timeout = %s,"
                " @crontract_mark = GET_LOCK(%s, 0)",
                (seconds, *[_lock_wait(seconds)] * 2, _idle(seconds), mark),
            )
        run.session_opened(ServerSession(number=connection.thread_id(), mark=mark))
        _probe(connection._sock)  # noqa: SLF001 - the driver has no setting for keepalives


def _postgresql_limits(seconds: int) -> Iterator[tuple[str, str]]:
    yield "statement_timeout", f"{seconds}s"
    yield "lock_timeout", f"{_lock_wait(seconds)}s"
    yield "idle_in_transaction_session_timeout", f"{_idle(seconds)}s"
    yield "tcp_user_timeout", f"{DEAD_PEER_SECONDS}s"
    for name, value in PROBES.items():
        yield f"tcp_keepalives_{name}", str(value)


def _lock_wait(seconds: int) -> int:
    return min(seconds, LONGEST_LOCK_WAIT_SECONDS)


def _idle(seconds: int) -> int:
    return min(seconds, IDLE_SECONDS)


def _probe(connected: socket.socket) -> None:
    """Set on the job's own side what libpq does by its parameters; Linux knows all of it."""
    if connected.family is not socket.AF_UNIX and sys.platform == "linux":
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, PROBES["idle"])
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, PROBES["interval"])
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, PROBES["count"])
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_PEER_SECONDS * 1000)
