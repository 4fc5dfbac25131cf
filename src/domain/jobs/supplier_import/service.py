"""Import the stock of every active supplier, or of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from domain.errors import Refused, StoreUnavailable
from domain.jobs.supplier_import.failures import LockRefused
from domain.jobs.supplier_import.one_supplier import OneSupplier, unit_name
from domain.jobs.supplier_import.ports import ImportSettings
from domain.jobs.supplier_import.process import COUNTED
from domain.jobs.supplier_import.request import ImportRequest
from domain.jobs.supplier_import.setting import ImportSetting
from domain.operating.ports import ActiveRun, Busy, Lease
from domain.operating.run import Summary, Unit, UnitResult
from domain.operating.units import guarded

LOCK = "cron.suppliers.import.supplier.{}"


class SupplierImport:
    """Brings suppliers' newest files into the stock, one transaction per file."""

    def __init__(self, settings: ImportSettings, supplier: OneSupplier) -> None:
        self._settings, self._supplier = settings, supplier

    def __call__(self, request: ImportRequest, run: ActiveRun) -> Summary:
        """Import all active suppliers, each a unit of its own, or one, whose failure is raised.

        Source: checkAllSupplierStock.php (CR-009), checkSupplierStock.php (CR-010).
        """
        if request.supplier is None:
            return _summary(self._every(request, run), run)
        setting = self._active(request.supplier)
        return _summary([self._supplier(setting, request, run)], run)

    def _active(self, supplier_id: int) -> ImportSetting:
        setting = self._settings.find(supplier_id)
        if setting is not None and setting.active:
            return setting
        fault = "has no import setting" if setting is None else f"({setting.name}) is inactive"
        ids = ", ".join(map(str, self._settings.names(active=True))) or "none"
        raise Refused(f"supplier {supplier_id} {fault}; active suppliers: {ids}")

    def _every(self, request: ImportRequest, run: ActiveRun) -> Sequence[Unit]:
        names = self._settings.names(active=True)
        if not names:
            raise Refused("no supplier has an active import setting")
        units: list[Unit] = []
        for supplier_id, name in names.items():
            run.progress("suppliers", len(units), len(names))
            run.checkpoint("supplier")
            work = self._one_of_many(supplier_id, request, run)
            units.append(guarded(unit_name(supplier_id, name), work, run))
        return units

    def _one_of_many(
        self, supplier_id: int, request: ImportRequest, run: ActiveRun
    ) -> Callable[[], Unit]:
        """One supplier under its own key, which the ``--all`` key does not exclude."""

        def work() -> Unit:
            setting = self._active(supplier_id)
            with _own_lock(supplier_id, run) as held:
                if isinstance(held, Busy):
                    return _busy(setting, held)
                return self._supplier(setting, request, run)

        return work


@contextmanager
def _own_lock(supplier_id: int, run: ActiveRun) -> Iterator[Lease | Busy]:
    """A lock file at fault is this supplier's failure; what its import meets is passed on."""
    with ExitStack() as held:
        try:
            answer = held.enter_context(run.lock(LOCK.format(supplier_id)))
        except StoreUnavailable as error:
            raise LockRefused(str(error)) from error
        yield answer


def _busy(setting: ImportSetting, holder: Busy) -> Unit:
    return Unit(
        name=unit_name(setting.supplier_id, setting.name),
        result=UnitResult.SKIPPED,
        message=f"run {holder.run_id} on {holder.host} is importing it",
    )


def _summary(units: Sequence[Unit], run: ActiveRun) -> Summary:
    items = {word: sum(unit.counts.get(word, 0) for unit in units) for word in COUNTED}
    notes = ("dry run: nothing was written",) if run.dry_run else ()
    return Summary(units=tuple(units), items=items, notes=notes)
