"""CR-002: stock and prices to platforms and customers, each export a unit of its own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Protocol

from domain.jobs.stock_export.ports import ExportSettings
from domain.jobs.stock_export.request import ExportRequest
from domain.jobs.stock_export.selection import chosen
from domain.jobs.stock_export.setting import ExportSetting
from domain.operating.events import Event
from domain.operating.ports import ActiveRun
from domain.operating.run import Summary, Unit
from domain.operating.units import guarded

COUNTED = ("articles", "files", "sent", "refused", "remaining")


class OneExport(Protocol):
    """What is done for one export, under the job's lock."""

    def __call__(self, setting: ExportSetting, request: ExportRequest, run: ActiveRun) -> Unit: ...


class StockExport:
    """Exports the stock by every active setting, or by those asked for.

    Source: exportStock.php (CR-002).
    """

    def __init__(self, settings: ExportSettings, file: OneExport, market: OneExport) -> None:
        self._settings, self._file, self._market = settings, file, market

    def __call__(self, request: ExportRequest, run: ActiveRun) -> Summary:
        exports = chosen(self._settings.every(), request)
        units: list[Unit] = []
        for setting in exports:
            run.progress("exports", len(units), len(exports))
            run.checkpoint("export")
            work = partial(self._one, setting, request, run)
            units.append(guarded(setting.label, work, run))
        return _summary(units, run)

    def _one(self, setting: ExportSetting, request: ExportRequest, run: ActiveRun) -> Unit:
        export = self._market if setting.marketplace else self._file
        unit = export(setting, request, run)
        run.log(
            Event.UNIT_FINISHED,
            unit.message,
            unit=unit.name,
            result=unit.result.value,
            **unit.counts,
        )
        return unit


def _summary(units: Sequence[Unit], run: ActiveRun) -> Summary:
    items = {word: sum(unit.counts.get(word, 0) for unit in units) for word in COUNTED}
    notes = ("dry run: nothing was written",) if run.dry_run else ()
    return Summary(units=tuple(units), items=items, notes=notes)
