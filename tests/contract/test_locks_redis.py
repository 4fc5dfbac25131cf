"""What only Redis can do wrong, and what is said about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis

from contract.lock_stores import KEY, taken
from domain.errors import ConfigurationInvalid, JobError, StoreUnavailable
from infra.locks.redis import RedisLocks
from infra.locks.redis_faults import fault
from servers import private, redis_url
from servers.certificate import certificate
from servers.server import Server, free_port

RIGHT = "right-one"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with private("redis", tmp_path_factory.mktemp("redis"), databases=16) as started:
        yield started


def ordered(server: Server, *orders: str) -> None:
    with redis.Redis.from_url(server.url) as connection:
        for order in orders:
            connection.execute_command(*order.split())


def refusal(url: str) -> JobError:
    with (
        pytest.raises(JobError) as refused,
        closing(RedisLocks(url)) as locks,
    ):
        locks.acquire(KEY, "run-1")
    return refused.value


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (
            f"REPLICAOF 127.0.0.1 {free_port()}",
            "REPLICAOF NO ONE",
            "is a replica; locks.redis_url must name the primary",
        ),
        ("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0", "is full: raise maxmemory"),
    ],
    ids=["a replica", "full"],
)
def test_a_redis_that_takes_no_writes_is_unavailable_and_says_why(
    server: Server, before: str, after: str, told: str
) -> None:
    ordered(server, before)
    try:
        error = refusal(server.url)
    finally:
        ordered(server, after)

    assert isinstance(error, StoreUnavailable)
    assert f"redis 127.0.0.1:{server.port}/0 {told}" in str(error)


def _with_user(server: Server, user: str) -> str:
    return server.url.replace("redis://", f"redis://{user}@")


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (lambda server: _with_user(server, ":wrong-password"), "refuses the user or password"),
        (lambda server: _with_user(server, "nobody:wrong-password"), "refuses the user or pass"),
        (lambda server: _with_user(server, "weak:any"), "does not let this user do what locks"),
        (lambda server: _with_user(server, "mute:any"), "does not let this user do what locks"),
        (lambda server: server.url.replace("/0", "/99"), "has no such database number"),
        (lambda server: f"{server.url}?pasword=wrong-password", "is no address: write redis://"),
        (lambda _server: "http://:wrong-password@cache", "is no address: write redis://"),
        (lambda _server: "redis://:wrong-password@cache:six", "is no address: write redis://"),
        (lambda _server: "", "locks.redis_url is empty: write redis://"),
    ],
)
def test_a_wrong_setting_is_told_without_its_password(
    server: Server, url: Callable[[Server], str], told: str
) -> None:
    ordered(
        *(server, "ACL SETUSER weak on nopass ~* +evalsha +eval +auth"),
        "ACL SETUSER mute on nopass ~* -@all +auth",
    )

    error = refusal(url(server))

    assert isinstance(error, ConfigurationInvalid)
    assert told in str(error)
    assert "wrong-password" not in str(error)


def test_a_missing_password_is_asked_for(tmp_path: Path) -> None:
    with private("redis", tmp_path, password=RIGHT) as locked:
        bare = locked.url.replace(f":{RIGHT}@", "")

        assert isinstance(refusal(bare), ConfigurationInvalid)
        assert "wants a password in locks.redis_url" in str(refusal(bare))
        with closing(RedisLocks(locked.url)) as locks:
            taken(locks.acquire(KEY, "run-1"))


def test_tls_needs_a_certificate_to_trust_and_then_works(tmp_path: Path) -> None:
    made, port = certificate(tmp_path), free_port()
    words = (
        *("--tls-port", str(port), "--tls-auth-clients", "no"),
        *("--tls-cert-file", str(made.file), "--tls-key-file", str(made.key)),
    )
    with private("redis", tmp_path, arguments=words):
        url = f"rediss://localhost:{port}/0"
        untrusted = refusal(url)
        with closing(RedisLocks(f"{url}?ssl_ca_certs={made.file}")) as locks:
            lease = taken(locks.acquire(KEY, "run-1"))
            renewed = locks.renew(lease)

    assert isinstance(untrusted, ConfigurationInvalid)
    assert "has no certificate to trust: add ?ssl_ca_certs=FILE" in str(untrusted)
    assert renewed


def test_nothing_there_is_unavailable() -> None:
    error = refusal(f"redis://127.0.0.1:{free_port()}/0")

    assert isinstance(error, StoreUnavailable)
    assert "Connection refused" in str(error)


def test_plain_words_to_a_port_that_speaks_no_tls_are_an_outage(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.locks.redis.ANSWER_SECONDS", 0.2)

    error = refusal(server.url.replace("redis://", "rediss://"))

    assert isinstance(error, StoreUnavailable)


def test_a_redis_that_loads_its_data_is_unavailable_and_says_so() -> None:
    error = fault("redis://cache/0", redis.BusyLoadingError("Redis is loading the dataset"))

    assert isinstance(error, StoreUnavailable)
    assert str(error).startswith("redis cache:6379/0 is still loading its data")


def test_scripts_that_redis_lost_are_sent_again() -> None:
    url = redis_url()
    with closing(RedisLocks(url)) as locks, redis.Redis.from_url(url) as connection:
        lease = taken(locks.acquire(KEY, "run-1"))
        connection.script_flush()

        assert locks.renew(lease)


def test_fences_have_no_expiry_and_locks_have_one() -> None:
    url = redis_url()
    with closing(RedisLocks(url)) as locks, redis.Redis.from_url(url) as connection:
        taken(locks.acquire(KEY, "run-1"))
        left = {key.decode(): connection.pttl(key) for key in connection.scan_iter()}

    assert left[f"crontract:fence:{{{KEY}}}"] == -1
    assert 0 < left[f"crontract:lock:{{{KEY}}}"] <= 30_000
