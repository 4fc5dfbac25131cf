"""Whether an export may go out: a partner takes what is missing in it for sold out."""

from __future__ import annotations

from collections.abc import Iterator

from domain.errors import Refused
from domain.jobs.stock_export.request import ExportRequest
from domain.jobs.stock_export.setting import ExportSetting, Guards
from domain.operating.events import Event
from domain.operating.ports import ActiveRun

FORCE_HINT = "; --force --reason WHY sends it all the same"


class Implausible(Refused):
    """The export has lost too many of its articles; nothing was delivered."""


def judge(
    setting: ExportSetting, rows: int, before: int | None, request: ExportRequest, run: ActiveRun
) -> bool:
    """Whether it passes only by force. Raises Implausible where it does not pass at all."""
    faults = list(_faults(setting.guards, rows, before))
    if not faults:
        return False
    said = "; ".join(faults)
    if not request.force:
        raise Implausible(f"{said}{FORCE_HINT}")
    run.warn(Event.GUARD_FORCED, said, unit=setting.label, actor=run.actor, reason=request.reason)
    return True


def _faults(guards: Guards, rows: int, before: int | None) -> Iterator[str]:
    if rows < guards.min_rows:
        yield f"{rows:,} articles, fewer than guards.min_rows = {guards.min_rows:,}"
    if before and rows < before * (1 - guards.max_drop_percent / 100):
        lost = 100 * (1 - rows / before)
        yield (
            f"{rows:,} articles, last time {before:,}: {lost:.0f} % lost,"
            f" guards.max_drop_percent = {guards.max_drop_percent:g}"
        )
