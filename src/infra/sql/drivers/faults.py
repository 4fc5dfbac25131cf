"""What a driver's error means for a run, in the same words for every database."""

from __future__ import annotations

from collections.abc import Callable

from domain.errors import ConfigurationInvalid, JobError, SchemaOutdated, StoreUnavailable
from infra.sql.address import Address

Word = Callable[[Address, str], JobError]
"""Makes an error of the address and what the driver said."""


class Collision(StoreUnavailable):
    """The transaction lost against another one and may simply be done anew."""


class Taken(JobError):
    """A row with this key is there already, and there can be only one."""


def taken(_address: Address, text: str) -> Taken:
    return Taken(text)


def old_schema(_address: Address, text: str) -> SchemaOutdated:
    return SchemaOutdated(
        f"the database's schema is not current ({text}); run bin/console db:migrate"
    )


def refused(address: Address, text: str) -> ConfigurationInvalid:
    """The server is there, but does not let this user in or has no such database."""
    return ConfigurationInvalid(f"database {address.place}: {text}")


def unavailable(address: Address, text: str) -> StoreUnavailable:
    return StoreUnavailable(f"database {address.place}: {text}")


def read_only(address: Address, text: str) -> StoreUnavailable:
    return StoreUnavailable(
        f"database {address.place} takes no writes ({text}): is it a standby, or is the user"
        " read-only?"
    )


def collision(address: Address, text: str) -> Collision:
    return Collision(f"database {address.place}: {text}")
