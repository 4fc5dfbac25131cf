"""What an error of a database means for a run, in the same words for all of them."""

from __future__ import annotations

from collections.abc import Callable

from domain.errors import (
    ConfigurationInvalid,
    DiskFull,
    JobError,
    SchemaOutdated,
    StoreUnavailable,
)
from infra.sql.drivers.faults import Collision

Word = Callable[[str], JobError]


class DatabaseMissing(ConfigurationInvalid):
    """The server answers, but holds no database of that name."""


def unavailable(text: str) -> StoreUnavailable:
    return StoreUnavailable(f"the database is not available: {text}")


def read_only(text: str) -> StoreUnavailable:
    return StoreUnavailable(
        f"the database takes no writes ({text}): is it a standby, or is the user read-only?"
    )


def collision(text: str) -> Collision:
    return Collision(f"another transaction was in the way, nothing was written: {text}")


def full(text: str) -> DiskFull:
    return DiskFull(f"no room left for the database ({text}); nothing was written: free space")


def old_schema(text: str) -> SchemaOutdated:
    return SchemaOutdated(f"{text}: run bin/console db:migrate")


def refused(text: str) -> ConfigurationInvalid:
    return ConfigurationInvalid(f"the database refuses: {text}; check database.url and the grants")


def missing(text: str) -> DatabaseMissing:
    return DatabaseMissing(text)


def half_migrated(text: str) -> ConfigurationInvalid:
    return ConfigurationInvalid(
        f"{text}, but the schema's revision does not know it: was a migration cut in the middle?"
        " Drop what it left, or restore the backup, then run bin/console db:migrate again"
    )
