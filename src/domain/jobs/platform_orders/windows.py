"""Which windows of time a run asks for, and how far the cursor may move after each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.errors import Refused
from domain.jobs.platform_orders.request import PullRequest
from domain.platforms.setting import PlatformSetting

SEAM = timedelta(seconds=2)
"""Slices overlap so much: some platforms leave out both ends, or know only whole seconds."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """One question; ``moves_to`` is the cursor after it, None where it stays."""

    since: datetime
    until: datetime
    moves_to: datetime | None


def windows(
    request: PullRequest, setting: PlatformSetting, watermark: datetime | None, now: datetime
) -> Iterator[Window]:
    """Cut what is to be read into slices, the oldest first.

    The cursor never moves back, and over no gap: only where a slice begins at what was read.
    """
    newest = now - setting.lag
    until = min(request.until or newest, newest)
    since = request.since or _usual_start(setting, watermark, newest)
    if since >= until:
        if request.has_window:
            raise Refused(f"nothing lies between {_shown(since)} and {_shown(until)}")
        return
    seam = timedelta(0)
    while since < until:
        end = min(since + setting.slice, until)
        moves_to = _moved(watermark, since, end)
        yield Window(since=since - seam, until=end, moves_to=moves_to)
        watermark, since, seam = moves_to or watermark, end, SEAM


def is_ahead(setting: PlatformSetting, watermark: datetime | None, now: datetime) -> bool:
    """Tell a cursor that only a wrong clock can have written."""
    newest = now - setting.lag
    return watermark is not None and _usual_start(setting, watermark, newest) >= newest


def _usual_start(
    setting: PlatformSetting, watermark: datetime | None, newest: datetime
) -> datetime:
    return newest - setting.first if watermark is None else watermark - max(setting.overlap, SEAM)


def _moved(watermark: datetime | None, since: datetime, until: datetime) -> datetime | None:
    if watermark is None:
        return until
    return until if since <= watermark < until else None


def _shown(instant: datetime) -> str:
    return f"{instant:%F %H:%M:%S} UTC"
