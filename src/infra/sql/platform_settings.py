"""The platforms' settings in the shop's database."""

from __future__ import annotations

from sqlalchemy import Engine

from domain.platforms.setting import PlatformSetting
from infra.platforms.setting_form import PLATFORMS
from infra.sql.order_tables import PLATFORM
from infra.sql.setting_shelf import SqlSettingShelf


class SqlPlatformSettings(SqlSettingShelf[PlatformSetting]):
    """By name."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine, PLATFORM, PLATFORMS)
