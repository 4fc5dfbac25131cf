"""Where platforms' settings stand, how they are reached, and where their orders are kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from domain.operating.ports import ActiveRun, Clock, Entropy
from domain.platforms.patience import Patience
from domain.platforms.ports import Calls, Page, Platform
from domain.platforms.setting import PlatformSetting


class Shelf(Protocol):
    """The platforms' settings."""

    def names(self, *, active: bool) -> Mapping[str, str]: ...
    def find(self, platform: str, /) -> PlatformSetting | None:
        """Raises ConfigurationInvalid for one that cannot be read."""
        ...


@dataclass(frozen=True, kw_only=True)
class State:
    """How far a platform was read, and what keeps it from being asked now."""

    watermark: datetime | None = None
    counter: int | None = None
    was_asking: bool = False
    failures: int = 0
    reason: str = ""
    rests_for: timedelta | None = None
    blocked_for: timedelta | None = None


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What a page came to: new versions, known ones, and what is no order with the reason."""

    new: int = 0
    known: int = 0
    quarantined: Sequence[tuple[str, str]] = ()


class OrderBook(Protocol):
    """Inbox, cursor and state of every platform; each call is a transaction of its own.

    Writes only while the run's lease holds: raises LockLost.
    """

    def state(self, platform: str) -> State: ...
    def calls(self, platform: str, run: ActiveRun) -> Calls: ...
    def store(self, setting: PlatformSetting, page: Page, run: ActiveRun) -> Stored:
        """Write what is new with its messages, and the page's counter; in a dry run only tell.

        What waits for no answer any more is noted with it.
        """
        ...

    def move(self, platform: str, watermark: datetime, run: ActiveRun) -> None: ...
    def forget(self, platform: str, run: ActiveRun) -> None:
        """Let the platform be read as if for the first time."""
        ...

    def went_well(self, platform: str, run: ActiveRun) -> None:
        """Forget the failures in a row."""
        ...

    def went_wrong(
        self,
        setting: PlatformSetting,
        why: str,
        blocked_for: timedelta | None,
        run: ActiveRun,
    ) -> State:
        """Count a failure; one too many lets the platform rest. Gives the state after it."""
        ...


@dataclass(frozen=True, kw_only=True)
class Reach:
    """What an adapter works with."""

    setting: PlatformSetting
    patience: Patience
    calls: Calls


Connect = Callable[[Reach], AbstractContextManager[Platform]]
"""Makes the adapter that the setting names; raises ConfigurationInvalid, SecretMissing."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What the pull works with."""

    shelf: Shelf
    book: OrderBook
    connect: Connect
    clock: Clock
    entropy: Entropy
