from __future__ import annotations

from typing import Any

import pytest
import typer

from commands.cron.suppliers_import_stock import SuppliersImportStock
from domain.jobs.supplier_import.request import ImportRequest

CONTRACT = SuppliersImportStock.contract


@pytest.mark.parametrize("flags", [{}, {"every": True, "supplier": 23}])
def test_exactly_one_of_all_and_supplier_is_needed(flags: dict[str, Any]) -> None:
    with pytest.raises(typer.BadParameter, match="give either --all or --supplier ID"):
        SuppliersImportStock.request(**flags)


def test_a_file_belongs_to_one_supplier() -> None:
    with pytest.raises(typer.BadParameter, match="--file needs --supplier"):
        SuppliersImportStock.request(every=True, file="stock.csv")


@pytest.mark.parametrize("reason", ["", "  "])
def test_force_needs_a_reason(reason: str) -> None:
    with pytest.raises(typer.BadParameter, match="--force needs a --reason"):
        SuppliersImportStock.request(supplier=23, force=True, reason=reason)


def test_the_flags_become_the_request() -> None:
    request = SuppliersImportStock.request(
        supplier=23, update_anyway=True, file="stock.csv", force=True, reason="range halved"
    )

    assert request == ImportRequest(
        supplier=23, update_anyway=True, file="stock.csv", force=True, reason="range halved"
    )


@pytest.mark.parametrize(
    ("request_", "key"),
    [
        (ImportRequest(), "cron.suppliers.import.all"),
        (ImportRequest(supplier=23), "cron.suppliers.import.supplier.23"),
    ],
)
def test_the_lock_is_that_of_the_operating_model(request_: ImportRequest, key: str) -> None:
    assert CONTRACT.lock_keys(request_) == (key,)
