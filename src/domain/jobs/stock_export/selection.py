"""Which exports one start is about: each option narrows, and an unknown number is told."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from domain.errors import Refused
from domain.jobs.stock_export.request import ExportRequest
from domain.jobs.stock_export.setting import ExportSetting


def chosen(settings: Sequence[ExportSetting], request: ExportRequest) -> Sequence[ExportSetting]:
    """Give the active exports that fit all that was asked. Refused where that makes no sense.

    A supplier stands for the exports that hold its stock: they are written whole, as always.
    """
    _refuse_unknown(settings, request)
    found = [it for it in settings if it.active and _fits(it, request)]
    if found:
        return found
    active = ", ".join(str(it.export_id) for it in settings if it.active) or "none"
    if request == ExportRequest():
        raise Refused("no export is active: bin/console exports:load FILE.toml brings one")
    raise Refused(f"no active export fits all that was asked; active exports: {active}")


def _fits(setting: ExportSetting, request: ExportRequest) -> bool:
    suppliers = setting.stock.suppliers
    return (
        (not request.exports or setting.export_id in request.exports)
        and (not request.customers or setting.customer in request.customers)
        and (
            not (request.suppliers and suppliers)
            or not set(request.suppliers).isdisjoint(suppliers)
        )
    )


def _refuse_unknown(settings: Sequence[ExportSetting], request: ExportRequest) -> None:
    known: Mapping[str, tuple[Collection[int], Collection[int]]] = {
        "export": (request.exports, {it.export_id for it in settings}),
        "customer": (request.customers, {it.customer for it in settings if it.customer}),
        "supplier": (request.suppliers, _suppliers(settings, request)),
    }
    for word, (asked, there) in known.items():
        for number in asked:
            if number not in there:
                numbers = ", ".join(map(str, sorted(there))) or "none"
                raise Refused(f"{word} {number} is in no export's setting; known: {numbers}")


def _suppliers(settings: Sequence[ExportSetting], request: ExportRequest) -> set[int]:
    named = {number for it in settings for number in it.stock.suppliers}
    has_all = any(not it.stock.suppliers for it in settings)
    return named | set(request.suppliers) if has_all else named
