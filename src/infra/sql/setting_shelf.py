"""Settings kept by number or name, one JSON document per row."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Engine, Table, delete, insert, select

from infra.files.setting_form import SettingForm
from infra.sql.engine import reading, writing

Made = TypeVar("Made")


class SqlSettingShelf(Generic[Made]):
    """Reads and stores settings; a document that cannot be read stops only its own number."""

    def __init__(self, engine: Engine, table: Table, form: SettingForm[Made]) -> None:
        self._engine, self._table, self._form = engine, table, form
        self._number = table.c[form.number]

    def names(self, *, active: bool) -> Mapping[Any, str]:
        wanted = select(self._number, self._table.c.name).where(self._table.c.active == active)
        with reading(self._engine) as connection:
            rows = connection.execute(wanted.order_by(self._number)).all()
        return {row[0]: row[1] for row in rows}

    def find(self, number: int | str) -> Made | None:
        """Give the setting; ConfigurationInvalid where its document cannot be read."""
        columns = self._table.c
        wanted = select(columns.document, columns.active).where(self._number == number)
        with reading(self._engine) as connection:
            row = connection.execute(wanted).one_or_none()
        return row and self._form.stored(row.document, active=row.active)

    def every(self) -> Sequence[Made]:
        columns = self._table.c
        wanted = select(columns.document, columns.active).order_by(self._number)
        with reading(self._engine) as connection:
            rows = connection.execute(wanted).all()
        return [self._form.stored(row.document, active=row.active) for row in rows]

    def save(self, settings: Sequence[Made]) -> None:
        """Store all of them or none; a former setting of the same number is replaced."""
        with writing(self._engine) as connection:
            self.save_on(connection, settings)

    def save_on(self, connection: Connection, settings: Sequence[Made]) -> None:
        """Store them in a transaction that holds more."""
        for setting in settings:
            row = self._row(setting)
            connection.execute(delete(self._table).where(self._number == row[self._form.number]))
            connection.execute(insert(self._table).values(row))

    def _row(self, setting: Any) -> dict[str, object]:
        return {
            self._form.number: getattr(setting, self._form.number),
            "name": setting.name,
            "active": setting.active,
            "document": json.dumps(self._form.to_document(setting), ensure_ascii=False),
        }
