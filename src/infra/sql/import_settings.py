"""Suppliers' import settings, one JSON document per row."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Engine, delete, insert, select

from domain.jobs.supplier_import.setting import ImportSetting
from infra.files.settings_file import from_document, to_document
from infra.sql.engine import reading, writing
from infra.sql.tables import SUPPLIER_IMPORT_SETTING as TABLE


class SqlImportSettings:
    """Reads and stores settings; a document that cannot be read stops only its own supplier."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def names(self, *, active: bool) -> Mapping[int, str]:
        wanted = select(TABLE.c.supplier_id, TABLE.c.name).where(TABLE.c.active == active)
        with reading(self._engine) as connection:
            rows = connection.execute(wanted.order_by(TABLE.c.supplier_id)).all()
        return {row.supplier_id: row.name for row in rows}

    def find(self, supplier_id: int) -> ImportSetting | None:
        """Give the setting; ConfigurationInvalid where its document cannot be read.

        The row's ``active`` wins over the document's, so that a supplier is switched off at once.
        """
        wanted = select(TABLE.c.document, TABLE.c.active).where(TABLE.c.supplier_id == supplier_id)
        with reading(self._engine) as connection:
            row = connection.execute(wanted).one_or_none()
        return row and replace(from_document(json.loads(row.document)), active=row.active)

    def every(self) -> Sequence[ImportSetting]:
        wanted = select(TABLE.c.document).order_by(TABLE.c.supplier_id)
        with reading(self._engine) as connection:
            documents = connection.execute(wanted).scalars().all()
        return [from_document(json.loads(document)) for document in documents]

    def save(self, settings: Sequence[ImportSetting]) -> None:
        """Store all of them or none; a supplier's former setting is replaced."""
        with writing(self._engine) as connection:
            for setting in settings:
                connection.execute(delete(TABLE).where(TABLE.c.supplier_id == setting.supplier_id))
                connection.execute(
                    insert(TABLE).values(
                        supplier_id=setting.supplier_id,
                        name=setting.name,
                        active=setting.active,
                        document=json.dumps(to_document(setting), ensure_ascii=False),
                    )
                )
