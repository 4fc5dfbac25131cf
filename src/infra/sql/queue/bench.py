"""Q3 and Q5 to Q7 by a worker: messages are begun, done and settled on its own connection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from domain.errors import StoreUnavailable
from domain.queue.dao import Claim, ClaimLost, Settlement
from domain.queue.stale import LIMITS, Limits
from domain.queue.transitions import Move
from infra.sql.drivers.faults import Collision
from infra.sql.queue.bench_session import BenchSession
from infra.sql.queue.bench_work import BenchStatements, BenchWork
from infra.sql.queue.messages import ids_of
from infra.sql.queue.moves import Moves, claim_values
from infra.sql.queue.producer import SqlProducer
from infra.sql.queue.statements import own_claims, rows_are
from infra.sql.session_rules import Opener

_T = TypeVar("_T")

_TRIES = 5
"""How often what lost against another transaction is done anew, where only we wrote in it."""

_WITH = "SELECT id FROM queue WHERE {rows} AND {claims} AND status = '{status}'"


class SqlBench:
    """The Bench port; ``run`` is who limits the session and is told of it."""

    def __init__(self, url: str, run: Opener | None = None, limits: Limits = LIMITS) -> None:
        self._session = BenchSession(url, run)
        self._moves = Moves(self._session.kind, limits)
        self._work = BenchWork(self._session)

    @property
    def statements(self) -> BenchStatements:
        return BenchStatements(self._work)

    @property
    def producer(self) -> SqlProducer:
        return SqlProducer(self._work, self._session.kind)

    def start(self, claims: Sequence[Claim]) -> Sequence[Claim]:
        """Q3, in one statement. What the server cut in between is done anew, and does no harm."""
        with suppress(StoreUnavailable):
            return self._alone(lambda: self._start(claims))
        return self._alone(lambda: self._start(claims))

    def finish(self, claims: Sequence[Claim], begin: Sequence[Claim] = ()) -> Sequence[Claim]:
        """Q5 and Q3 of the next; see the port."""
        self._work.check()
        if self._session.is_open:
            return self._finish(claims, begin)
        if len(claims) == 1 >= len(begin):
            return self._alone(lambda: self._finish_one(claims[0], begin))
        return self._alone(lambda: self._finish(claims, begin))

    def fail(self, claim: Claim, settlement: Settlement) -> bool:
        """Q6, Q7; the handler's effects are rolled back first."""
        self._work.rollback()

        def settle() -> bool:
            with self._session.translated():
                settled = self._moves.settle(self._session.transaction(), claim, settlement)
            self._commit()
            return settled

        return self._alone(settle)

    def savepoint(self) -> None:
        self._work.savepoint()

    def undo(self) -> None:
        self._work.undo()

    def rollback(self) -> None:
        self._work.rollback()

    def close(self) -> None:
        self._work.forget()
        self._session.close()

    # --- one statement, committed by itself -------------------------------------------------------

    def _start(self, claims: Sequence[Claim]) -> Sequence[Claim]:
        with self._session.translated():
            return self._begun(claims)

    def _finish_one(self, claim: Claim, begin: Sequence[Claim]) -> Sequence[Claim]:
        """Settle one message, and begin the next one in the same statement."""
        claims = [claim, *begin]
        statements = self._moves.statements
        finish = statements.finish_and_start if begin else statements.move(Move.FINISH)
        with self._session.translated(commits=True):
            matched = self._count(finish, claim_values(claims))
        if matched == len(claims):
            return list(begin)
        if not (matched and self._held([claim], "PROCESSED")):
            raise ClaimLost([claim])
        return []

    # --- several, or with what a handler wrote ----------------------------------------------------

    def _finish(self, claims: Sequence[Claim], begin: Sequence[Claim]) -> Sequence[Claim]:
        with self._session.translated():
            self._session.transaction()
            if self._count(*self._moves.statement(Move.FINISH, claims)) != len(claims):
                raise ClaimLost(self._without(claims, self._held(claims, "PROCESSED")))
            begun = self._begun(begin) if begin else []
        self._commit()
        return begun

    def _begun(self, claims: Sequence[Claim]) -> Sequence[Claim]:
        if self._count(*self._moves.statement(Move.START, claims)) == len(claims):
            return list(claims)
        return self._held(claims, "PROCESSING")

    def _held(self, claims: Sequence[Claim], status: str) -> list[Claim]:
        """Give the claims that stand, and whose messages are in that status by now."""
        statement = _WITH.format(
            rows=rows_are(len(claims)), claims=own_claims(len(claims)), status=status
        )
        with self._session.translated():
            found = self._session.driver.execute(
                self._session.connection, statement, claim_values(claims)
            )
            ids = set(ids_of(found.fetchall()))
        return [claim for claim in claims if claim.message_id in ids]

    @staticmethod
    def _without(claims: Sequence[Claim], held: Sequence[Claim]) -> Sequence[Claim]:
        return [claim for claim in claims if claim not in held] or claims

    def _count(self, statement: str, values: dict[str, Any]) -> int:
        """Execute a move; gives how many rows matched. Of one or two the server keeps the plan."""
        driver, connection = self._session.driver, self._session.connection
        if "id_2" in values:
            return int(driver.execute(connection, statement, values).rowcount)
        return int(driver.execute_often(connection, statement, values))

    def _commit(self) -> None:
        with self._session.translated(commits=True):
            self._session.commit()
        self._work.forget()

    def _alone(self, step: Callable[[], _T]) -> _T:
        """Do what is in a transaction without a handler's effects, and anew where it collided."""
        for _ in range(_TRIES - 1):
            with suppress(Collision):
                return step()
        return step()
