"""The StockTable port: streams of one consistent look at the shop's stock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from importlib import import_module
from typing import Any

from sqlalchemy import Connection, Engine, select

from domain.errors import Refused
from domain.jobs.stock_export.offers import Offered
from domain.jobs.stock_export.setting import ExportSetting, PriceRule
from infra.sql.engine import kind_of, reading
from infra.sql.export_tables import PRICE_RULE
from infra.sql.exporting.statement import file_statement, offer_statement


class SqlStockTable:
    """Reads on an engine that cannot write."""

    def __init__(self, reader: Engine) -> None:
        self._reader = reader

    @contextmanager
    def lines(self, setting: ExportSetting) -> Iterator[Iterable[bytes]]:
        if setting.file is None:
            raise ValueError(f"{setting.label} has no file")
        with reading(self._reader) as connection:
            way, driver = _way_out(connection)
            rules = price_rules(connection, setting.price.group)
            statement = file_statement(setting, setting.file, rules, way.DIALECT)
            with closing(way.lines(driver, statement, setting.file)) as lines:
                yield lines  # closed before the transaction ends: it may be left half read

    @contextmanager
    def offers(self, setting: ExportSetting) -> Iterator[Iterator[Offered]]:
        with reading(self._reader) as connection:
            way, driver = _way_out(connection)
            rules = price_rules(connection, setting.price.group)
            statement = offer_statement(setting, rules, way.DIALECT)
            with closing(way.rows(driver, statement)) as rows:
                yield map(_offered, rows)


def price_rules(connection: Connection, group: str) -> Sequence[PriceRule]:
    """Give a group's rules in order. Refused where there is none: nothing would have a price."""
    columns = PRICE_RULE.c
    wanted = select(PRICE_RULE).where(columns.price_group == group).order_by(columns.place)
    found = [
        PriceRule(
            supplier=row.supplier_id,
            maker=row.maker,
            from_price=row.from_cents / 100,
            percent=row.percent_hundredths / 100,
            plus=row.plus_cents / 100,
        )
        for row in connection.execute(wanted)
    ]
    if not found:
        raise Refused(
            f"price group {group!r} has no rule: bin/console exports:load a file with"
            f" [price.{group}]"
        )
    return found


def _way_out(connection: Connection) -> tuple[Any, Any]:
    """Give the database's module and the driver's connection, within the open transaction."""
    module = import_module(f"infra.sql.exporting.{kind_of(connection)}")
    return module, connection.connection.dbapi_connection


def _offered(row: tuple[Any, ...]) -> Offered:
    article, ean, maker, maker_no, quantity, price = row
    return Offered(
        article=int(article),
        ean=ean or "",
        maker=maker or "",
        maker_no=maker_no or "",
        quantity=int(quantity),
        price_cents=int(price),
    )
