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
        self.database = folder / "shop.db"
        self.locks = folder / "var" / "locks"
        self._inbox = folder / "var" / "import" / "tyres"

    @property
    def env(self) -> Mapping[str, str]:
        return self._at(self.database)

    def make(self) -> None:
        """Write the supplier's file and the stock that it meets."""
        self._inbox.mkdir(parents=True)
        shutil.copytree(ROOT / "config", self._folder / "config")
        setting = self._folder / "supplier.toml"
        setting.write_text(_SETTING, "utf-8")
        base = self._at(self._base)
        run([CONSOLE, "db:migrate"], base)
        run([CONSOLE, "suppliers:load", str(setting)], base)
        lines = ["--lines", str(self.lines)]
        run([PYTHON, "-m", "bench.stock_base", "fill", str(self._base), *lines])
        run([PYTHON, "-m", "bench.tyre_file", str(self.file), *lines])

    def reset(self) -> None:
        """Stock as before the import, the file in the supplier's folder."""
        for suffix in ("-wal", "-shm"):
            self.database.with_name(self.database.name + suffix).unlink(missing_ok=True)
        _copy(self._base, self.database)
        self.deliver()

    def deliver(self) -> None:
        """The file arrives again, just now; what earlier runs archived goes."""
        shutil.rmtree(self._inbox)
        self._inbox.mkdir()
        _copy(self.file, self._inbox / self.file.name)

    def forget_skips(self) -> None:
        """Too many refused starts in a row are no longer a plain refusal."""
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute("DELETE FROM cron_run WHERE outcome = 'skipped_locked'")

    def check(self) -> None:
        """Raise WrongAnswer unless stock is what the file says."""
        argv = [PYTHON, "-m", "bench.stock_base", "check", str(self.database)]
        run([*argv, "--lines", str(self.lines)])

    def _at(self, database: Path) -> Mapping[str, str]:
        return {"CRONTRACT_HOME": str(self._folder), "DATABASE_URL": f"sqlite:///{database}"}


def _copy(source: Path, target: Path) -> None:
    """Copy to the disk itself, so that no run pays for the writing of its copy."""
    shutil.copyfile(source, target)
    descriptor = os.open(target, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
