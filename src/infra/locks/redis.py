"""Locks in Redis: leases that run out, by Redis's own clock. Advisory: Redis may forget them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.errors import ConfigurationInvalid
from domain.operating.ports import Busy, Lease
from infra.locks import redis_scripts
from infra.locks.redis_faults import fault
from infra.locks.redis_line import HOW, RedisLine, Refusal, redis_address
from infra.process import identity

LEASE_SECONDS = 30.0
"""A constant of the system; ``infra.process.limits.Pace`` is made for it."""

_LOCK, _FENCE = "crontract:lock:", "crontract:fence:"
_SECOND = 1_000_000


class RedisLocks:
    """The Locks port on one Redis server; ``FencedLocks`` notes its fences in the database."""

    def __init__(self, url: str, lease_seconds: float = LEASE_SECONDS) -> None:
        if not url:
            raise ConfigurationInvalid(f"locks.redis_url is empty: {HOW}")
        self._address = redis_address(url)
        self._lease = round(lease_seconds * 1000)
        self._line: RedisLine | None = None

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
        names = sorted(self._translated(_scanned))
        keys = [name.removeprefix(_LOCK)[1:-1] for name in names]
        found = [(key, self._run(redis_scripts.LOOK, key)) for key in keys]
        return [_busy(key, holder) for key, holder in found if holder]

    def break_(self, key: str) -> int:
        return int(self._run(redis_scripts.BREAK, key))

    def close(self) -> None:
        """End the connection; the next call opens another."""
        line, self._line = self._line, None
        if line is not None:
            line.close()

    # --- below the port -------------------------------------------------------------------------

    def _run(self, script: str, key: str, *values: object) -> Any:
        # The braces let a proxy before a cluster keep both on one node.
        told = (2, f"{_LOCK}{{{key}}}", f"{_FENCE}{{{key}}}", *values)
        return self._translated(lambda line: _evaluated(line, script, told))

    def _translated(self, step: Callable[[RedisLine], Any]) -> Any:
        try:
            return self._on_live_line(step)
        except (Refusal, OSError) as error:
            self.close()
            raise fault(self._address, error) from error

    def _on_live_line(self, step: Callable[[RedisLine], Any]) -> Any:
        """Do it anew where the idle line was cut: every script is safe to do twice."""
        was_idle = self._line is not None
        try:
            return step(self._opened())
        except ConnectionError:
            self.close()
            if not was_idle:
                raise
            return step(self._opened())

    def _opened(self) -> RedisLine:
        if self._line is None:
            self._line = RedisLine(self._address)
        return self._line


def _scanned(line: RedisLine) -> set[str]:
    found: set[str] = set()
    cursor = ""
    while cursor != "0":
        cursor, names = line.ask("SCAN", cursor or 0, "MATCH", f"{_LOCK}*", "COUNT", 1000)
        found.update(names)
    return found


def _evaluated(line: RedisLine, script: str, told: Sequence[object]) -> Any:
    try:
        return line.ask("EVALSHA", redis_scripts.SUMS[script], *told)
    except Refusal as refusal:
        if not str(refusal).startswith("NOSCRIPT"):
            raise
        return line.ask("EVAL", script, *told)


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
