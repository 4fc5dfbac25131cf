"""A worker's own connection: durable, limited by the server, and made known to its parent."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from importlib import import_module
from itertools import count
from typing import Any

from domain.errors import CommitUnknown, JobError, StoreUnavailable
from domain.operating.sessions import ServerSession, mark_of
from infra.sql.address import MARIADB, POSTGRESQL, SQLITE, address_of
from infra.sql.connection import Transaction
from infra.sql.drivers.faults import Collision
from infra.sql.session_rules import (
    DEAD_PEER_SECONDS,
    GONE_CHECK_SECONDS,
    MARIADB_LIMITS,
    Opener,
    mariadb_limits,
    postgresql_limits,
    probe,
    whole_seconds,
)

_NUMBERS = count(1)

_SETTING = "SELECT set_config(%s, %s, false)"


class BenchSession:
    """One connection with one transaction at a time, which begins when it is first written to.

    After the connection was lost the next transaction is on a new one.
    """

    def __init__(self, url: str, run: Opener | None) -> None:
        self.address = address_of(url)
        self._run = run
        self._connection: Any = None
        self._begun = False

    @property
    def kind(self) -> str:
        return self.address.kind

    @property
    def is_open(self) -> bool:
        """Tell whether a transaction is open."""
        return self._begun

    @cached_property
    def driver(self) -> Any:
        return import_module(f"infra.sql.drivers.{self.kind}")

    @property
    def connection(self) -> Any:
        """The driver's own; opened at its first use."""
        if self._connection is None:
            self._connection = self._opened()
        return self._connection

    def transaction(self) -> Transaction:
        """Give the open transaction, begun now if there is none."""
        if not self._begun:
            self.driver.begin(self.connection)
            self._begun = True
        return Transaction(self.driver, self.connection)

    def commit(self) -> None:
        self.connection.commit()
        self._begun = False

    def rollback(self) -> None:
        """Leave the transaction, and the connection too where it is of no use any more."""
        begun, self._begun = self._begun, False
        if begun and self._connection is not None:
            with suppress(self.driver.Error):  # a cut connection has rolled back already
                self._connection.rollback()
        if self._connection is not None and self.driver.is_gone(self._connection):
            self.close()

    def close(self) -> None:
        connection, self._connection = self._connection, None
        self._begun = False
        if connection is not None:
            with suppress(self.driver.Error):  # the server may have closed it first
                connection.close()

    @contextmanager
    def understood(self, *, commits: bool = False) -> Iterator[None]:
        """Give the driver's errors in the run's words.

        Where a connection was lost while it ``commits``, nobody knows whether it did.
        """
        try:
            yield
        except self.driver.Error as error:
            known = self.driver.fault(self.address, error)
            if known is None:
                raise
            raise (_unknown(known) if commits and _is_lost(known) else known) from error

    @contextmanager
    def translated(self, *, commits: bool = False) -> Iterator[None]:
        """As ``understood``, and leave the transaction where anything goes wrong."""
        try:
            with self.understood(commits=commits):
                yield
        except BaseException:
            self.rollback()
            raise

    # --- opening ----------------------------------------------------------------------------------

    def _opened(self) -> Any:
        if self._run is None:
            connection = self.driver.connect(self.address)
        else:
            seconds = whole_seconds(self._run.hard_limit)
            connection = self.driver.connect(self.address, seconds + DEAD_PEER_SECONDS)
            self._limit(connection, self._run, seconds)
        if self.kind == SQLITE:
            connection.execute("PRAGMA synchronous=FULL")
        if self.kind == POSTGRESQL:
            # What is prepared goes by primary key: to plan it anew each time takes longer.
            connection.execute("SET plan_cache_mode = force_generic_plan")
        return connection

    def _limit(self, connection: Any, run: Opener, seconds: int) -> None:
        if self.kind == POSTGRESQL:
            mark = mark_of(run.run_id)
            _limit_postgresql(connection, mark, seconds)
            run.session_opened(ServerSession(number=connection.info.backend_pid, mark=mark))
        elif self.kind == MARIADB:
            # Workers are forked: their processes tell their sessions apart.
            mark = f"{mark_of(run.run_id)} {run.attempt}.{os.getpid()}.{next(_NUMBERS)}"
            with connection.cursor() as cursor:
                cursor.execute(MARIADB_LIMITS, mariadb_limits(seconds, mark))
            run.session_opened(ServerSession(number=connection.thread_id(), mark=mark))
            probe(connection._sock)  # noqa: SLF001 - the driver has no setting for keepalives


def _limit_postgresql(connection: Any, mark: str, seconds: int) -> None:
    settings = {"application_name": mark, **dict(postgresql_limits(seconds))}
    for name, value in settings.items():
        connection.execute(_SETTING, (name, value))
    with suppress(connection.DatabaseError):  # a server on Windows cannot look
        connection.execute(_SETTING, ("client_connection_check_interval", f"{GONE_CHECK_SECONDS}s"))


def _is_lost(error: JobError) -> bool:
    return isinstance(error, StoreUnavailable) and not isinstance(error, Collision)


def _unknown(error: JobError) -> CommitUnknown:
    return CommitUnknown(f"{error}; whether it was settled is not known, its lease will tell")
