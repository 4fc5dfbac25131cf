"""The lock store that the settings name, with what its kind needs of the supervisor."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.errors import ConfigurationInvalid
from domain.operating.lock_store import LockStore
from domain.operating.ports import Locks
from infra.boot import Boot
from infra.locks.fenced import FencedLocks
from infra.secrets import filled
from infra.sql.connection import Database

if TYPE_CHECKING:
    from infra.process.limits import Pace

AUTO = "auto"


@dataclass(frozen=True, kw_only=True)
class OpenStore:
    """One store in use.

    ``descriptors`` are open files that must outlive the supervisor; ``close`` ends connections,
    which are opened anew at their next use: none must be inherited by a forked process.
    """

    kind: LockStore
    locks: Locks
    descriptors: Callable[[], Iterable[int]] = tuple
    close: Callable[[], None]

    @property
    def pace(self) -> Pace:
        from infra.process.limits import Pace

        return Pace() if self.kind.expires else Pace.without_expiry()


def chosen(settings: Boot, database: Database) -> LockStore:
    """Tell the store's kind; ``auto`` is file on SQLite, which has one host, else database."""
    word = settings.lock_store
    if word == AUTO:
        return LockStore.DATABASE if database.address.is_server else LockStore.FILE
    if word not in list(LockStore):
        known = ", ".join((AUTO, *LockStore))
        raise ConfigurationInvalid(f"config: locks.store is {word}: write one of {known}")
    return LockStore(word)


def open_store(settings: Boot, database: Database) -> OpenStore:
    return _OPENERS[chosen(settings, database)](settings, database)


def _file(settings: Boot, database: Database) -> OpenStore:
    from infra.locks.file import FileLocks

    files = FileLocks(settings.state / "locks")
    locks = FencedLocks(files, database)
    return OpenStore(
        kind=LockStore.FILE, locks=locks, descriptors=files.descriptors, close=database.close
    )


def _database(_settings: Boot, database: Database) -> OpenStore:
    from infra.locks.database import DatabaseLocks

    return OpenStore(kind=LockStore.DATABASE, locks=DatabaseLocks(database), close=database.close)


def _redis(settings: Boot, database: Database) -> OpenStore:
    from infra.locks.redis import RedisLocks

    redis = RedisLocks(filled(settings.redis_url, settings.secrets_directory).reveal())

    def close() -> None:
        redis.close()
        database.close()

    return OpenStore(kind=LockStore.REDIS, locks=FencedLocks(redis, database), close=close)


_OPENERS: dict[LockStore, Callable[[Boot, Database], OpenStore]] = {
    LockStore.FILE: _file,
    LockStore.DATABASE: _database,
    LockStore.REDIS: _redis,
}
