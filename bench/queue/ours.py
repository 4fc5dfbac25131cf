"""One measurement of the product's own queue, as a user starts it."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.queue.databases import LIBRARIES
from bench.queue.rounds import Rate
from bench.timing import PYTHON, ROOT, WrongAnswer, clean_environment, run

PROCESS = ("cron:queue:process", "--queue=general")

KEYED, LOCAL, LOCAL_ROW = "bench.keyed", "bench.local", "bench.local_row"

_numbers = itertools.count()


class Shop:
    """A home of its own on one database; times and marks of a run are files in it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.home = url, folder / f"shop_{next(_numbers)}"
        self.home.mkdir()
        shutil.copytree(ROOT / "config", self.home / "config")
        self.marks, self._times = self.home / "marks", self.home / "times"

    # --- what is measured -----------------------------------------------------------------------

    def work(self, type_: str, workers: str, messages: int) -> Rate:
        """From the first claim to the last settlement; the whole command beside it."""
        self.rows("fill", type_, str(messages))
        started = time.perf_counter()
        self.console(*PROCESS, "--stop-when-empty", f"--workers={workers}")
        whole = time.perf_counter() - started
        effects = messages if type_ == LOCAL_ROW else 0
        last = float(self.rows("check", str(messages), str(effects)))
        return Rate(messages / (last - self.times()["claim"]), whole)

    def enqueue(self, manner: str, messages: int) -> Rate:
        return Rate(float(self.rows(manner, str(messages))))

    # --- its parts ------------------------------------------------------------------------------

    def rows(self, *words: str) -> str:
        return run([PYTHON, "-m", "bench.queue.rows", self.url, *words], LIBRARIES)

    def times(self) -> Mapping[str, float]:
        """When the job's process of the last run began, and its first claim that found some."""
        lines = self._times.read_text("utf-8").splitlines()
        return {what: float(when) for what, when in map(str.split, lines)}

    def console(self, *words: str) -> None:
        """Run a command to its end. Raises WrongAnswer."""
        process = self.start(*words)
        told, _ = process.communicate()
        if process.returncode:
            raise WrongAnswer(f"{words[0]}: exit {process.returncode}, {told[-500:].strip()}")

    def start(self, *words: str) -> subprocess.Popen[str]:
        for file in (self._times, self.marks):
            file.unlink(missing_ok=True)
        return subprocess.Popen(
            self._argv(words),
            env={**clean_environment(), **self._env},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _argv(self, words: Sequence[str]) -> Sequence[str]:
        return [PYTHON, "-X", "utf8", "-m", "bench.queue.console", *words]

    @property
    def _env(self) -> Mapping[str, str]:
        return {
            **LIBRARIES,
            "CRONTRACT_HOME": str(self.home),
            "DATABASE_URL": self.url,
            "BENCH_TIMES": str(self._times),
            "BENCH_MARKS": str(self.marks),
        }
