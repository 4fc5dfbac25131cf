"""What commands that load, list and show settings kept by number or name have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Generic, Protocol, TypeVar

import typer

from commands.result import Cell, Table, Text

Setting = TypeVar("Setting")


class SettingShelf(Protocol[Setting]):
    """Where settings are kept."""

    def every(self) -> Sequence[Setting]: ...
    def find(self, key: Any, /) -> Setting | None: ...
    def save(self, settings: Sequence[Setting], /) -> None:
        """Store all of them or none; a former setting of the same number is replaced."""
        ...


class SettingTable(Generic[Setting]):
    """How settings of one kind are listed."""

    columns: ClassVar[Sequence[str]]
    empty: ClassVar[str]

    def row(self, setting: Setting) -> Sequence[Cell]:
        raise NotImplementedError

    def of(self, settings: Sequence[Setting], note: str = "") -> Table:
        return Table(
            columns=self.columns,
            rows=[self.row(setting) for setting in settings],
            notes=(f"{len(settings)} settings {note}",) if note else (),
            empty=self.empty,
        )


class LoadSettings(Generic[Setting]):
    """Loads settings from a TOML file; a fault in one loads none."""

    table: SettingTable[Setting]

    def __init__(
        self, load: Callable[[Path], Sequence[Setting]], shelf: SettingShelf[Setting]
    ) -> None:
        self._load, self._shelf = load, shelf

    def __call__(
        self,
        file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
        check: Annotated[bool, typer.Option("--check", help="Only check the file.")] = False,
    ) -> Table:
        settings = self._load(file)
        if not check:
            self._shelf.save(settings)
        return self.table.of(settings, "checked, not stored" if check else "stored")


class ListSettings(Generic[Setting]):
    """Lists the settings."""

    table: SettingTable[Setting]

    def __init__(self, shelf: SettingShelf[Setting]) -> None:
        self._shelf = shelf

    def __call__(self) -> Table:
        return self.table.of(self._shelf.every())


class ShowKept(Generic[Setting]):
    """Prints a stored setting as the TOML that loads it."""

    missing: ClassVar[str]

    def __init__(
        self, shelf: SettingShelf[Setting], write: Callable[[Sequence[Setting]], str]
    ) -> None:
        self._shelf, self._write = shelf, write

    def shown(self, key: int | str) -> Text:
        setting = self._shelf.find(key)
        if setting is None:
            raise typer.BadParameter(self.missing.format(key))
        return Text(text=self._write([setting]).rstrip())


class ShowSetting(ShowKept[Setting]):
    """Prints one that is kept by number."""

    def __call__(self, number: Annotated[int, typer.Argument(help="Its number.")]) -> Text:
        return self.shown(number)
