"""What every session of a job is held to by the server, whichever library opened it."""

from __future__ import annotations

import math
import socket
import sys
from collections.abc import Iterator
from typing import Protocol

from domain.operating.sessions import ServerSession

CONNECT_SECONDS = 10
DEAD_PEER_SECONDS = 60
"""After so long without an acknowledgement each side takes the other for dead."""

PROBES = {"idle": 30, "interval": 10, "count": 3}
"""TCP keepalives: a silent peer is asked after 30 s and given up after as long again."""

LONGEST_LOCK_WAIT_SECONDS = 120
IDLE_SECONDS = 25
"""In a transaction, and less than a lease: a frozen job must not keep its successor's rows."""

GONE_CHECK_SECONDS = 2

MARIADB_LIMITS = (
    "SET SESSION max_statement_time = %s, innodb_lock_wait_timeout = %s,"
    " lock_wait_timeout = %s, idle_transaction_timeout = %s,"
    " @crontract_mark = GET_LOCK(%s, 0)"
)


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


def whole_seconds(hard_limit: float) -> int:
    """Until the job is killed, and one more: the supervisor's own word comes first."""
    return math.ceil(hard_limit) + 1


def postgresql_limits(seconds: int) -> Iterator[tuple[str, str]]:
    yield "statement_timeout", f"{seconds}s"
    yield "lock_timeout", f"{_lock_wait(seconds)}s"
    yield "idle_in_transaction_session_timeout", f"{_idle(seconds)}s"
    yield "tcp_user_timeout", f"{DEAD_PEER_SECONDS}s"
    for name, value in PROBES.items():
        yield f"tcp_keepalives_{name}", str(value)


def mariadb_limits(seconds: int, mark: str) -> tuple[int | str, ...]:
    """Give the values of ``MARIADB_LIMITS``."""
    return (seconds, *[_lock_wait(seconds)] * 2, _idle(seconds), mark)


def probe(connected: socket.socket) -> None:
    """Set on the job's own side what libpq does by its parameters; Linux knows all of it."""
    if connected.family is not socket.AF_UNIX and sys.platform == "linux":
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, PROBES["idle"])
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, PROBES["interval"])
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, PROBES["count"])
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_PEER_SECONDS * 1000)


def _lock_wait(seconds: int) -> int:
    return min(seconds, LONGEST_LOCK_WAIT_SECONDS)


def _idle(seconds: int) -> int:
    return min(seconds, IDLE_SECONDS)
