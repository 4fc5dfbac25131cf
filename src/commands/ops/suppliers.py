"""suppliers:inspect, suppliers:load and suppliers:list: import settings from a file to the shop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, ClassVar, Protocol

import typer

from commands.result import Table, Text
from domain.jobs.supplier_import.setting import ImportSetting
from domain.jobs.supplier_import.trail import RejectedLine, UnmatchedArticle


class SettingsShelf(Protocol):
    """Where import settings are kept."""

    def every(self) -> Sequence[ImportSetting]: ...
    def find(self, supplier_id: int) -> ImportSetting | None: ...
    def save(self, settings: Sequence[ImportSetting]) -> None:
        """Store all of them or none; a supplier's former setting is replaced."""
        ...


class ImportTrail(Protocol):
    """What imports left for people to look at."""

    def rejects(self, supplier_id: int, limit: int) -> tuple[str, Sequence[RejectedLine]]:
        """Give the last file that was read and its rejected lines, in order."""
        ...

    def review(self, supplier_id: int, limit: int) -> Sequence[UnmatchedArticle]: ...


Inspect = Callable[[Path, str, str, int], str]
"""Guesses the form of a file (or a ZIP's member), in an encoding if given: a settings fragment."""

LoadSettings = Callable[[Path], Sequence[ImportSetting]]

WriteSetting = Callable[[Sequence[ImportSetting]], str]
"""Writes settings as the TOML that LoadSettings reads."""


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


class SuppliersLoad:
    """Loads import settings from a TOML file; a fault in one loads none."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console suppliers:load supplier-42.toml",
        "bin/console suppliers:load supplier-42.toml --check",
    )

    def __init__(self, load: LoadSettings, shelf: SettingsShelf) -> None:
        self._load, self._shelf = load, shelf

    def __call__(
        self,
        file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
        check: Annotated[bool, typer.Option("--check", help="Only check the file.")] = False,
    ) -> Table:
        settings = self._load(file)
        if not check:
            self._shelf.save(settings)
        return _table(settings, "checked, not stored" if check else "stored")


class SuppliersShow:
    """Prints a stored import setting as the TOML that suppliers:load reads."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console suppliers:show 23",
        "bin/console suppliers:show 23 > supplier-23.toml",
    )

    def __init__(self, shelf: SettingsShelf, write: WriteSetting) -> None:
        self._shelf, self._write = shelf, write

    def __call__(
        self, supplier: Annotated[int, typer.Argument(help="The supplier's number.")]
    ) -> Text:
        setting = self._shelf.find(supplier)
        if setting is None:
            raise typer.BadParameter(f"supplier {supplier} has no import setting")
        return Text(text=self._write([setting]).rstrip())


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
            empty="nothing waits to be matched",
        )


class SuppliersList:
    """Lists the import settings."""

    examples: ClassVar[tuple[str, ...]] = ("bin/console suppliers:list",)

    def __init__(self, shelf: SettingsShelf) -> None:
        self._shelf = shelf

    def __call__(self) -> Table:
        return _table(self._shelf.every(), "")


def _table(settings: Sequence[ImportSetting], note: str) -> Table:
    return Table(
        columns=("supplier", "name", "active", "folder", "pattern", "format", "mode", "process"),
        rows=[
            (
                setting.supplier_id,
                setting.name,
                setting.active,
                setting.source,
                setting.pattern,
                setting.layout.format.value,
                setting.mode.value,
                setting.process,
            )
            for setting in settings
        ],
        notes=(f"{len(settings)} settings {note}",) if note else (),
        empty="no import setting; bin/console suppliers:inspect FILE writes a first one",
    )
