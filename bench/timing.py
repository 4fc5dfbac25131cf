"""Child processes timed in turn, A B A B, so that a machine's moods meet all of them alike.

Keep this process small: Linux counts the memory of whoever starts a child until the child has
loaded its own program, so no child is ever reported below it.
"""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
PYTHON = str(ROOT / ".venv" / "bin" / "python")
CONSOLE = str(ROOT / "bin" / "console")

_TAIL = 600


class WrongAnswer(Exception):
    """What was timed did not do what it is timed for."""


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One program to time. ``expect`` must stand in what it prints; ``before`` is not timed."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    expect: str = ""
    exit_code: int = 0
    rounds: int | None = None
    before: Callable[[], None] = lambda: None
    after: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Sample:
    """One run: wall clock, processor time, the peak of its largest process; children included."""

    seconds: float
    cpu_seconds: float
    rss_bytes: int


class Series:
    """All runs of one variant, by round."""

    def __init__(self) -> None:
        self.samples: dict[int, Sample] = {}
        self.trouble = ""

    @property
    def seconds(self) -> float:
        return median(sample.seconds for sample in self.samples.values())

    @property
    def cpu_seconds(self) -> float:
        return median(sample.cpu_seconds for sample in self.samples.values())

    @property
    def rss_bytes(self) -> float:
        return median(sample.rss_bytes for sample in self.samples.values())

    def ratio_to(self, other: Series) -> float:
        """Median of the ratios within each round that holds both."""
        rounds = self.samples.keys() & other.samples.keys()
        return median(self.samples[n].seconds / other.samples[n].seconds for n in rounds)


def alternate(variants: Sequence[Variant], runs: int, *, warm_up: int = 0) -> dict[str, Series]:
    """Run every variant once per round; one that answers wrongly is out, with its reason."""
    found = {variant.name: Series() for variant in variants}
    for number in range(-warm_up, runs):
        for variant in variants:
            series = found[variant.name]
            if series.trouble or number >= (variant.rounds or runs):
                continue
            try:
                sample = measure(variant)
            except (WrongAnswer, OSError) as error:
                series.trouble = " ".join(str(error).split())
                continue
            if number >= 0:
                series.samples[number] = sample
    return found


def measure(variant: Variant) -> Sample:
    """Time one run and check its answer."""
    variant.before()
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        child = subprocess.Popen(
            variant.argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=clean_environment() | dict(variant.env),
            cwd=ROOT,
        )
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        _check(variant, child.returncode, output.read().decode(errors="replace"))
    variant.after()
    return Sample(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def _check(variant: Variant, exit_code: int, output: str) -> None:
    if exit_code != variant.exit_code or variant.expect not in output:
        tail = output[-_TAIL:].strip()
        raise WrongAnswer(f"{variant.name}: exit {exit_code}, {tail or 'no output'}")


def run(argv: Sequence[str], env: Mapping[str, str] | None = None) -> str:
    """Run a step that prepares or checks; its output. Raises WrongAnswer."""
    done = subprocess.run(
        argv,
        env=clean_environment() | dict(env or {}),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise WrongAnswer(f"{' '.join(argv)}: {(done.stdout + done.stderr)[-_TAIL:].strip()}")
    return done.stdout


def peak_of_parent(variant: Variant) -> int:
    """Peak memory in bytes of the started process alone, without its children."""
    variant.before()
    peak = 0
    child = subprocess.Popen(
        variant.argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=clean_environment() | dict(variant.env),
        cwd=ROOT,
    )
    while child.poll() is None:
        peak = max(peak, _high_water(child.pid))
        time.sleep(0.002)
    return peak


def _high_water(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii", "replace")
    except OSError:  # it ended, or this is no Linux
        return 0
    found = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(found[0]) * 1024 if found else 0


def clean_environment() -> dict[str, str]:
    """The environment without what would slow Python down or speed it up."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "CRON", "DATABASE_URL", "COVERAGE"))
    } | {"TERM": "dumb"}


# --- the machine -----------------------------------------------------------------------------


def machine(folder: Path) -> str:
    """One line that says where and when the figures were taken."""
    now = datetime.now(UTC)
    return (
        f"{_processor()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; "
        f"{platform.system()} {platform.release()}; Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}; {fdatasyncs_per_second(folder):,.0f} fdatasync/s; "
        f"revision {_revision()}; {now:%F %H:%M} UTC"
    )


def fdatasyncs_per_second(folder: Path, seconds: float = 0.5) -> float:
    """How often 4 KiB can be made durable one after another, in a file of known length."""
    block, count = bytes(4096), 0
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        file.write(bytes(1 << 24))
        os.fsync(file.fileno())
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            os.pwrite(file.fileno(), block, count % 4096 * 4096)
            os.fdatasync(file.fileno())
            count += 1
    return count / seconds


def _processor() -> str:
    try:
        facts = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in facts.splitlines() if "model name" in line]
    return names[0] if names else platform.machine()


def _revision() -> str:
    try:
        return run(["git", "describe", "--always", "--dirty"]).strip()
    except (WrongAnswer, OSError):
        return "unknown"
