"""What can go wrong, by what happens next: try again, never again, or a defect."""

from __future__ import annotations

from datetime import timedelta


class JobError(Exception):
    """A failure that the job foresaw; its message says what to do about it."""


class Retryable(JobError):
    """May pass by itself; tried again when the contract names the class.

    ``retry_after`` is the wait a partner asked for; it wins over the contract's own if it fits.
    """

    def __init__(self, message: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Refused(JobError):
    """Never passes by itself; the message says what to change."""


class ConfigurationInvalid(Refused):
    """Settings or a contract are wrong; nothing ran (exit 78)."""

    remedy: str = ""


class SchemaOutdated(ConfigurationInvalid):
    """The database is not made yet, or its tables are those of another version."""

    remedy = "Run bin/console db:migrate"


class SecretMissing(ConfigurationInvalid):
    """A reference leads to no secret that this user can read."""

    remedy = "Mount it, readable for this user only: docs/how-to/keep-secrets.md"


class StoreUnavailable(Retryable):
    """The database or the lock store could not be reached; before work began this is exit 69."""


class CommitUnknown(JobError):
    """The database was lost while it committed: done or not, nobody knows; never tried again."""


class LockLost(JobError):
    """The run no longer holds a lock that it worked under; its writes were rolled back."""


def lineage(error: BaseException) -> tuple[str, ...]:
    """Name the error's own class and the families it belongs to; empty for a defect."""
    return tuple(kind.__name__ for kind in type(error).__mro__ if issubclass(kind, JobError))


class SoftTimeout(BaseException):
    """Raised in the job at the contract's timeout; a BaseException so no job swallows it."""


class StopRequested(BaseException):
    """Raised at the next checkpoint after TERM or INT: roll the current unit back and leave."""


class DiskFull(Refused):
    """No room to write, or a quota reached; what was begun was rolled back."""
