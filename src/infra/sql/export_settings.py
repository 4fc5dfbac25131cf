"""Exports' settings and the rules of their prices in the shop's database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine, delete, insert

from domain.jobs.stock_export.setting import ExportSetting, PriceRule
from domain.jobs.stock_export.soundness import clashes
from infra.files.export_settings import EXPORTS, ExportsFile, groups_as_toml
from infra.files.setting_form import refuse
from infra.sql.engine import reading, writing
from infra.sql.export_tables import EXPORT_SETTING, PRICE_RULE
from infra.sql.exporting.statement import cents
from infra.sql.exporting.stock_table import price_rules
from infra.sql.setting_shelf import SqlSettingShelf


class SqlExportSettings(SqlSettingShelf[ExportSetting]):
    """By export, with the price groups beside them."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine, EXPORT_SETTING, EXPORTS)

    def load(self, file: ExportsFile) -> None:
        """Store all that a file brings, or nothing."""
        known = {it.export_id: it for it in (*self.every(), *file.exports)}
        refuse("with the exports that are stored", list(clashes(known.values())))
        with writing(self._engine) as connection:
            self.save_on(connection, file.exports)
            for group, rules in file.prices.items():
                connection.execute(delete(PRICE_RULE).where(PRICE_RULE.c.price_group == group))
                connection.execute(
                    insert(PRICE_RULE),
                    [_row(group, place, rule) for place, rule in enumerate(rules, 1)],
                )

    def written(self, settings: Sequence[ExportSetting]) -> str:
        """Write exports and their price groups as the TOML that loads them."""
        groups = sorted({setting.price.group for setting in settings})
        with reading(self._engine) as connection:
            prices = {group: tuple(price_rules(connection, group)) for group in groups}
        return f"{EXPORTS.dump(settings)}\n{groups_as_toml(prices)}"


def _row(group: str, place: int, rule: PriceRule) -> dict[str, object]:
    return {
        "price_group": group,
        "place": place,
        "supplier_id": rule.supplier,
        "maker": rule.maker,
        "from_cents": cents(rule.from_price),
        "percent_hundredths": round(rule.percent * 100),
        "plus_cents": cents(rule.plus),
    }
