"""A shop of its own for tests that type commands: settings, database and import folder."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from servers.access import Access
from servers.databases import copy_empty

CHECKOUT = Path(__file__).resolve().parents[1]
CONSOLE = CHECKOUT / "bin" / "console"
FAULTY = CHECKOUT / "tests" / "faulty_console.py"
IMPORT = "cron:suppliers:import-stock"

SETTING = """
[supplier.{number}]
name = "Supplier {number}"
source = "{number}"
pattern = "*.csv"
[supplier.{number}.columns]
article_no = "article"
quantity = ["quantity"]
price = "price"
[supplier.{number}.guards]
settle_seconds = 0
max_drop_percent = 100
"""


class Shop:
    """One shop below a folder; every command runs as a process of its own.

    Its database is a SQLite file unless an address is given: ``with database(kind) as url``.
    """

    def __init__(self, root: Path, *, url: str = "") -> None:
        self.root = root
        shutil.copytree(CHECKOUT / "config", root / "config")
        (root / "var").mkdir()
        self.url = url or copy_empty(root / "var" / "crontract.db")
        self.environment = {
            **{key: value for key, value in os.environ.items() if not _ours(key)},
            "CRONTRACT_HOME": str(root),
            "PYTHONPATH": "",
            **({"DATABASE_URL": url} if url else {}),
        }

    # --- commands -------------------------------------------------------------------------------

    def console(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Type a command and wait for it."""
        return subprocess.run(
            [CONSOLE, *words],
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def start(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        """Type a command and do not wait."""
        return self._popen([str(CONSOLE), *words], environment)

    def start_faulty(self, fault: str, *words: str) -> subprocess.Popen[str]:
        """Type a command whose job meets a fault at a checkpoint; see ``faulty_console``."""
        return self._popen([sys.executable, "-I", str(FAULTY), fault, *words], {})

    def _popen(self, command: Sequence[str], environment: dict[str, str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    # --- suppliers ------------------------------------------------------------------------------

    def add_supplier(self, number: int, *, setting: str = SETTING) -> Path:
        """Load a setting; gives the supplier's folder."""
        file = self.root / f"supplier-{number}.toml"
        file.write_text(setting.format(number=number), encoding="utf-8")
        loaded = self.console("suppliers:load", str(file))
        assert loaded.returncode == 0, loaded.stderr
        folder = self.root / "var" / "import" / str(number)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def deliver(
        self, number: int, rows: Sequence[tuple[str, int, str]], name: str = "stock.csv"
    ) -> Path:
        """Put a file of (article, quantity, price) in the supplier's folder."""
        file = self.root / "var" / "import" / str(number) / name
        body = "".join(f"{article};{quantity};{price}\n" for article, quantity, price in rows)
        file.write_text(f"article;quantity;price\n{body}", encoding="utf-8")
        return file

    # --- what came of it ------------------------------------------------------------------------

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        with Access(self.url) as access:
            return access.rows(statement)

    def runs(self) -> list[dict[str, Any]]:
        """Give the ledger as runs:list tells it, the newest first."""
        answer = self.console("runs:list", "--limit=1000", "--format=json")
        assert answer.returncode == 0, answer.stderr
        runs: list[dict[str, Any]] = json.loads(answer.stdout)
        return runs

    def state(self) -> dict[str, Any]:
        """Give all that an import leaves, but for times and run ids."""
        tables = {
            "stock": "SELECT supplier_id, supplier_article_no, dot, ean, qty, price_cents"
            " FROM supplier_stock ORDER BY 1, 2, 3",
            "history": 'SELECT supplier_article_no, dot, "change", old_qty, new_qty'
            " FROM supplier_stock_history ORDER BY 1, 2, 3, 4, 5",
            "review": "SELECT supplier_id, supplier_article_no, reason FROM match_review"
            " ORDER BY 1, 2",
            "booked": "SELECT supplier_id, sha256 FROM import_run WHERE status = 'booked'"
            " ORDER BY 1, 2",
        }
        found: dict[str, Any] = {name: self.query(text) for name, text in tables.items()}
        found["files"] = sorted(
            str(path.relative_to(self.root))
            for path in (self.root / "var" / "import").rglob("*")
            if path.is_file()
        )
        return found


def _ours(name: str) -> bool:
    return name.startswith(("CRON", "PYTHON", "DATABASE_URL", "TRACEPARENT", "INVOCATION_ID"))


# --- processes -------------------------------------------------------------------------------


def events(stderr: str, name: str) -> list[dict[str, Any]]:
    """Give the log lines of one event."""
    lines = [json.loads(line) for line in stderr.splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == name]


def family(shop: Shop) -> set[int]:
    """Find every process that works for this shop, by its environment."""
    mark = f"CRONTRACT_HOME={shop.root}".encode()
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and mark in _read(entry / "environ").split(b"\0"):
            found.add(int(entry.name))  # a zombie's environment is empty
    return found


def children_of(pid: int) -> list[int]:
    """Give the children of a process, the oldest first."""
    parent = str(pid).encode()
    return sorted(
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit()
        and _read(entry / "stat").rpartition(b")")[2].split()[1:2] == [parent]
    )


def gone_within(shop: Shop, seconds: float) -> set[int]:
    """Wait for the shop's processes to end; gives those that did not."""
    give_up = time.monotonic() + seconds
    while (left := family(shop)) and time.monotonic() < give_up:
        time.sleep(0.02)
    return left


def kill(pids: Iterator[int] | Sequence[int]) -> None:
    """Kill processes that may have ended already."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
