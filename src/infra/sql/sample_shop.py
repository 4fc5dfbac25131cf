"""The small shop of ops/sample-shop, put into the database and the import folder."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, select

from domain.errors import Refused
from domain.jobs.supplier_import.setting import ImportSetting
from infra.files.export_settings import ExportsFile, load_exports
from infra.files.sample_images import SampleImages, put
from infra.files.settings_file import load_settings
from infra.platforms.setting_form import load_platforms
from infra.sessions.sample import sample_sessions
from infra.sql.engine import reading, writing
from infra.sql.export_settings import SqlExportSettings
from infra.sql.import_settings import SqlImportSettings
from infra.sql.instants import to_text
from infra.sql.platform_settings import SqlPlatformSettings
from infra.sql.sample_hits import add_hits
from infra.sql.sample_licences import add_licences
from infra.sql.sample_old_rows import add_old_rows
from infra.sql.tables import ARTICLE, IMPORT_RUN, SUPPLIER_ARTICLE

VEHICLE_FILES = ("vehicles.csv", "fitments.csv")


@dataclass(frozen=True, kw_only=True)
class SampleFolders:
    """Where the files of suppliers, of vehicles, of orders and of sessions are looked for."""

    imports: Path
    vehicles: Path
    orders: Path
    sessions: Path


class SampleShop:
    """Loads what is missing; rows and settings that are there stay as they are."""

    def __init__(
        self,
        engine: Engine,
        source: Path,
        folders: SampleFolders,
        images: SampleImages,
        env: str,
    ) -> None:
        self._engine, self._source, self._folders = engine, source, folders
        self._images, self._env = images, env

    def load(self) -> Mapping[str, int]:
        """Give how many articles, known supplier articles, settings and files the sample has."""
        if self._env == "prod":
            raise Refused("the sample shop is for dev and test: choose another --env")
        settings = load_settings(self._source / "settings.toml")
        self._add_settings(settings)
        articles, known = self._rows("articles"), self._rows("supplier_articles")
        with writing(self._engine) as connection:
            _add_articles(connection, articles)
            _add_supplier_articles(connection, known)
            licences, hits = add_licences(connection), add_hits(connection)
            old_rows = add_old_rows(connection)
        return {
            "articles": len(articles),
            "supplier articles": len(known),
            "import settings": len(settings),
            "supplier files": sum(self._copy_files(setting) for setting in settings),
            "article images": self._images.load(),
            "exports": self._add_exports(load_exports(self._source / "exports.toml")),
            "minishop licences": licences,
            "vehicle files": self._copy_vehicles(),
            "page hits": hits,
            "order files": self._copy_orders(),
            "rows for the cleaners": old_rows,
            "sessions": sample_sessions(self._folders.sessions),
        }

    def _add_settings(self, settings: Sequence[ImportSetting]) -> None:
        shelf = SqlImportSettings(self._engine)
        there = {*shelf.names(active=True), *shelf.names(active=False)}
        shelf.save([setting for setting in settings if setting.supplier_id not in there])

    def _add_exports(self, file: ExportsFile) -> int:
        """Where one of them is there, its prices may be the shop's own by now."""
        shelf = SqlExportSettings(self._engine)
        there = {*shelf.names(active=True), *shelf.names(active=False)}
        if there.isdisjoint(setting.export_id for setting in file.exports):
            shelf.load(file)
        return len(file.exports)

    def _copy_files(self, setting: ImportSetting) -> int:
        target = self._folders.imports / setting.source
        target.mkdir(parents=True, exist_ok=True)
        known = self._was_imported(setting.supplier_id)
        folder = self._source / "import" / setting.source
        files = sorted(folder.iterdir()) if folder.is_dir() else []
        for file in files:
            if not known:
                put(file, target)
        return len(files)

    def _copy_vehicles(self) -> int:
        vehicles = self._folders.vehicles
        vehicles.mkdir(parents=True, exist_ok=True)
        for name in VEHICLE_FILES:
            put(self._source / name, vehicles)
        return len(VEHICLE_FILES)

    def _copy_orders(self) -> int:
        """A platform that is there has had its files, and its setting may be the shop's own."""
        shelf, files = SqlPlatformSettings(self._engine), list((self._source / "orders").iterdir())
        there = {*shelf.names(active=True), *shelf.names(active=False)}
        for platform in load_platforms(self._source / "platforms.toml"):
            folder = self._folders.orders / platform.folder
            if platform.platform_id not in there:
                folder.mkdir(parents=True, exist_ok=True)
                for file in files:
                    put(file, folder)
                shelf.save([platform])
        return len(files)

    def _was_imported(self, supplier_id: int) -> bool:
        """Its stock may stem from a newer list than the sample by now."""
        mine = select(IMPORT_RUN.c.id).where(IMPORT_RUN.c.supplier_id == supplier_id)
        with reading(self._engine) as connection:
            return connection.execute(mine.limit(1)).first() is not None

    def _rows(self, name: str) -> list[dict[str, str | None]]:
        with (self._source / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            return [{key: value or None for key, value in row.items()} for row in rows]


def _add_articles(connection: Connection, rows: Sequence[dict[str, str | None]]) -> None:
    there = set(connection.execute(select(ARTICLE.c.id)).scalars())
    missing = [{**row, "id": int(row["id"] or 0), "name": row["name"] or ""} for row in rows]
    missing = [row for row in missing if row["id"] not in there]
    if missing:
        connection.execute(insert(ARTICLE), missing)


def _add_supplier_articles(connection: Connection, rows: Sequence[dict[str, str | None]]) -> None:
    there = {
        (row.supplier_id, row.supplier_article_no)
        for row in connection.execute(
            select(SUPPLIER_ARTICLE.c.supplier_id, SUPPLIER_ARTICLE.c.supplier_article_no)
        )
    }
    matched_at = to_text(datetime.now(UTC))
    missing = [
        {
            "supplier_id": int(row["supplier_id"] or 0),
            "supplier_article_no": row["supplier_article_no"],
            "article_id": int(row["article_id"] or 0),
            "matched_by": "sample",
            "matched_at": matched_at,
        }
        for row in rows
        if (int(row["supplier_id"] or 0), row["supplier_article_no"]) not in there
    ]
    if missing:
        connection.execute(insert(SUPPLIER_ARTICLE), missing)
