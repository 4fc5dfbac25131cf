"""Whether a supplier's newest file is young enough, and has come to rest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.jobs.supplier_import.failures import FeedStale
from domain.jobs.supplier_import.ports import Feed, LastImport
from domain.jobs.supplier_import.setting import Guards, ImportSetting


def is_settled(feed: Feed, guards: Guards, now: datetime) -> bool:
    """The file has not been written to for a while; a clock ahead of ours counts as well."""
    return abs(now - feed.modified) >= guards.settle


def newest_of(feeds: Sequence[Feed], last: LastImport | None) -> datetime | None:
    """An old file that turns up does not make the stock older than the last import did."""
    known = [feed.modified for feed in feeds] + ([last.received] if last else [])
    return max(known, default=None)


def is_superseded(feed: Feed, last: LastImport, now: datetime) -> bool:
    """A newer list is in; an import dated ahead of our clock proves nothing."""
    return feed.modified < last.received <= now


def is_stale(newest: datetime | None, guards: Guards, now: datetime) -> bool:
    return newest is None or now - newest > guards.max_age


def must_zero(newest: datetime | None, guards: Guards, now: datetime) -> bool:
    """The file is so old that its quantities may no longer be sold."""
    return newest is not None and guards.zero_after is not None and now - newest > guards.zero_after


def stale(setting: ImportSetting, newest: datetime | None, now: datetime) -> FeedStale:
    """The error for a supplier whose file is too old, or who never sent one."""
    where = f"{setting.pattern} in {setting.source}"
    if newest is None:
        return FeedStale(f"no file has ever arrived as {where}")
    return FeedStale(
        f"the newest file is {_span(now - newest)} old, allowed are "
        f"{_span(setting.guards.max_age)}: ask {setting.name} for a new one as {where}"
    )


def _span(span: timedelta) -> str:
    hours, seconds = divmod(int(span.total_seconds()), 3600)
    return f"{hours} h" if hours else f"{seconds // 60} min"
