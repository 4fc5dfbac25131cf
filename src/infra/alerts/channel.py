"""One way to reach an owner, and how it says that it could not."""

from __future__ import annotations

from typing import Protocol

from domain.operating.notices import Letter

CHANNEL_SECONDS = 4.0
"""How long one channel may take; a hanging one must leave time for the next."""


class NotDelivered(Exception):
    """The channel did not take the letter; the message says why, for its receipt."""


class Channel(Protocol):
    """Takes a letter and gives its answer for the receipt. Raises NotDelivered."""

    @property
    def name(self) -> str: ...
    def send(self, letter: Letter) -> str: ...
