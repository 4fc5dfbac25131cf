"""Suppliers' import settings in the shop's database."""

from __future__ import annotations

from sqlalchemy import Engine

from domain.jobs.supplier_import.setting import ImportSetting
from infra.files.settings_file import IMPORTS
from infra.sql.setting_shelf import SqlSettingShelf
from infra.sql.tables import SUPPLIER_IMPORT_SETTING


class SqlImportSettings(SqlSettingShelf[ImportSetting]):
    """By supplier."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine, SUPPLIER_IMPORT_SETTING, IMPORTS)
