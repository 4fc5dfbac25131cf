"""platforms:load, platforms:list and platforms:show: where orders come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar

import typer

from commands.ops.settings import ListSettings, LoadSettings, SettingTable, ShowKept
from commands.result import Cell, Text
from domain.platforms.setting import PlatformSetting


class PlatformTable(SettingTable[PlatformSetting]):
    """A platform in a line."""

    columns = ("platform", "name", "active", "adapter", "where")
    empty = "no platform; docs/how-to/connect-a-platform.md describes the first one"

    def row(self, setting: PlatformSetting) -> Sequence[Cell]:
        where = setting.url or setting.partner or setting.folder
        return setting.platform_id, setting.name, setting.active, setting.adapter.value, where


class PlatformsLoad(LoadSettings[PlatformSetting]):
    """Loads platforms from a TOML file; a fault in one loads none."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console platforms:load shop-de.toml",
        "bin/console platforms:load shop-de.toml --check",
    )
    table = PlatformTable()


class PlatformsList(ListSettings[PlatformSetting]):
    """Lists the platforms."""

    examples: ClassVar[tuple[str, ...]] = ("bin/console platforms:list",)
    table = PlatformTable()


class PlatformsShow(ShowKept[PlatformSetting]):
    """Prints a platform as the TOML that platforms:load reads; secrets stay references."""

    examples: ClassVar[tuple[str, ...]] = ("bin/console platforms:show shop-de",)
    missing = "there is no platform {}; bin/console platforms:list shows them"

    def __call__(self, platform: Annotated[str, typer.Argument(help="Its name.")]) -> Text:
        return self.shown(platform)
