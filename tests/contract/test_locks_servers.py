"""What servers do to locks: restarts, cut lines, a Redis that forgets."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
import redis

from contract.lock_stores import KEY, Databases, Store, opened, refused, taken
from domain.errors import LockLost, StoreUnavailable
from domain.operating.ports import Lease
from infra.sql.engine import fenced_transaction, make_engine
from infra.sql.migrate import upgrade
from servers import KINDS, private, proxy
from servers.proxy import Proxy
from servers.server import Server
from supervised.rival import Place

ON_SERVERS = ("database postgresql", "database mariadb", "redis postgresql")


@contextmanager
def forgetful(folder: Path, databases: Databases) -> Iterator[tuple[Store, Server]]:
    """Give a Redis that keeps nothing on disk, with its fences noted in a database."""
    with private("redis", folder) as server:
        noted = databases("postgresql")
        place = Place(kind="redis", folder=str(folder), database=noted, redis=server.url)
        with closing(Store(place)) as store:
            yield store, server


@contextmanager
def through(url: str) -> Iterator[tuple[str, Proxy]]:
    """Give the same server's address by a line that can be cut."""
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    with proxy(parts.hostname, parts.port) as line:
        user = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
        yield urlunsplit(parts._replace(netloc=f"{user}{line.host}:{line.port}")), line


@pytest.fixture(params=ON_SERVERS)
def cuttable(
    request: pytest.FixtureRequest, tmp_path: Path, databases: Databases
) -> Iterator[tuple[Store, Proxy]]:
    """Give a store whose line to its server can be cut."""
    with opened(request.param, tmp_path, databases) as store:
        on_redis = store.place.kind == "redis"
        with through(store.place.redis if on_redis else store.place.database) as (url, line):
            changed = replace(store.place, redis=url) if on_redis else None
            behind = Store(changed or replace(store.place, database=url))
            with closing(behind):
                yield behind, line


def test_a_cut_line_is_mended_by_the_next_call(cuttable: tuple[Store, Proxy]) -> None:
    store, line = cuttable
    locks = store.client()
    lease = taken(locks.acquire(KEY, "run-1"))
    line.cut()
    renewed = locks.renew(lease)
    line.cut()
    refusal = refused(locks.acquire(KEY, "run-2"))
    line.cut()
    locks.release(lease)
    line.cut()

    assert renewed
    assert refusal.run_id == "run-1"
    assert taken(locks.acquire(KEY, "run-2")).fence > lease.fence


def test_behind_a_dead_line_the_lease_runs_out_for_its_holder_too(
    cuttable: tuple[Store, Proxy],
) -> None:
    store, line = cuttable
    locks = store.client()
    lease = taken(locks.acquire(KEY, "run-1"))
    line.refuse()
    line.cut()
    for step in (lambda: locks.renew(lease), lambda: locks.acquire(KEY, "run-1"), locks.held):
        with pytest.raises(StoreUnavailable):
            step()
    line.accept()
    store.let_all_run_out()

    assert not locks.renew(lease)
    assert taken(store.client().acquire(KEY, "run-2")).fence > lease.fence


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_database_restarted_under_a_held_lock_still_knows_it(
    tmp_path: Path, kind: str, end: str
) -> None:
    with private(kind, tmp_path) as server, ExitStack() as stack:
        upgrade(server.url)
        place = Place(kind="database", folder=str(tmp_path), database=server.url)
        store = stack.enter_context(closing(Store(place)))
        locks = store.client()
        lease = taken(locks.acquire(KEY, "run-1"))
        getattr(server, end)()
        with pytest.raises(StoreUnavailable):
            locks.renew(lease)
        server.start()

        assert refused(store.client().acquire(KEY, "run-2")).run_id == "run-1"
        assert locks.renew(lease)
        locks.release(lease)
        assert taken(locks.acquire(KEY, "run-2")).fence > lease.fence


@pytest.mark.parametrize("how", ["restarted", "flushed"])
def test_a_redis_that_forgot_everything_shuts_the_old_holder_out(
    tmp_path: Path, databases: Databases, how: str
) -> None:
    with forgetful(tmp_path, databases) as (store, server):
        locks = store.client()
        for number in range(5):
            locks.release(taken(locks.acquire(KEY, f"run-{number}")))
        old = taken(locks.acquire(KEY, "run-old"))
        _forget(server, how)

        assert not locks.renew(old)
        new = taken(store.client().acquire(KEY, "run-new"))
        assert new.fence > old.fence
        assert locks.renew(new)
        with pytest.raises(LockLost), _writing(store, old):
            """Write as the old holder."""
        with _writing(store, new):
            """Write as the new one."""


def _forget(server: Server, how: str) -> None:
    if how == "restarted":
        server.kill()
        server.start()
    else:
        with redis.Redis.from_url(server.url) as connection:
            connection.flushall()


@contextmanager
def _writing(store: Store, lease: Lease) -> Iterator[None]:
    engine = make_engine(store.place.database)
    try:
        with fenced_transaction(engine, [lease]):
            yield
    finally:
        engine.dispose()


def test_a_lock_broken_after_redis_forgot_it_still_shuts_its_holder_out(
    tmp_path: Path, databases: Databases
) -> None:
    with forgetful(tmp_path, databases) as (store, server):
        locks = store.client()
        old = taken(locks.acquire(KEY, "run-old"))
        _forget(server, "flushed")

        fence = locks.break_(KEY)

        assert fence > old.fence
        with pytest.raises(LockLost), _writing(store, old):
            """Write as the old holder."""
        assert taken(locks.acquire(KEY, "run-new")).fence > fence


@pytest.mark.parametrize("kind", KINDS)
def test_who_lost_its_lease_writes_nothing_though_nobody_took_the_key(
    tmp_path: Path, databases: Databases, kind: str
) -> None:
    with opened(f"database {kind}", tmp_path, databases) as store:
        locks = store.client()
        lease = taken(locks.acquire(KEY, "run-1"))
        with _writing(store, lease):
            """Write in time."""
        store.let_all_run_out()

        with pytest.raises(LockLost, match="not renewed in time"), _writing(store, lease):
            """Write too late."""


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_long_transaction_under_the_lock_does_not_hold_up_its_renewal(
    tmp_path: Path, databases: Databases, kind: str
) -> None:
    with opened(f"database {kind}", tmp_path, databases) as store:
        locks = store.client()
        lease = taken(locks.acquire(KEY, "run-1"))
        with _writing(store, lease):
            started = time.monotonic()
            renewed = locks.renew(lease)
            refusal = refused(store.client().acquire(KEY, "run-2"))
            took = time.monotonic() - started

        assert renewed
        assert refusal.run_id == "run-1"
        assert took < 5  # a blocked statement would wait for twice as long


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_lock_broken_under_a_long_transaction_rolls_it_back(
    tmp_path: Path, databases: Databases, kind: str
) -> None:
    with opened(f"database {kind}", tmp_path, databases) as store:
        lease = taken(store.client().acquire(KEY, "run-1"))
        with pytest.raises(LockLost), _writing(store, lease):
            store.client().break_(KEY)
