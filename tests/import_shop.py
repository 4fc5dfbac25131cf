"""A small real shop for import tests: a migrated SQLite file and folders with supplier files."""

from __future__ import annotations

import hashlib
import os
import resource
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from domain.errors import DiskFull
from domain.jobs.supplier_import.one_supplier import OneSupplier
from domain.jobs.supplier_import.process import StandardProcess
from domain.jobs.supplier_import.request import ImportRequest
from domain.jobs.supplier_import.service import SupplierImport
from domain.jobs.supplier_import.setting import Columns, Guards, ImportSetting, Layout
from domain.operating.run import Summary, UnitResult
from fakes.supplier_import import NOON, FakeRun, FakeSettings, FixedClock, setting_of
from infra.files.feeds import DirectoryFeeds
from infra.files.rows import open_rows
from infra.sql.engine import make_engine
from infra.sql.stock_book import SqlStockBook
from servers.access import Access
from servers.databases import copy_empty

COLUMNS = Columns(
    article_no=1, quantity=(2,), price=3, ean=4, dot=5, maker=6, maker_no=7, delivery_days=8
)
WIDTH = 8

LENIENT = Guards(max_drop_percent=100, max_errors_percent=100, min_rows=0)
"""For tests of what is written, not of what is refused."""


def import_setting(supplier_id: int = 23, **changes: Any) -> ImportSetting:
    """One supplier with every column, by number, without a header."""
    values = {"columns": COLUMNS, "layout": Layout(header_row=0), "guards": LENIENT}
    return setting_of(supplier_id, **(values | changes))


@dataclass
class ImportShop:
    """The import with its real book and feeds in one folder.

    Its database is a SQLite file there unless an address is given: ``with database(kind) as url``.
    """

    folder: Path
    url: str = ""
    settings: dict[int, ImportSetting | Exception] = field(
        default_factory=lambda: {23: import_setting()}
    )
    clock: FixedClock = field(default_factory=FixedClock)

    def __post_init__(self) -> None:
        self.database = self.folder / "shop.sqlite"
        if not self.url:
            self.url = f"sqlite:///{self.database}"
            if not self.database.exists():
                copy_empty(self.database)
        self.inbox(23).mkdir(parents=True, exist_ok=True)

    def inbox(self, supplier_id: int = 23) -> Path:
        return self.folder / "import" / f"supplier-{supplier_id}"

    def receives(
        self, *lines: str, name: str = "stock.csv", supplier_id: int = 23, minutes_old: float = 60
    ) -> Path:
        """Put a file into the inbox; lines are padded to the width of the setting."""
        path = self.inbox(supplier_id) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        padded = (line + ";" * (WIDTH - 1 - line.count(";")) for line in lines)
        path.write_text("".join(f"{line}\n" for line in padded), "utf-8")
        touched = (NOON - timedelta(minutes=minutes_old)).timestamp()
        os.utime(path, (touched, touched))
        return path

    def imports(self, run: FakeRun | None = None, **request: Any) -> Summary:
        """Run the import of supplier 23 (or as asked)."""
        engine, reader = make_engine(self.url), make_engine(self.url, read_only=True)
        feeds = DirectoryFeeds(self.folder / "import", self.clock)
        book = SqlStockBook(engine, reader)
        standard = StandardProcess(feeds, book, open_rows, self.clock)
        supplier = OneSupplier(feeds, book, {"standard": standard}, self.clock)
        try:
            job = SupplierImport(FakeSettings(self.settings), supplier)
            return job(ImportRequest(**({"supplier": 23} | request)), run or FakeRun())
        finally:
            engine.dispose()
            reader.dispose()

    def rows(self, statement: str, *values: object) -> Sequence[tuple[Any, ...]]:
        with Access(self.url) as access:
            return access.rows(statement, *values)

    def writes(self, statement: str, *rows: Sequence[object]) -> None:
        with Access(self.url) as access:
            access.many(statement, rows)

    def stock(self, supplier_id: int = 23) -> dict[tuple[str, str], tuple[int, int | None]]:
        """Quantity and price in cents by article number and DOT."""
        found = self.rows(
            "SELECT supplier_article_no, dot, qty, price_cents FROM supplier_stock"
            " WHERE supplier_id = ?",
            supplier_id,
        )
        return {(article_no, dot): (qty, price) for article_no, dot, qty, price in found}

    def quantities(self) -> dict[str, int]:
        return {article_no: qty for (article_no, _), (qty, _) in self.stock().items()}

    def dump(self, *tables: str) -> Sequence[tuple[Any, ...]]:
        return [row for table in tables for row in self.rows(f"SELECT * FROM {table}")]  # noqa: S608 - tables of our own tests

    def fingerprint(self) -> str:
        """Of every file's name, time and content below the folder, and of the whole database."""
        digest = hashlib.sha256()
        scheme, _, place = self.url.partition(":///")
        file = Path(place if scheme == "sqlite" else self.folder)
        for path in sorted({*self.folder.rglob("*"), *file.parent.glob(f"{file.name}*")}):
            # The shared memory of SQLite's log is no content: readers leave their marks in it.
            if path.is_file() and not path.name.endswith("-shm"):
                digest.update(f"{path}{path.stat().st_mtime_ns}".encode())
                digest.update(path.read_bytes())
        if scheme != "sqlite":
            digest.update(repr(self._everything()).encode())
        return digest.hexdigest()

    def _everything(self) -> list[tuple[str, Sequence[tuple[Any, ...]]]]:
        """Every table of a server's database with its rows, of which no order is promised."""
        tables = self.rows(
            "SELECT table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'"
            " AND table_schema IN ('public', ?)",
            self.url.rpartition("/")[2],
        )
        return [(name, sorted(self.dump(name), key=repr)) for (name,) in sorted(tables)]


# --- what a child process is started with: it must be found by its name ------------------------


def import_in_child(shop: ImportShop, supplier_id: int) -> None:
    """Exit 0 if the supplier's file was booked."""
    done = shop.imports(supplier=supplier_id).units[0].result is UnitResult.DONE
    os._exit(0 if done else 1)


def import_into_full_disk(shop: ImportShop) -> None:
    """Exit 0 if the import was refused for want of room."""
    try:
        shop.imports()
    except DiskFull as error:
        os._exit(0 if "nothing was written" in str(error) else 4)
    os._exit(3)


def import_into_small_files(shop: ImportShop) -> None:
    """The same where no file may grow much beyond the database's size."""
    most = shop.database.stat().st_size + 200_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    import_into_full_disk(shop)
