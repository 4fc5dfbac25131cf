"""However an attempt ends, the database server does nothing for it any more."""

from __future__ import annotations

import os
import signal
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from domain.operating.sessions import ServerSession
from fakes.operating import RecordedLog
from infra.sql.connection import Database
from infra.sql.sessions import SqlSessions
from private_shop import children_of
from servers import KINDS, database
from supervised.play import Stage, until
from supervised.traces import statements_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

SERVERS = [kind for kind in KINDS if kind != "sqlite"]


class Sleeper(Stage):
    """A stage whose job waits for a statement on a server."""

    def __init__(self, folder: Path, url: str, **options: Any) -> None:
        (folder / "url").write_text(url)
        self.url, self.run_id = url, str(uuid.uuid4())
        super().__init__(folder, "sleeps_on_the_server", run_id=self.run_id, **options)

    def wait_until_it_sleeps(self) -> int:
        """Wait for the statement to run; gives the job's process."""
        until(lambda: statements_of(self.url, self.run_id), "the statement ran")
        return int(self.wait_for("job"))

    def signal_all(self, number: signal.Signals) -> None:
        """Signal supervisor, warden and job, all but at once."""
        job = self.wait_until_it_sleeps()
        for pid in (self.pid, *children_of(self.pid), job):
            with suppress(ProcessLookupError):  # each one takes the next along
                os.kill(pid, number)


@pytest.fixture(params=SERVERS)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with database(request.param) as address:
        yield address


def _left_alone(stage: Sleeper) -> None:
    stage.wait_until_it_sleeps()


def _job_killed(stage: Sleeper) -> None:
    os.kill(stage.wait_until_it_sleeps(), signal.SIGKILL)


def _stopped_twice(stage: Sleeper) -> None:
    stage.wait_until_it_sleeps()
    stage.send(signal.SIGTERM)
    stage.send(signal.SIGINT)


ENDS: dict[str, tuple[Callable[[Sleeper], None], dict[str, Any]]] = {
    "timed_out": (_left_alone, {"timeout": 5.0, "grace": 0.5}),
    "crashed": (_job_killed, {}),
    "interrupted": (_stopped_twice, {}),
    "lock_lost": (_left_alone, {"store": "away", "pace": (0.5, 5.0, 5.5)}),
}


@pytest.mark.parametrize("outcome", ENDS)
def test_a_job_s_statement_is_gone_before_its_locks_are_given_back(
    tmp_path: Path, url: str, outcome: str
) -> None:
    disturb, options = ENDS[outcome]
    stage = Sleeper(tmp_path, url, **options)

    disturb(stage)
    said = stage.said()

    assert said.verdict[0] == outcome
    assert "sessions.left" not in said.stderr
    # A job stopped by its soft timeout may close its session itself, before anybody looks.
    assert outcome == "timed_out" or "sessions.ended" in said.stderr
    assert stage.wait_for("living-at-release") == "0"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
def test_a_statement_ends_with_the_time_of_its_run_where_nobody_is_left_to_end_it(
    tmp_path: Path, url: str, number: signal.Signals
) -> None:
    began = time.monotonic()
    stage = Sleeper(tmp_path, url, timeout=5.0, grace=1.0)

    stage.signal_all(number)
    until(lambda: not statements_of(url, stage.run_id), "the server ended the statement")

    assert time.monotonic() - began < 5 + 1 + 5
    stage.send(signal.SIGKILL)
    assert stage.died() == -signal.SIGKILL


def test_a_session_of_somebody_else_is_left_alone(url: str) -> None:
    log = RecordedLog()
    with closing(Database(url)) as other, closing(Database(url)) as own:
        number = _number_of(other)

        SqlSessions(own, log).end([ServerSession(number=number, mark="crontract another run")])

        assert _number_of(other) == number
    assert log.lines == []


def test_a_server_that_is_away_is_told_in_the_log_and_does_no_harm() -> None:
    log = RecordedLog()
    away = Database("postgresql://shop@127.0.0.1:1/shop")

    SqlSessions(away, log).end([ServerSession(number=7, mark="crontract run-1")])

    assert log.events() == ["sessions.left"]


def _number_of(session: Database) -> int:
    call = {"postgresql": "pg_backend_pid()", "mariadb": "CONNECTION_ID()"}[session.kind]
    row = session.row(f"SELECT {call} AS number")
    assert row
    return int(row["number"])
