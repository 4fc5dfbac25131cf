"""exports:load, exports:list and exports:show: what is exported where, and at which price."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, ClassVar, Protocol, TypeVar

import typer

from commands.ops.settings import ListSettings, SettingTable, ShowSetting
from commands.result import Cell, Table
from domain.jobs.stock_export.setting import ExportSetting


class ExportsFile(Protocol):
    """Exports and price groups as a file brings them."""

    @property
    def exports(self) -> Sequence[ExportSetting]: ...


File = TypeVar("File", bound=ExportsFile)


class ExportTable(SettingTable[ExportSetting]):
    """An export in a line."""

    columns = ("export", "name", "active", "customer", "suppliers", "prices", "to", "file")
    empty = "no export; docs/how-to/add-an-export.md makes a first one"

    def row(self, setting: ExportSetting) -> Sequence[Cell]:
        suppliers = ", ".join(map(str, setting.stock.suppliers)) or "all"
        place = setting.marketplace
        return (
            setting.export_id,
            setting.name,
            setting.active,
            setting.customer,
            suppliers,
            setting.price.group,
            setting.partner,
            setting.file.name if setting.file else f"{place.adapter} API" if place else "",
        )


class ExportsLoad:
    """Loads exports and price groups from a TOML file; a fault in one loads nothing."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console exports:load export-7.toml",
        "bin/console exports:load export-7.toml --check",
    )

    def __init__(self, load: Callable[[Path], File], store: Callable[[File], None]) -> None:
        self._load, self._store = load, store

    def __call__(
        self,
        file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
        check: Annotated[bool, typer.Option("--check", help="Only check the file.")] = False,
    ) -> Table:
        loaded = self._load(file)
        if not check:
            self._store(loaded)
        return ExportTable().of(loaded.exports, "checked, not stored" if check else "stored")


class ExportsList(ListSettings[ExportSetting]):
    """Lists the exports."""

    examples: ClassVar[tuple[str, ...]] = ("bin/console exports:list",)
    table = ExportTable()


class ExportsShow(ShowSetting[ExportSetting]):
    """Prints a stored export and its price group as the TOML that exports:load reads."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console exports:show 7",
        "bin/console exports:show 7 > export-7.toml",
    )
    missing = "there is no export {}; bin/console exports:list shows them"
