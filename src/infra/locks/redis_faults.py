"""What Redis's errors mean for a run."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from domain.errors import ConfigurationInvalid, JobError, StoreUnavailable

HOW = "write redis://USER:{secret:NAME}@HOST:PORT/NUMBER, with rediss:// for TLS"

# By the class's name in redis.exceptions, or the beginning of what Redis says; the first match
# counts. An error that is not named here may pass by itself.
_REFUSALS: tuple[tuple[str, str], ...] = (
    ("Authentication|Authorization", "refuses the user or password of locks.redis_url"),
    ("NoPermission|ResponseError: The user executing", "does not let this user do what locks need"),
    ("ResponseError: (NOAUTH|Protocol error: unauth)", "wants a password in locks.redis_url"),
    ("ResponseError: DB index", "has no such database number"),
    ("Moved|Ask|ResponseError: MOVED", "is a cluster; locks.redis_url must name a single Redis"),
    (".*CERTIFICATE_VERIFY_FAILED", "has no certificate to trust: add ?ssl_ca_certs=FILE"),
)

_OUTAGES: tuple[tuple[str, str], ...] = (
    ("ReadOnly|.*READONLY", "is a replica; locks.redis_url must name the primary"),
    ("OutOfMemory|.*OOM", "is full: raise maxmemory, with maxmemory-policy noeviction"),
    ("BusyLoading", "is still loading its data"),
    ("MasterDown", "is a replica that has lost its primary"),
    ("ResponseError: MISCONF", "takes no writes, since it cannot save them"),
)


def fault(url: str, error: Exception) -> JobError:
    """Give the run's word for what redis-py raised; it names the server, never the password."""
    signs = f"{type(error).__name__}: {error}"
    place = f"redis {_place(url)}"
    for sign, meaning in _REFUSALS:
        if re.match(sign, signs):
            return ConfigurationInvalid(f"{place} {meaning} ({error})")
    meanings = [f"{meaning} ({error})" for sign, meaning in _OUTAGES if re.match(sign, signs)]
    return StoreUnavailable(f"{place} {meanings[0]}" if meanings else f"{place}: {error}")


def _place(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return parts.path
    return f"{parts.hostname}:{parts.port or 6379}{parts.path}"
