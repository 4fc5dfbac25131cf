"""What Redis's errors mean for a run."""

from __future__ import annotations

from domain.errors import ConfigurationInvalid, JobError, StoreUnavailable
from infra.locks.redis_line import RedisAddress, Refusal

# By words in what Redis says; the first that is there counts.
_SETTINGS: tuple[tuple[str, str], ...] = (
    ("NOAUTH", "wants a password in locks.redis_url"),
    ("WRONGPASS", "refuses the user or password of locks.redis_url"),
    ("without any password configured", "has no password, but locks.redis_url gives one"),
    ("NOPERM", "does not let this user do what locks need"),
    ("can't run this command", "does not let this user do what locks need"),
    ("DB index", "has no such database number"),
    ("MOVED", "is a cluster; locks.redis_url must name a single Redis"),
    ("CERTIFICATE_VERIFY_FAILED", "has no certificate to trust: add ?ssl_ca_certs=FILE"),
)

_OUTAGES: tuple[tuple[str, str], ...] = (
    ("READONLY", "is a replica; locks.redis_url must name the primary"),
    ("OOM", "is full: raise maxmemory, with maxmemory-policy noeviction"),
    ("LOADING", "is still loading its data"),
    ("MASTERDOWN", "is a replica that has lost its primary"),
    ("MISCONF", "takes no writes, since it cannot save them"),
)


def fault(address: RedisAddress, error: Refusal | OSError) -> JobError:
    """Give the run's word for an error; one that is not known may pass by itself."""
    said = str(error)
    for sign, meaning in _SETTINGS:
        if sign in said:
            return ConfigurationInvalid(f"{address.place} {meaning} ({said})")
    for sign, meaning in _OUTAGES:
        if sign in said:
            return StoreUnavailable(f"{address.place} {meaning} ({said})")
    return StoreUnavailable(f"{address.place}: {said}")
