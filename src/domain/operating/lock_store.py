"""The kinds of lock store, and what a contract may ask of one."""

from __future__ import annotations

from enum import StrEnum

from domain.errors import ConfigurationInvalid
from domain.operating.contract import Contract


class LockStore(StrEnum):
    """Where locks live."""

    FILE = "file"
    DATABASE = "database"
    REDIS = "redis"

    @property
    def advisory(self) -> bool:
        """Whether the store may forget a lock: Redis answers before its memory is safe."""
        return self is LockStore.REDIS

    @property
    def expires(self) -> bool:
        """Whether a lease runs out by itself; the kernel keeps a file's lock while its holder lives."""  # noqa: E501
        return self is not LockStore.FILE

    def check(self, contract: Contract) -> None:
        """Raise ConfigurationInvalid for a destructive contract on an advisory store."""
        if contract.destructive and self.advisory:
            raise ConfigurationInvalid(
                f"{contract.name} is destructive and must not rest on the lock store {self}, which"
                f' may forget a lock: set locks.store to "{self.DATABASE}" (or "auto")'
            )
