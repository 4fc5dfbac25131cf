"""The console with faults: ``faulty_console.py FAULTS COMMAND …``; several are joined by commas.

In the job, at its checkpoints: ``record:FILE`` writes each one's name; ``kill:N`` kills the job's
own process at the Nth; ``hang:N`` says so in the log and sleeps there; ``pause:NAME:FOLDER``
leaves FOLDER/NAME at the first of that name and goes on once there is FOLDER/go; ``tell:N``
prints the database's address at the Nth, in C as well, and dies of an error that holds it.

In the supervisor: ``host:NAME`` makes it one of another host; ``lease:SECONDS`` shortens a lease
and all that follows from it; ``hasty:`` waits for nothing between attempts; ``close:FOLDER`` is a
pause before the verdict is written; ``timeout:SECONDS`` shortens the contract of the import;
``blind:`` lets no secret be known, so that none is scrubbed.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from domain.operating.ports import Closing
from infra import secrets
from infra.boot import boot
from infra.clock import SystemEntropy
from infra.process import identity
from infra.sql.address import address_of
from infra.sql.ledger import SqlLedger
from kernel import supervision
from kernel.console import main
from kernel.supervision import Supervision

Checkpoint = Callable[[str], None]

# --- at the job's checkpoints ----------------------------------------------------------------


def _record(file: str) -> Checkpoint:
    def record(name: str) -> None:
        with Path(file).open("a", encoding="utf-8") as names:
            names.write(f"{name}\n")

    return record


def _at_the_nth(number: str, step: Checkpoint) -> Checkpoint:
    left = [int(number)]

    def at(name: str) -> None:
        left[0] -= 1
        if left[0] == 0:
            step(name)

    return at


def _kill(_name: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _hang(name: str) -> None:
    sys.stdout.write(f"hangs at {name}\n")
    sys.stdout.flush()
    time.sleep(600)


def _tell(_name: str) -> None:
    address = address_of(boot("dev").database_url)
    secret = f"{boot('dev').database_url} {address.password}"
    os.write(1, f"told {secret}\n".encode())
    subprocess.run(["tr", "a", "a"], input=f"{secret}\n".encode(), check=True)
    logging.getLogger("driver").warning("no login: %s", secret)
    raise RuntimeError(secret)


def _pause(value: str) -> Checkpoint:
    awaited, _, folder = value.partition(":")

    def pause(name: str) -> None:
        if name == awaited:
            _wait_in(Path(folder), name)

    return pause


def _wait_in(folder: Path, name: str) -> None:
    if not (folder / name).exists():  # the first time only
        (folder / name).touch()
        while not (folder / "go").exists():
            time.sleep(0.01)


CHECKPOINTS: dict[str, Callable[[str], Checkpoint]] = {
    "record": _record,
    "kill": partial(_at_the_nth, step=_kill),
    "hang": partial(_at_the_nth, step=_hang),
    "pause": _pause,
    "tell": partial(_at_the_nth, step=_tell),
}

# --- in the supervisor -----------------------------------------------------------------------


def _set(owner: Any, name: str, value: object) -> None:
    setattr(owner, name, value)


def _move_to(host: str) -> None:
    _set(identity, "host", lambda: host)


def _shorten(seconds: str) -> None:
    """Keep the proportions of 30 s: renewed every third, fenced at two thirds and nine tenths."""
    from infra.locks import database, redis
    from infra.process import limits
    from infra.sql import session_rules

    lease = float(seconds)
    pace = {"renew_every": lease / 3, "stop_after": lease * 2 / 3, "kill_after": lease * 0.9}
    _set(database, "DatabaseLocks", partial(database.DatabaseLocks, lease_seconds=lease))
    _set(redis, "RedisLocks", partial(redis.RedisLocks, lease_seconds=lease))
    _set(limits, "Pace", partial(limits.Pace, **pace))
    _set(session_rules, "IDLE_SECONDS", round(lease))


class _NoPatience(SystemEntropy):
    """Draws the shortest wait."""

    def uniform(self, low: float, high: float) -> float:
        return min(low, high)


def _hurry(_value: str) -> None:
    _set(supervision, "SystemEntropy", _NoPatience)


def _pause_before_closing(folder: str) -> None:
    class PausedLedger(SqlLedger):
        """Waits before the first try to write the verdict."""

        def close(self, run_id: str, closing: Closing) -> None:
            _wait_in(Path(folder), "close")
            super().close(run_id, closing)

    _set(supervision, "SqlLedger", PausedLedger)


def _allow(seconds: str) -> None:
    from commands.cron.suppliers_import_stock import SuppliersImportStock

    span = timedelta(seconds=float(seconds))
    shortened = replace(SuppliersImportStock.contract, timeout=span, grace=span)
    SuppliersImportStock.contract = shortened


def _know_no_secret(_value: str) -> None:
    _set(secrets, "_keep", lambda _: None)


SUPERVISORS: dict[str, Callable[[str], None]] = {
    "host": _move_to,
    "lease": _shorten,
    "hasty": _hurry,
    "close": _pause_before_closing,
    "timeout": _allow,
    "blind": _know_no_secret,
}


def prepare(faults: str) -> None:
    at_checkpoints = []
    for fault in faults.split(","):
        kind, _, value = fault.partition(":")
        if kind in CHECKPOINTS:
            at_checkpoints.append(CHECKPOINTS[kind](value))
        else:
            SUPERVISORS[kind](value)

    def meet_all(name: str) -> None:
        for meet in at_checkpoints:
            meet(name)

    Supervision.on_checkpoint = staticmethod(meet_all)


if __name__ == "__main__":
    prepare(sys.argv[1])
    sys.exit(main(sys.argv[2:]))
