"""Several at once on one queue, on each database; and connections that are lost in the middle."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from domain.errors import CommitUnknown, StoreUnavailable
from domain.operating.sessions import ServerSession
from domain.queue.dao import ClaimLost
from infra.sql.connection import Database
from infra.sql.queue.bench import SqlBench
from infra.sql.queue.dao import SqlQueueDAO
from integration.queue_rows import GENERAL, RUN, WHY, Queue, queue
from servers import KINDS, proxy
from servers.access import Access

SERVERS = ("postgresql", "mariadb")
RIVALS = 4
HARD_LIMIT = 7.0


@pytest.fixture(params=KINDS)
def there(request: pytest.FixtureRequest) -> Iterator[Queue]:
    with queue(request.param) as opened:
        yield opened


def at_once(there: Queue, work: Callable[[SqlQueueDAO, str], Sequence[int]]) -> list[list[int]]:
    """Let several with connections of their own begin at one moment."""
    barrier = threading.Barrier(RIVALS)

    def rival(name: str) -> list[int]:
        with closing(Database(there.url)) as own:
            own.rows("SELECT 1 AS opened")
            barrier.wait(timeout=30)
            return list(work(SqlQueueDAO(own), name))

    with ThreadPoolExecutor(RIVALS) as pool:
        return list(pool.map(rival, [f"run-{number}" for number in range(RIVALS)]))


def test_several_claimers_take_each_message_once_and_all_of_them(there: Queue) -> None:
    there.fill(200)

    def take_all(dao: SqlQueueDAO, run_id: str) -> list[int]:
        taken: list[int] = []
        while messages := dao.claim(GENERAL, run_id, 7):
            taken += [message.id for message in messages]
        return taken

    taken = [one for rival in at_once(there, take_all) for one in rival]

    assert len(taken) == len(set(taken))
    assert len(taken) + len(there.claim(200)) == 200


def test_several_claimers_never_hold_two_messages_of_one_entity(there: Queue) -> None:
    for number in range(30):
        there.add(entity_key=f"order {number % 3}")

    def take(dao: SqlQueueDAO, run_id: str) -> list[int]:
        return [message.id for message in dao.claim(GENERAL, run_id, 10)]

    taken = [one for rival in at_once(there, take) for one in rival]

    keys = [there.message(message_id).entity_key for message_id in taken]
    assert len(keys) == len(set(keys))
    assert {*keys, *(there.message(claim.message_id).entity_key for claim in there.claim())} == {
        f"order {number}" for number in range(3)
    }


def test_several_sweepers_rescue_a_message_once(there: Queue) -> None:
    claims = [there.begun() for _ in range(5)]
    for claim in claims:
        there.age(claim.message_id)

    swept = at_once(
        there, lambda dao, _: [one.message.id for one in dao.restart_stale("general", 10)]
    )

    assert sorted(one for rival in swept for one in rival) == [one.message_id for one in claims]
    assert {there.message(claim.message_id).rescues for claim in claims} == {1}


def test_several_operators_reset_a_message_once(there: Queue) -> None:
    claim = there.begun()
    there.dao.force_restart("general", WHY, including_live=True)
    assert there.dao.cancel([claim.message_id], WHY) == [claim.message_id]

    reset = at_once(there, lambda dao, _: dao.reset([claim.message_id], WHY))

    assert sum(map(len, reset)) == 1


def test_a_worker_that_slept_through_its_lease_cannot_settle(there: Queue) -> None:
    """Its transaction is open all the while, with what its handler wrote."""
    with Access(there.url) as access:
        access.execute("CREATE TABLE effect (message_id BIGINT NOT NULL)")
    claim = there.begun()
    with closing(SqlBench(there.url)) as sleeper, closing(SqlBench(there.url)) as successor:
        if there.database.kind != "sqlite":  # there a writer that sleeps holds up all others
            sleeper.statements.execute("INSERT INTO effect VALUES (:id)", id=claim.message_id)
        there.age(claim.message_id)
        there.dao.restart_stale("general", 10)
        [other] = there.claim(run_id="run-2")
        successor.start([other])
        with pytest.raises(ClaimLost):
            sleeper.finish([claim])
        successor.statements.execute("INSERT INTO effect VALUES (:id)", id=claim.message_id)
        successor.finish([other])

    [row] = there.database.rows("SELECT COUNT(*) AS n FROM effect")
    assert row["n"] == 1
    assert there.status(claim.message_id) == "PROCESSED"


# --- what the server does by itself, and connections that are cut --------------------------------


class Run:
    """A run that is told of its sessions."""

    run_id, attempt, hard_limit = RUN, 1, HARD_LIMIT

    def __init__(self) -> None:
        self.sessions: list[ServerSession] = []

    def session_opened(self, session: ServerSession) -> None:
        self.sessions.append(session)


LIMITS = {
    "postgresql": (
        """
        SELECT current_setting('statement_timeout') AS statement,
            current_setting('idle_in_transaction_session_timeout') AS idle
        """,
        ("8s", "8s"),
    ),
    "mariadb": (
        "SELECT @@max_statement_time AS statement, @@idle_transaction_timeout AS idle",
        (8, 8),
    ),
}


@pytest.mark.parametrize("kind", SERVERS)
def test_a_worker_s_session_is_limited_by_the_server_and_made_known(kind: str) -> None:
    run = Run()
    statement, expected = LIMITS[kind]
    with queue(kind) as there, closing(SqlBench(there.url, run)) as bench:
        row = bench.statements.row(statement)
        bench.rollback()

    assert row
    assert (row["statement"], row["idle"]) == expected
    assert len(run.sessions) == 1
    assert run.sessions[0].mark.startswith(f"crontract {RUN}")


@pytest.mark.parametrize("writes", [False, True])
@pytest.mark.parametrize("kind", SERVERS)
def test_a_connection_cut_while_it_settles_leaves_the_message_to_its_lease(
    kind: str, writes: bool
) -> None:
    with queue(kind) as there:
        claim = there.begun()
        parts = urlsplit(there.url)
        with proxy(str(parts.hostname), int(parts.port or 0)) as way:
            user = parts.netloc.rpartition("@")[0]
            url = parts._replace(netloc=f"{user}@{way.host}:{way.port}").geturl()
            with closing(SqlBench(url)) as bench:
                bench.statements.row("SELECT 1 AS one")
                if not writes:
                    bench.rollback()
                way.cut()
                with pytest.raises((CommitUnknown, StoreUnavailable)):
                    bench.finish([claim])
                assert there.status(claim.message_id) == "PROCESSING"
                assert bench.finish([claim]) == []

        assert there.status(claim.message_id) == "PROCESSED"


@pytest.mark.parametrize("kind", SERVERS)
def test_a_session_that_the_server_ended_while_idle_is_opened_anew(kind: str) -> None:
    with queue(kind) as there:
        first, second = (there.add(), there.add())
        claims = there.claim()
        run = Run()
        with closing(SqlBench(there.url, run)) as bench:
            bench.start(claims[:1])
            end = {"postgresql": "SELECT pg_terminate_backend({})", "mariadb": "KILL {}"}[kind]
            with Access(there.url) as access:
                access.execute(end.format(run.sessions[0].number))

            assert bench.start(claims[1:]) == claims[1:]

        assert [there.message(one).attempts for one in (first, second)] == [1, 1]
        assert len(run.sessions) == 2
