"""How long ended messages are kept."""

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
