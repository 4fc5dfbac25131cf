"""How a feed can fail. A module of its own, because a command's contract names them at start-up."""

from __future__ import annotations

from collections import Counter

from domain.errors import JobError, Refused, Retryable


class FeedChanged(Retryable):
    """The file was replaced or grew while it was read; nothing was written."""


class FeedUnavailable(Retryable):
    """The disk or the folder did not give the file this time."""


class FeedStale(Refused):
    """No file of the supplier is young enough; its stock is not to be trusted."""


class FeedRefused(Refused):
    """The file may not be read: not a regular file, or outside the import folder."""


class FeedNotArchived(JobError):
    """The file's content is in, by ``counts``; only its move to the archive failed."""

    def __init__(self, cause: JobError, counts: Counter[str] | None = None) -> None:
        super().__init__(
            f"only the move to the archive failed: {cause}; the next run tries the move again"
        )
        self.counts = counts


class LockRefused(Refused):
    """One supplier's own lock could not be taken, though the store gave the run's."""
