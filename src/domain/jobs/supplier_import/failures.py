"""How a feed can fail. A module of its own, because a command's contract names them at start-up."""

from __future__ import annotations

from domain.errors import Refused, Retryable


class FeedChanged(Retryable):
    """The file was replaced or grew while it was read; nothing was written."""


class FeedUnavailable(Retryable):
    """The disk or the folder did not give the file this time."""


class FeedStale(Refused):
    """No file of the supplier is young enough; its stock is not to be trusted."""


class FeedRefused(Refused):
    """The file may not be read: not a regular file, or outside the import folder."""
