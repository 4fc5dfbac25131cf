"""What a job's sessions carry to their server, whatever engine of ours opens them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import Engine

from domain.operating.sessions import ServerSession
from infra.process import wire
from infra.sql.engine import make_engine
from infra.sql.session_limits import LimitedSessions
from infra.sql.session_rules import IDLE_SECONDS, LONGEST_LOCK_WAIT_SECONDS
from servers import database

SERVERS = ("postgresql", "mariadb")

_LIMITS = {
    "postgresql": "SELECT setting::bigint / 1000 FROM pg_settings WHERE name IN"
    " ('idle_in_transaction_session_timeout', 'lock_timeout', 'statement_timeout') ORDER BY name",
    "mariadb": "SELECT @@idle_transaction_timeout, @@innodb_lock_wait_timeout,"
    " @@max_statement_time",
}


@dataclass
class Opener:
    """As much of a run as its sessions see."""

    hard_limit: float
    attempt: int = 2
    run_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    opened: list[ServerSession] = field(default_factory=list)

    def session_opened(self, session: ServerSession) -> None:
        self.opened.append(session)


@pytest.fixture(params=SERVERS)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with database(request.param) as address:
        yield address


def limited(url: str, run: Opener, *, read_only: bool = False) -> Engine:
    engine = make_engine(url, read_only=read_only)
    LimitedSessions(run).attach(engine)
    return engine


def asked(engine: Engine, question: str) -> list[Any]:
    with engine.connect() as connection:
        connection.rollback()  # nothing that was set may go with a transaction
        return [value for row in connection.exec_driver_sql(question) for value in row]


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize(
    ("left", "limits"),
    [
        pytest.param(9.2, [11, 11, 11], id="little time"),
        pytest.param(1800.0, [IDLE_SECONDS, LONGEST_LOCK_WAIT_SECONDS, 1801], id="much time"),
    ],
)
def test_limits_follow_from_the_time_that_is_left(
    url: str, left: float, limits: list[int], *, read_only: bool
) -> None:
    engine = limited(url, Opener(left), read_only=read_only)

    assert asked(engine, _LIMITS[url.partition(":")[0]]) == limits
    engine.dispose()


def test_each_session_is_told_by_number_and_by_a_mark_that_only_it_bears(url: str) -> None:
    run = Opener(60.0)
    first = limited(url, run)
    number = {"postgresql": "pg_backend_pid()", "mariadb": "CONNECTION_ID()"}

    with first.connect(), first.connect() as second:
        own = second.exec_driver_sql(f"SELECT {number[url.partition(':')[0]]}").scalar_one()

        assert [session.number for session in run.opened][-1] == own
        assert len({session.number for session in run.opened}) == 2
        assert all(run.run_id in session.mark for session in run.opened)
    first.dispose()


def test_a_server_that_vanishes_is_noticed_on_both_sides() -> None:
    with database("postgresql") as url:
        engine = limited(url, Opener(60.0))
        names = ("tcp_keepalives_idle", "client_connection_check_interval")

        found = [asked(engine, f"SHOW {name}")[0] for name in names]

        assert found == ["30", "2s"]
        engine.dispose()


@pytest.mark.parametrize(
    ("number", "mark"),
    [(0, "x"), (2**63, "x"), (True, "x"), ("7", "x"), (7, ""), (7, "x" * 64), (7, 7)],
)
def test_what_no_server_would_take_is_passed_over(number: object, mark: object) -> None:
    body = {"kind": "SessionOpened", "session": {"number": number, "mark": mark}}

    assert wire.decode(json.dumps(body).encode()) is None
