"""CR-013: the set of 150,000 lines built and sent to a folder of this host."""

from __future__ import annotations

import shutil
from pathlib import Path
from statistics import median

from bench.table import Table, against, megabytes
from bench.timing import CONSOLE, PYTHON, ROOT, Variant, alternate, run

LINES, BAR_SECONDS = 150_000, 2.0
_SEND = (CONSOLE, "cron:simulator:send-mak-files", "--format=json")
_RAW = (PYTHON, str(ROOT / "bench" / "raw_set.py"))
_STAGE = 'stage="build"'


def report(folder: Path, rounds: int) -> Table:
    """Give the table; the set is sent to the shipped partner, a folder below the home."""
    home = folder / "home"
    home.mkdir()
    shutil.copytree(ROOT / "config", home / "config")
    database = home / "shop.db"
    env = {"CRONTRACT_HOME": str(home), "DATABASE_URL": f"sqlite:///{database}"}
    run([CONSOLE, "db:migrate"], env)
    run([*_RAW, str(database), str(folder), "fill"])
    stages: list[float] = []

    def worked() -> None:
        metrics = (home / "var" / "metrics" / "crontract.prom").read_text("utf-8")
        mine = [it for it in metrics.splitlines() if "_stage_" in it and _STAGE in it]
        stages.append(float(mine[-1].rpartition(" ")[2]))

    force = ("--force", "--reason=bench")
    variants = (
        Variant(name="built and sent", argv=[*_SEND, *force], env=env, after=worked),
        Variant(name="unchanged", argv=_SEND, env=env, expect='"empty"'),
        Variant(name="by hand", argv=[*_RAW, str(database), str(folder / "raw"), "write"]),
    )
    found = alternate(variants, rounds)
    made = Table(
        f"CR-013: a set of {LINES:,} lines on SQLite",
        ("", "command s", "of it built s", "bar s", "CPU s", "peak MB"),
    )
    for name, series in found.items():
        built = median(stages) if name == "built and sent" else None
        made.add(
            name,
            f"{series.seconds:.2f}",
            f"{built:.2f}" if built else "",
            against(built, BAR_SECONDS) if built else "",
            f"{series.cpu_seconds:.2f}",
            megabytes(series.rss_bytes),
        )
    made.notes.append("by hand: three SELECTs through csv.writer, with Python's start; no digests")
    return made
