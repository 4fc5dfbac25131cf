"""Starts of one job that race on one database: from two hosts, frozen, killed and fenced off."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from private_shop import IMPORT, SETTING, Shop, children_of

ONE = (IMPORT, "--supplier=1")
KEY = "cron.suppliers.import.supplier.1"
SERVERS = ("postgresql", "mariadb")

LEASE_SECONDS = 5.0
"""A sixth of the true lease; what follows from it is shortened with it."""

PATIENCE_SECONDS = 60.0

BEFORE = [(f"A-{number:06d}", number % 7, "10,00") for number in range(400)]
AFTER = [
    *((f"A-{number:06d}", number % 5, "10,50") for number in range(100, 400)),
    *((f"N-{number:06d}", 3, "99,00") for number in range(50)),
]


class RacedShop(Shop):
    """A shop with one supplier, one file imported and another one waiting."""

    def __init__(self, root: Path, url: str, *, more: int = 0) -> None:
        root.mkdir(parents=True)
        super().__init__(root, url=url)
        self.add_supplier(1, setting=SETTING)
        self.deliver(1, BEFORE)
        first = self.console(*ONE)
        assert first.returncode == 0, first.stderr
        self.deliver(1, [*AFTER, *((f"M-{number:06d}", 1, "5,00") for number in range(more))])

    def outcome_of(self, run_id: str) -> tuple[Any, ...]:
        """Give the ledger's word and exit code for a run."""
        [found] = self.query(f"SELECT outcome, exit_code FROM cron_run WHERE run_id = '{run_id}'")  # noqa: S608 - our own id
        return found

    def counts(self) -> dict[str, int]:
        """Tell how many runs ended in which way."""
        return dict(
            self.query("SELECT COALESCE(outcome, status), COUNT(*) FROM cron_run GROUP BY 1")
        )


class Start:
    """One start of the job on a host of that name; ``pause`` names a checkpoint to wait at."""

    def __init__(self, shop: Shop, folder: Path, host: str, *faults: str, pause: str = "") -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        words = [f"host:{host}", f"lease:{LEASE_SECONDS}", "hasty", *faults]
        if pause:
            words.append(f"pause:{pause}:{folder}")
        self._process = shop.start_faulty(",".join(words), *ONE)

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_at(self, pause: str) -> None:
        until((self._folder / pause).exists, f"{pause} was reached", self._process)

    def go_on(self) -> None:
        (self._folder / "go").touch()

    def family(self) -> list[int]:
        """Give supervisor, warden and job."""
        found = [self.pid]
        for pid in found:
            found += children_of(pid)
        return found

    def finish(self) -> tuple[int, str]:
        """Wait for the end; gives exit code and log."""
        _, log = self._process.communicate(timeout=PATIENCE_SECONDS)
        return self._process.returncode, log


def until(holds: object, what: str, process: subprocess.Popen[str] | None = None) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not holds():  # type: ignore[operator]
        if process and process.poll() is not None:
            raise AssertionError(f"left before {what}: {process.communicate()[1]}")
        assert time.monotonic() < give_up, f"waited in vain until {what}"
        time.sleep(0.02)


def send(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
