"""Locks in Redis: leases that run out, by Redis's own clock. Advisory: Redis may forget them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from domain.errors import ConfigurationInvalid
from domain.operating.ports import Busy, Lease
from infra.locks import redis_scripts
from infra.locks.redis_faults import HOW, fault
from infra.process import identity

if TYPE_CHECKING:
    from redis import Redis

LEASE_SECONDS = 30.0
"""A constant of the system; ``infra.process.limits.Pace`` is made for it."""

ANSWER_SECONDS = 5.0

_LOCK, _FENCE = "crontract:lock:", "crontract:fence:"
_SECOND = 1_000_000


class RedisLocks:
    """The Locks port on one Redis server; ``FencedLocks`` notes its fences in the database."""

    def __init__(self, url: str, lease_seconds: float = LEASE_SECONDS) -> None:
        if not url:
            raise ConfigurationInvalid(f"locks.redis_url is empty: {HOW}")
        self._url = url
        self._lease = round(lease_seconds * 1000)
        self._opened: Redis | None = None

    def acquire(self, key: str, run_id: str, *, above: int = 0) -> Lease | Busy:
        me = (run_id, identity.host(), os.getpid(), os.urandom(8).hex())
        answer = self._run(redis_scripts.ACQUIRE, key, *me, self._lease, above)
        if len(answer) > 1:
            return _busy(key, answer)
        return Lease(key=key, fence=int(answer[0]), run_id=run_id)

    def renew(self, lease: Lease) -> bool:
        own = (lease.fence, lease.run_id, self._lease)
        return bool(self._run(redis_scripts.RENEW, lease.key, *own))

    def release(self, lease: Lease) -> None:
        self._run(redis_scripts.RELEASE, lease.key, lease.fence, lease.run_id)

    def held(self) -> Sequence[Busy]:
        """List the locks by a scan, which holds up nobody."""
        with self._translated():
            names = sorted(set(self._client().scan_iter(match=f"{_LOCK}*", count=1000)))
        keys = [name.removeprefix(_LOCK)[1:-1] for name in names]
        found = [(key, self._run(redis_scripts.LOOK, key)) for key in keys]
        return [_busy(key, holder) for key, holder in found if holder]

    def break_(self, key: str) -> int:
        return int(self._run(redis_scripts.BREAK, key))

    def close(self) -> None:
        """End the connection; the next call opens another."""
        client, self._opened = self._opened, None
        if client is not None:
            client.close()

    # --- below the port -------------------------------------------------------------------------

    def _run(self, script: str, key: str, *values: object) -> Any:
        # The braces let a cluster keep both on one node.
        told = (2, f"{_LOCK}{{{key}}}", f"{_FENCE}{{{key}}}", *values)
        with self._translated():
            return self._on_live_connection(lambda client: _evaluated(client, script, told))

    def _on_live_connection(self, step: Callable[[Redis], Any]) -> Any:
        """Do it anew where the idle connection was cut: every script is safe to do twice."""
        from redis.exceptions import ConnectionError as Cut

        was_idle = self._opened is not None
        try:
            return step(self._client())
        except Cut:
            self.close()
            if not was_idle:
                raise
            return step(self._client())

    def _client(self) -> Redis:
        if self._opened is None:
            self._opened = _connected(self._url)
        return self._opened

    @contextmanager
    def _translated(self) -> Iterator[None]:
        from redis.exceptions import RedisError

        try:
            yield
        except RedisError as error:
            self.close()
            raise fault(self._url, error) from error


def _connected(url: str) -> Redis:
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    try:
        return Redis.from_url(
            url,
            single_connection_client=True,
            decode_responses=True,
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            driver_info=None,
        )
    except (ValueError, TypeError):  # what they say may hold a part of the password
        raise ConfigurationInvalid(f"locks.redis_url is no address: {HOW}") from None


def _evaluated(client: Redis, script: str, told: Sequence[Any]) -> Any:
    from redis.exceptions import NoScriptError

    try:
        return client.evalsha(redis_scripts.SUMS[script], *told)
    except NoScriptError:
        return client.eval(script, *told)


def _busy(key: str, holder: Sequence[Any]) -> Busy:
    run_id, host, pid, since, now, left = holder
    return Busy(
        key=key,
        run_id=run_id,
        host=host,
        pid=int(pid),
        since=datetime.fromtimestamp(int(since) / _SECOND, UTC),
        age=timedelta(microseconds=int(now) - int(since)),
        lease_left=timedelta(milliseconds=left),
    )
