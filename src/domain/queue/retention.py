"""How long ended messages are kept, and how much one run may delete without being asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.errors import ConfigurationInvalid
from domain.queue.job import Status


@dataclass(frozen=True, kw_only=True)
class Retention:
    """What is kept after its end; crashed messages for ever where ``crashed`` is None."""

    processed: timedelta
    crashed: timedelta | None = None

    def __post_init__(self) -> None:
        for word, span in (("processed", self.processed), ("crashed", self.crashed)):
            if span is not None and span <= timedelta(0):
                raise ConfigurationInvalid(
                    f"queue retention of {word} messages is {span.total_seconds() / 86_400:g} days:"
                    " it must be above 0; see [retention] in config/queues.toml"
                )

    def before(self, now: datetime) -> Cutoffs:
        """Give the instants before which ended messages go."""
        crashed = now - self.crashed if self.crashed else None
        return Cutoffs(processed=now - self.processed, crashed=crashed, now=now)


@dataclass(frozen=True, kw_only=True)
class Cutoffs:
    """What ended strictly before goes; ``now`` is the database's clock at the start."""

    processed: datetime
    crashed: datetime | None
    now: datetime

    @property
    def statuses(self) -> Mapping[Status, datetime]:
        """Give the cutoff by status; one that is not there is never deleted."""
        crashed = {Status.CRASH: self.crashed} if self.crashed else {}
        return {Status.PROCESSED: self.processed, **crashed}


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """What one run may delete unasked.

    The share is of all ended messages. Below ``few`` it is not looked at: of ten messages six
    may well be old.
    """

    rows: int = 1_000_000
    percent: int = 50
    few: int = 1_000

    def fault(self, going: int, staying: int) -> str:
        """Say what is too much about a plan; nothing where it may be done."""
        if going > self.rows:
            return f"{going:,} messages would go, allowed are {self.rows:,}"
        if going > self.few and going * 100 > self.percent * (going + staying):
            return (
                f"{going:,} of {going + staying:,} ended messages would go, allowed are"
                f" {self.percent} %"
            )
        return ""
