"""Tests share servers but no data, and nothing of them outlives the test run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import redis

from private_shop import CHECKOUT
from servers import KINDS, database, private, redis_url
from servers.access import Access
from servers.record import REQUIRE, SESSION
from supervised.play import until

PLANTED = """
import os, time
from pathlib import Path
from servers import redis_url
from servers.shared import session

def test_that_uses_a_server():
    redis_url()
    told = Path(os.environ["TOLD"])
    told.with_suffix(".part").write_text((session().folder / "redis.json").read_text())
    told.with_suffix(".part").rename(told)
    while os.environ["STAYS"] == "yes":
        time.sleep(0.05)
"""

TWO = """
import os
from servers import redis_url

def test_that_uses_a_server():
    address = redis_url().rpartition("/")[0]
    with open(f"{os.environ['TOLD']}-{os.environ['PYTEST_XDIST_WORKER']}", "w") as told:
        told.write(address)
"""

MISSES = """
import servers.finding
from servers import database

servers.finding.PROGRAMS["mariadb"] = servers.finding.Program(("no-such-program",))

def test_that_needs_mariadb():
    with database("mariadb"):
        raise AssertionError
"""


# --- data ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_every_test_has_a_migrated_database_of_its_own(kind: str) -> None:
    with database(kind) as mine, database(kind) as other:
        with Access(mine) as access:
            access.execute("INSERT INTO article (name) VALUES (?)", "100 % winter?")
            assert access.rows("SELECT name FROM article") == [("100 % winter?",)]

        with Access(other) as access:
            assert access.rows("SELECT name FROM article") == []
            assert len(access.rows("SELECT version_num FROM alembic_version")) == 1


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_copied_database_has_the_same_tables_and_collations_as_a_migrated_one(kind: str) -> None:
    columns = (
        "SELECT table_name, column_name, data_type, is_nullable, collation_name"
        " FROM information_schema.columns WHERE table_schema = ? ORDER BY 1, 2"
    )

    with database(kind) as copy, database(kind, migrated=False) as built:
        migrate(built)

        found = []
        for url in (copy, built):
            schema = "public" if kind == "postgresql" else url.rpartition("/")[2]
            with Access(url) as access:
                found.append(access.rows(columns, schema))
        assert found[0] == found[1]
        assert len(found[0]) > 100


def migrate(url: str) -> None:
    from infra.sql.migrate import upgrade

    upgrade(url)


def test_a_database_is_gone_afterwards() -> None:
    with database("postgresql") as mine, database("postgresql") as other:
        pass

    with database("postgresql") as witness, Access(witness) as access:
        names = {name for (name,) in access.rows("SELECT datname FROM pg_database")}

    assert names.isdisjoint({url.rpartition("/")[2] for url in (mine, other)})


def test_a_database_sorts_by_language_as_a_shops_server_does() -> None:
    with database("postgresql") as url, Access(url) as access:
        english = access.rows("SELECT 1 FROM pg_collation WHERE collname = 'en-US-x-icu'")
        if not english:
            pytest.skip("not on this platform: this PostgreSQL was built without ICU")

        assert access.rows("SELECT 'a' < 'B'") == [(True,)]


def test_every_test_has_an_empty_redis_number_of_its_own() -> None:
    with redis.Redis.from_url(redis_url()) as mine, redis.Redis.from_url(redis_url()) as other:
        mine.set("stock", "7")

        assert other.get("stock") is None


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize("name", ["postgresql", "mariadb"])
def test_roots_databases_run_as_nobody(name: str, tmp_path: Path) -> None:
    with private(name, tmp_path) as server:
        status = Path(f"/proc/{server.pid}/status").read_text()

    (ids,) = [line.split()[1:] for line in status.splitlines() if line.startswith("Uid:")]
    assert set(ids) == {"65534"}


# --- life ---------------------------------------------------------------------------------------


class Run:
    """A pytest of its own, with servers of its own."""

    def __init__(self, folder: Path, text: str, *words: str, **environment: str) -> None:
        self.told = folder / "told"
        (folder / "test_planted.py").write_text(text)
        inherited = {k: v for k, v in os.environ.items() if k not in {SESSION, REQUIRE, "CI"}}
        paths = f"{CHECKOUT / 'src'}:{CHECKOUT / 'tests'}"
        own = {"PYTHONPATH": paths, "TOLD": str(self.told), "TMPDIR": str(folder)}
        self.process = subprocess.Popen(
            [
                *(
                    sys.executable,
                    "-m",
                    "pytest",
                    "-q",
                    "-p",
                    "servers.plugin",
                    "-p",
                    "no:randomly",
                ),
                *("-p", "no:cacheprovider", *words, str(folder)),
            ],
            cwd=folder,
            env={**inherited, **own, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def server(self) -> int:
        """Wait until a test uses the server; gives the guard's process id."""
        until(self.told.exists, "the server was used")
        return int(json.loads(self.told.read_text())["guard"])

    def end(self) -> tuple[int, str]:
        said, _ = self.process.communicate(timeout=120)
        return self.process.returncode, said


@pytest.fixture
def planted(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    runs: list[Run] = []

    def start(text: str, *words: str, **environment: str) -> Run:
        runs.append(Run(tmp_path, text, *words, **environment))
        return runs[-1]

    yield start
    for run in runs:
        with suppress(ProcessLookupError):
            os.killpg(run.process.pid, signal.SIGKILL)  # the workers of a killed run, too
        run.process.communicate()


def lives(pid: int) -> bool:
    return Path(f"/proc/{pid}/cmdline").exists() and b"Z" not in state(pid)


def state(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0]
    except OSError:
        return b"Z"


def left(folder: Path) -> list[Path]:
    return list(folder.glob("crontract-servers-*"))


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_nothing_is_left_after_a_run(
    planted: Callable[..., Run], workers: str, tmp_path: Path
) -> None:
    run = planted(PLANTED, workers, STAYS="no")

    code, said = run.end()

    assert code == 0, said
    assert "redis" in said
    assert not lives(run.server())
    assert left(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_nothing_is_left_of_a_run_that_is_interrupted_or_killed(
    planted: Callable[..., Run], workers: str, number: signal.Signals, tmp_path: Path
) -> None:
    run = planted(PLANTED, workers, STAYS="yes")
    guard = run.server()
    (server,) = children(guard)

    os.kill(run.process.pid, number)

    until(lambda: not lives(guard) and not lives(server), "the server ended")
    until(lambda: left(tmp_path) == [], "its data were removed")


def test_a_server_does_not_outlive_a_killed_guard(planted: Callable[..., Run]) -> None:
    run = planted(PLANTED, STAYS="yes")
    guard = run.server()
    (server,) = children(guard)

    os.kill(guard, signal.SIGKILL)

    until(lambda: not lives(server), "the server ended")


def children(pid: int) -> list[int]:
    told = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in told.split()]


def test_two_workers_share_one_server(planted: Callable[..., Run], tmp_path: Path) -> None:
    code, said = planted(TWO, "-n2", "--dist=each").end()

    told = [file.read_text() for file in tmp_path.glob("told-*")]
    assert code == 0, said
    assert len(told) == 2
    assert len(set(told)) == 1


# --- a server that is missing -------------------------------------------------------------------


@pytest.mark.parametrize(("required", "code"), [("found", 0), ("all", 1)])
@pytest.mark.parametrize("by", ["option", "variable"])
def test_a_missing_server_is_a_loud_skip_or_a_failure_where_all_are_required(
    planted: Callable[..., Run], required: str, code: int, by: str
) -> None:
    words = [f"--require={required}"] if by == "option" else []
    told = {} if by == "option" else {REQUIRE: required}

    run = planted(MISSES, "-rs", *words, **told)
    ended, said = run.end()

    assert ended == code, said
    assert "no mariadb: set CRON_TEST_MARIADB_URL or install no-such-program" in said
    assert ("required by --require=all" in said) == bool(code)
    assert ["mariadb", "-", "-", "0", "1"] in [line.split() for line in said.splitlines()]
