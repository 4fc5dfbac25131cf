"""A shop of the benchmark's own: settings, database and import folder in one place."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from bench.timing import CONSOLE, PYTHON, ROOT, run

SUPPLIER = 23
BASE, SHOP = "bench_base", "bench_shop"
IMPORT = (CONSOLE, "cron:suppliers:import-stock", f"--supplier={SUPPLIER}")

_SETTING = f"""\
[supplier.{SUPPLIER}]
name = "Tyre wholesaler"
active = true
source = "tyres"
pattern = "*.csv"
mode = "full"
duplicates = "sum"

[supplier.{SUPPLIER}.columns]
article_no = "Artikelnr."
ean = "EAN"
quantity = ["Bestand"]
price = "EK netto"
dot = "DOT"

[supplier.{SUPPLIER}.layout]
format = "csv"
encoding = "iso-8859-1"
delimiter = ";"
header_row = 1

[supplier.{SUPPLIER}.reading]
decimal = ","
currency = "EUR"

[supplier.{SUPPLIER}.guards]
max_age_hours = 24
settle_seconds = 0
min_rows = 1
"""


class PrivateShop:
    """A shop with a given number of articles in stock and a file of as many lines.

    Base and file are made once; ``reset`` puts the shop back to the state before the import.
    """

    def __init__(self, folder: Path, lines: int) -> None:
        self._folder, self.lines = folder, lines
        self._base, self.file = folder / "base.db", folder / "tyres.csv"
        self._database = folder / "shop.db"
        self.locks = folder / "var" / "locks"
        self._inbox = folder / "var" / "import" / "tyres"

    @property
    def database(self) -> str:
        """What a program that is no console takes to find the stock."""
        return str(self._database)

    @property
    def env(self) -> Mapping[str, str]:
        return self._at(f"sqlite:///{self._database}")

    @property
    def _base_url(self) -> str:
        return f"sqlite:///{self._base}"

    def make(self) -> None:
        """Write the supplier's file and the stock that it meets."""
        self._inbox.mkdir(parents=True)
        shutil.copytree(ROOT / "config", self._folder / "config")
        setting = self._folder / "supplier.toml"
        setting.write_text(_SETTING, "utf-8")
        base = self._at(self._base_url)
        run([CONSOLE, "db:migrate"], base)
        run([CONSOLE, "suppliers:load", str(setting)], base)
        self._fill()
        run([PYTHON, "-m", "bench.tyre_file", str(self.file), *self._lines])

    def reset(self) -> None:
        """Stock as before the import, the file in the supplier's folder."""
        self._copy_base()
        self.deliver()

    def deliver(self) -> None:
        """The file arrives again, just now; what earlier runs archived goes."""
        shutil.rmtree(self._inbox)
        self._inbox.mkdir()
        _copy(self.file, self._inbox / self.file.name)

    def forget_skips(self) -> None:
        """Too many refused starts in a row are no longer a plain refusal."""
        with closing(sqlite3.connect(self._database)) as connection, connection:
            connection.execute("DELETE FROM cron_run WHERE outcome = 'skipped_locked'")

    def check(self) -> None:
        """Raise WrongAnswer unless stock is what the file says."""
        run([PYTHON, "-m", "bench.stock_base", "check", self.database, *self._lines])

    @property
    def _lines(self) -> tuple[str, str]:
        return "--lines", str(self.lines)

    def _fill(self) -> None:
        run([PYTHON, "-m", "bench.stock_base", "fill", str(self._base), *self._lines])

    def _copy_base(self) -> None:
        for suffix in ("-wal", "-shm"):
            Path(self.database + suffix).unlink(missing_ok=True)
        _copy(self._base, self._database)

    def _at(self, url: str) -> Mapping[str, str]:
        return {"CRONTRACT_HOME": str(self._folder), "DATABASE_URL": url}


class ServerShop(PrivateShop):
    """The same shop with its database on a server, which belongs to the benchmark."""

    def __init__(self, folder: Path, lines: int, server: str) -> None:
        super().__init__(folder, lines)
        self._server = server.rpartition("/")[0]

    def make(self) -> None:
        self._do("create", self._base_url)
        super().make()

    def check(self) -> None:
        self._do("check", self.database)

    @property
    def database(self) -> str:
        return f"{self._server}/{SHOP}"

    @property
    def env(self) -> Mapping[str, str]:
        return self._at(self.database)

    @property
    def _base_url(self) -> str:
        return f"{self._server}/{BASE}"

    def _fill(self) -> None:
        self._do("fill", self._base_url, "--folder", str(self._folder))

    def _copy_base(self) -> None:
        self._do("reset", self.database)

    def _do(self, *words: str) -> None:
        """In a process of its own: drivers would make this one large."""
        run([PYTHON, "-m", "bench.server_stock", *words, *self._lines])


def _copy(source: Path, target: Path) -> None:
    """Copy to the disk itself, so that no run pays for the writing of its copy."""
    shutil.copyfile(source, target)
    descriptor = os.open(target, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
