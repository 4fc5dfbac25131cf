"""suppliers:inspect, suppliers:load and suppliers:list: import settings from a file to the shop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, ClassVar, Protocol

import typer

from commands.ops.settings import ListSettings, LoadSettings, SettingTable, ShowSetting
from commands.result import Cell, Table, Text
from domain.jobs.supplier_import.setting import ImportSetting
from domain.jobs.supplier_import.trail import RejectedLine, UnmatchedArticle


class ImportTrail(Protocol):
    """What imports left for people to look at."""

    def rejects(self, supplier_id: int, limit: int) -> tuple[str, Sequence[RejectedLine]]:
        """Give the last file that was read and its rejected lines, in order."""
        ...

    def review(self, supplier_id: int, limit: int) -> Sequence[UnmatchedArticle]: ...


Inspect = Callable[[Path, str, str, int], str]
"""Guesses the form of a file (or a ZIP's member), in an encoding if given: a settings fragment."""


class SuppliersInspect:
    """Guesses a file's form and prints a settings fragment to complete."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console suppliers:inspect stock.csv --supplier=42",
        "bin/console suppliers:inspect delivery.zip > supplier-42.toml",
        "bin/console suppliers:inspect stock.csv --encoding=cp850",
    )

    def __init__(self, inspect: Inspect) -> None:
        self._inspect = inspect

    def __call__(
        self,
        file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
        supplier: Annotated[
            int, typer.Option(metavar="ID", min=1, max=2**31 - 1, help="Its number.")
        ] = 1,
        member: Annotated[str, typer.Option(help="Which file of a ZIP that holds several.")] = "",
        encoding: Annotated[str, typer.Option(help="The file's encoding, if you know it.")] = "",
    ) -> Text:
        return Text(text=self._inspect(file, member, encoding, supplier))


class ImportTable(SettingTable[ImportSetting]):
    """A supplier in a line."""

    columns = ("supplier", "name", "active", "folder", "pattern", "format", "mode", "process")
    empty = "no import setting; bin/console suppliers:inspect FILE writes a first one"

    def row(self, setting: ImportSetting) -> Sequence[Cell]:
        return (
            setting.supplier_id,
            setting.name,
            setting.active,
            setting.source,
            setting.pattern,
            setting.layout.format.value,
            setting.mode.value,
            setting.process,
        )


class SuppliersLoad(LoadSettings[ImportSetting]):
    """Loads import settings from a TOML file; a fault in one loads none."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console suppliers:load supplier-42.toml",
        "bin/console suppliers:load supplier-42.toml --check",
    )
    table = ImportTable()


class SuppliersShow(ShowSetting[ImportSetting]):
    """Prints a stored import setting as the TOML that suppliers:load reads."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console suppliers:show 23",
        "bin/console suppliers:show 23 > supplier-23.toml",
    )
    missing = "supplier {} has no import setting; bin/console suppliers:list shows them"


class SuppliersRejects:
    """Lists the lines that the last import of a supplier could not read, and why."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console suppliers:rejects 23",
        "bin/console suppliers:rejects 23 --format=json",
    )

    def __init__(self, trail: ImportTrail) -> None:
        self._trail = trail

    def __call__(
        self,
        supplier: Annotated[int, typer.Argument(help="The supplier's number.")],
        limit: Annotated[int, typer.Option(metavar="N", min=1, help="How many lines.")] = 100,
    ) -> Table:
        file, rejects = self._trail.rejects(supplier, limit)
        return Table(
            title=file,
            columns=("line", "reason", "raw"),
            rows=[(reject.line, reject.reason, reject.raw) for reject in rejects],
            empty="no line was rejected",
        )


class SuppliersReview:
    """Lists the supplier's articles that wait to be matched by a person."""

    examples: ClassVar[tuple[str, ...]] = ("bin/console suppliers:review 23 --limit=20",)

    def __init__(self, trail: ImportTrail) -> None:
        self._trail = trail

    def __call__(
        self,
        supplier: Annotated[int, typer.Argument(help="The supplier's number.")],
        limit: Annotated[int, typer.Option(metavar="N", min=1, help="How many articles.")] = 100,
    ) -> Table:
        return Table(
            columns=("article", "EAN", "maker", "maker's no", "reason", "since"),
            rows=[
                (a.supplier_article_no, a.ean, a.maker, a.maker_no, a.reason, a.since)
                for a in self._trail.review(supplier, limit)
            ],
            empty=f"nothing of supplier {supplier} waits to be matched",
        )


class SuppliersList(ListSettings[ImportSetting]):
    """Lists the import settings."""

    examples: ClassVar[tuple[str, ...]] = ("bin/console suppliers:list",)
    table = ImportTable()
