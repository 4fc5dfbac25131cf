"""The database goes away in the middle of an import: no row is lost, none is doubled, no lie."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from infra.sql.migrate import upgrade
from private_shop import events
from racing import ONE, SERVERS, RacedShop, Start
from servers import database, private, proxy
from servers.access import Access
from servers.proxy import Proxy
from servers.server import Server

MORE = 60_000
"""Enough lines for a checkpoint in the middle of the bulk load."""


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[int, dict[str, Any]]:
    """What the import leaves where nothing goes wrong, by the lines added."""
    states = {}
    for more in (0, MORE):
        with database("sqlite") as url:
            shop = RacedShop(tmp_path_factory.mktemp("undisturbed") / "shop", url, more=more)
            assert shop.console(*ONE).returncode == 0
            states[more] = shop.state()
    return states


def _nothing() -> None:
    """Leave it at the strike."""


@dataclass(frozen=True, kw_only=True)
class Outage:
    """Strikes while the run waits at a point; ``after`` comes when it has gone on."""

    point: str
    strike: Callable[[], object]
    after: Callable[[], object] = _nothing

    @property
    def more(self) -> int:
        return MORE if self.point == "lines" else 0

    def hit(self, shop: RacedShop, folder: Path) -> None:
        """Let one start meet it; the next one completes what is left."""
        closing = self.point == "close"
        faults, pause = ([f"close:{folder}"], "") if closing else ([], self.point)
        start = Start(shop, folder, "a", *faults, pause=pause)
        start.wait_at(self.point)

        self.strike()
        start.go_on()
        self.after()
        code, log = start.finish()

        assert events(log, "ledger.unreachable" if closing else "attempt.failed"), log
        assert "Traceback" not in log
        finished = events(log, "run.finished")[0]
        assert shop.outcome_of(finished["run_id"]) == (finished["outcome"], code), log
        again = shop.console(*ONE)
        assert again.returncode == 0, again.stderr


def ended(url: str) -> None:
    """End every session of the job, as an administrator does."""
    with Access(url) as admin:
        if admin.kind == "postgresql":
            admin.rows(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name LIKE 'crontract %' AND datname = current_database()"
            )
            return
        sessions = admin.rows(
            "SELECT id FROM information_schema.processlist"
            " WHERE db = DATABASE() AND id <> CONNECTION_ID()"
        )
        for (number,) in sessions:
            admin.execute(f"KILL {number}")


@pytest.mark.parametrize("kind", SERVERS)
def test_ended_sessions_lose_and_double_nothing(
    kind: str, tmp_path: Path, undisturbed: dict[int, dict[str, Any]]
) -> None:
    with database(kind) as url:
        outage = Outage(point="lines", strike=lambda: ended(url))
        shop = RacedShop(tmp_path / "shop", url, more=outage.more)

        outage.hit(shop, tmp_path / "start")

        assert shop.state() == undisturbed[outage.more]


@pytest.mark.parametrize("kind", SERVERS)
def test_a_cut_line_loses_and_doubles_nothing(
    kind: str, tmp_path: Path, undisturbed: dict[int, dict[str, Any]]
) -> None:
    with database(kind) as url, line_to(url) as (line, through):
        shop = RacedShop(tmp_path / "shop", through)

        Outage(point="applied", strike=line.cut).hit(shop, tmp_path / "start")

        assert shop.state() == undisturbed[0]


@contextmanager
def line_to(url: str) -> Iterator[tuple[Proxy, str]]:
    """Give a line that can be cut, and the address through it."""
    parts = urlsplit(url)
    with proxy(str(parts.hostname), int(parts.port or 0)) as line:
        user = parts.netloc.rpartition("@")[0]
        through = parts._replace(netloc=f"{user}@{line.host}:{line.port}")
        yield line, urlunsplit(through)


@pytest.fixture(scope="module", params=SERVERS)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with private(request.param, tmp_path_factory.mktemp("server")) as own:
        yield own


def restarts(server: Server) -> dict[str, Outage]:
    """Kill during the bulk load; restart in the booking; kill before the verdict is written."""

    def restart() -> None:
        server.stop()
        server.start()

    def crash() -> None:
        server.kill()
        server.start()

    return {
        "lines": Outage(point="lines", strike=crash),
        "applied": Outage(point="applied", strike=restart),
        "close": Outage(point="close", strike=server.kill, after=server.start),
    }


@pytest.mark.parametrize("point", ["lines", "applied", "close"])
def test_a_restarted_database_loses_and_doubles_nothing(
    server: Server, point: str, tmp_path: Path, undisturbed: dict[int, dict[str, Any]]
) -> None:
    outage = restarts(server)[point]
    with Access(server.url) as admin:
        admin.execute(f"CREATE DATABASE raced_{point}")
    url = urlunsplit(urlsplit(server.url)._replace(path=f"/raced_{point}"))
    upgrade(url)
    shop = RacedShop(tmp_path / "shop", url, more=outage.more)

    outage.hit(shop, tmp_path / "start")

    assert shop.state() == undisturbed[outage.more]
