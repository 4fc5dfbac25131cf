"""CR-004: a million new page hits, beside one grouped scan of the same rows."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from bench.queue.databases import KINDS, LIBRARIES, NAMES, databases
from bench.table import Table, against, megabytes
from bench.timing import CONSOLE, PYTHON, ROOT, Sample, Variant, measure, run

HITS, BAR_SECONDS, EMPTY_BAR_SECONDS, RATIO_BAR = 1_000_000, 5.0, 0.3, 2.0

_COUNT = (CONSOLE, "cron:dwh:update-counters", "--format=json")
_STAGE, _JOB = "cron_run_stage_duration_seconds{", "update-counters"
_ROWS = (PYTHON, str(ROOT / "bench" / "shop_rows.py"))


class Shop:
    """A home on one database that holds the hits."""

    def __init__(self, home: Path, url: str) -> None:
        self.url, self.home = url, home
        shutil.copytree(ROOT / "config", home / "config")
        self.do("hits", str(HITS))

    @property
    def env(self) -> Mapping[str, str]:
        return {"CRONTRACT_HOME": str(self.home), "DATABASE_URL": self.url}

    def do(self, what: str, *words: str) -> float:
        """Run a step of shop_rows; gives the seconds that it took within its own process."""
        return float(run([*_ROWS, what, self.url, *words], LIBRARIES))

    def counted(self, expected: int) -> tuple[Sample, float]:
        """Count; gives the whole command and the seconds of its own stages."""
        sample = measure(
            Variant(name="count", argv=_COUNT, env=self.env, expect=f'"counted": {expected}')
        )
        metrics = (self.home / "var" / "metrics" / "crontract.prom").read_text("utf-8")
        mine = (line for line in metrics.splitlines() if _STAGE in line and _JOB in line)
        return sample, sum(float(line.rpartition(" ")[2]) for line in mine)


def report(folder: Path, rounds: int) -> Table:
    """Give one row per database."""
    title = f"CR-004: {HITS:,} new page hits of a day"
    columns = ("", "command s", "bar s", "its stages s", "one scan s", "ratio", "bar", "straight s")
    made = Table(title, (*columns, "nothing new s", "peak MB"))
    with databases(folder) as urls:
        for kind in KINDS:
            made.add(NAMES[kind], *_figures(Shop(folder / f"home_{kind}", urls[kind]), rounds))
    made.notes.append("one scan: hits and visitors by path, one grouped statement, no rules")
    made.notes.append("straight: all four kinds of counters with their rules, a statement each")
    made.notes.append("ratio: the job's own stages to the one scan, in the same round")
    return made


def _figures(shop: Shop, rounds: int) -> list[str]:
    found: dict[str, list[float]] = {
        name: [] for name in ("command", "stages", "one", "straight", "empty", "peak")
    }
    for _ in range(rounds):
        found["one"].append(shop.do("one-scan"))
        shop.do("forget")
        sample, stages = shop.counted(HITS)
        found["command"].append(sample.seconds)
        found["peak"].append(sample.rss_bytes)
        found["stages"].append(stages)
        found["straight"].append(shop.do("straight"))
        found["empty"].append(shop.counted(0)[0].seconds)
    ratio = median(a / b for a, b in zip(found["stages"], found["one"], strict=True))
    middle = {name: median(values) for name, values in found.items()}
    return [
        f"{middle['command']:.2f}",
        against(middle["command"], BAR_SECONDS),
        *(f"{middle[name]:.2f}" for name in ("stages", "one")),
        f"{ratio:.2f}",
        against(ratio, RATIO_BAR),
        *(f"{middle[name]:.2f}" for name in ("straight", "empty")),
        megabytes(middle["peak"]),
    ]
