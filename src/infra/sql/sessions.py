"""The supervisor's side of a job's database sessions: nothing survives on the server either."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress

from domain.errors import JobError, StoreUnavailable
from domain.operating.events import Event
from domain.operating.ports import RunLog
from domain.operating.sessions import ServerSession
from infra.sql.address import MARIADB, POSTGRESQL
from infra.sql.connection import Database, Row

PATIENCE_SECONDS = 5.0
"""An ended session rolls back first; one that needs longer goes on, and holds its rows."""

_POLL_SECONDS = 0.02

_LIVING = {
    # A pooler shows the job another number than the server's, so here the mark alone decides.
    POSTGRESQL: "SELECT pid AS number FROM pg_stat_activity"
    " WHERE application_name = :mark AND pid <> pg_backend_pid()",
    # The mark is a lock that the session holds: after a restart the number may be another's.
    MARIADB: "SELECT id AS number FROM information_schema.processlist"
    " WHERE id = :number AND (command = 'Killed' OR id = IS_USED_LOCK(:mark))",
}
_END = {
    POSTGRESQL: "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE pid = :number AND application_name = :mark",
    MARIADB: "KILL CONNECTION :number",
}


class SqlSessions:
    """The Sessions port on the supervisor's own connection."""

    def __init__(self, database: Database, log: RunLog) -> None:
        self._database, self._log = database, log

    def end(self, sessions: Sequence[ServerSession]) -> None:
        """End the sessions and wait until they are gone; says in the log what was found."""
        if not sessions:
            return
        try:
            found, left = self._end(sessions)
        except JobError as error:
            self._log.warning(Event.SESSIONS_LEFT, f"sessions of the job not ended: {error}")
            return
        if left:
            self._log.warning(
                Event.SESSIONS_LEFT, "sessions of the job still roll back", sessions=sorted(left)
            )
        elif found:
            self._log.info(Event.SESSIONS_ENDED, "sessions of the job ended", sessions=found)

    def _end(self, sessions: Sequence[ServerSession]) -> tuple[list[int], set[int]]:
        """Give the sessions that were there, and those that are there yet."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        found = left = self._living(sessions)
        for session in left:
            self._end_one(session)
        while left and time.monotonic() < give_up:
            time.sleep(_POLL_SECONDS)
            left = self._living(sessions)
        return sorted(one.number for one in found), {one.number for one in left}

    def _living(self, sessions: Sequence[ServerSession]) -> set[ServerSession]:
        statement = _LIVING[self._database.kind]
        return {
            ServerSession(number=row["number"], mark=session.mark)
            for session in sessions
            for row in self._rows(statement, session)
        }

    def _end_one(self, session: ServerSession) -> None:
        with suppress(
            StoreUnavailable
        ):  # it ended by itself; a server away is met at the next look
            self._rows(_END[self._database.kind], session)

    def _rows(self, statement: str, session: ServerSession) -> Sequence[Row]:
        return self._database.rows(statement, number=session.number, mark=session.mark)
