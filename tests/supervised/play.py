"""The audience's side: starts a supervisor on its stage, signals it, reads what it said."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 60.0
"""Far above what any step takes; a test that waits so long has failed."""


@dataclass(frozen=True)
class Said:
    """What the stage printed: the end's fields, and what was left behind."""

    kind: str
    end: dict[str, Any]
    progress: list[list[Any]]
    descriptors: list[str]
    children: list[int]
    held: list[str]
    stderr: str

    @property
    def verdict(self) -> tuple[str, int]:
        return self.end["outcome"], self.end["exit_code"]


class Stage:
    """One supervisor in its own process; the folder is where it and its job leave marks."""

    def __init__(self, folder: Path, job: str, **play: Any) -> None:
        self.folder = folder
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "supervised.stage"),
                json.dumps({"job": job, "folder": str(folder), **play}),
            ],
            env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'tests'}"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait_for(self, name: str) -> str:
        """Wait until the file is there, and read it."""
        left = self.folder / name
        until(left.exists, f"{name} was left")
        return left.read_text()

    def said(self) -> Said:
        """Wait for the end of the supervisor and read what it printed."""
        stdout, stderr = self._communicate()
        assert self._process.returncode == 0, stderr
        return Said(**json.loads(stdout.splitlines()[-1]), stderr=stderr)

    def died(self) -> int:
        """Wait for the end of a supervisor that was killed."""
        try:
            return self._process.wait(timeout=PATIENCE_SECONDS)
        finally:
            for pipe in (self._process.stdout, self._process.stderr):
                if pipe:
                    pipe.close()

    def _communicate(self) -> tuple[str, str]:
        try:
            return self._process.communicate(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            raise


def play(folder: Path, job: str, **options: Any) -> Said:
    return Stage(folder, job, **options).said()


def until(holds: Any, what: str) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < give_up, f"waited in vain until {what}"
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    """Tell whether the process runs; a zombie does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def living(pids: str) -> list[int]:
    return [pid for pid in map(int, pids.split()) if is_alive(pid)]
