"""Orders pulled from a platform on this host, beside the least that can cost."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from statistics import median

from bench.queue.databases import KINDS, NAMES, databases
from bench.table import Table, against, megabytes
from bench.timing import CONSOLE, PYTHON, ROOT, Sample, Variant, measure, run

PAGES, ORDERS_ON_PAGE, BAR_SECONDS = 40, 250, 10.0
MORE_PAGES = 160

_PULL = (CONSOLE, "cron:platform:pull-orders", "--format=json")
_PLATFORM = """
[platform.bench]
adapter = "shopify"
url = "{address}"
token = "env:BENCH_TOKEN"
first_days = 1
budget_seconds = 600
"""
_LIBRARIES = f"{ROOT}:{ROOT / 'src'}"
_mark = count(1)


class Shop:
    """A home on one database, which sells on the platform."""

    def __init__(self, home: Path, url: str) -> None:
        self.home, self.url = home, url
        home.mkdir()
        shutil.copytree(ROOT / "config", home / "config")
        self.env: Mapping[str, str] = {
            "CRONTRACT_HOME": str(home),
            "DATABASE_URL": url,
            "BENCH_TOKEN": "no secret",
        }

    def pull(self, site: str, pages: int) -> Variant:
        """Let it find orders that are like none before; loading the platform is not timed."""
        file = self.home / "platform.toml"
        file.write_text(_PLATFORM.format(address=f"{site}/{next(_mark)}"), "utf-8")
        run([CONSOLE, "platforms:load", str(file)], self.env)
        return Variant(
            name="pull", argv=_PULL, env=self.env, expect=f'"orders": {pages * ORDERS_ON_PAGE}'
        )

    def raw(self, site: str) -> Variant:
        return Variant(
            name="raw",
            argv=[PYTHON, "-m", "bench.raw_orders", self.url, f"{site}/{next(_mark)}"],
            env={"PYTHONPATH": _LIBRARIES},
            expect=f'"orders": {PAGES * ORDERS_ON_PAGE}',
        )


def report(folder: Path, rounds: int) -> Sequence[Table]:
    """Give the table of the pull, and that of its memory."""
    with databases(folder) as urls:
        shops = {kind: Shop(folder / f"home_{kind}", url) for kind, url in urls.items()}
        return _pulls(shops, rounds), _memory(shops["sqlite"])


def _pulls(shops: Mapping[str, Shop], rounds: int) -> Table:
    ours: dict[str, list[Sample]] = {kind: [] for kind in KINDS}
    raw: dict[str, list[Sample]] = {kind: [] for kind in KINDS}
    with _platform(PAGES) as site:
        for _ in range(rounds):
            for kind, shop in shops.items():
                raw[kind].append(measure(shop.raw(site)))
                ours[kind].append(measure(shop.pull(site, PAGES)))
    made = Table(
        f"CR-008: {PAGES * ORDERS_ON_PAGE:,} orders in {PAGES} pages",
        ("", "command s", "bar s", "CPU s", "raw s", "ratio to raw", "peak MB"),
    )
    for kind in KINDS:
        seconds, least = (median(one.seconds for one in them[kind]) for them in (ours, raw))
        cpu = median(one.cpu_seconds for one in ours[kind])
        peak = median(one.rss_bytes for one in ours[kind])
        figures = f"{cpu:.2f}", f"{least:.2f}", f"{seconds / least:.1f}", megabytes(peak)
        made.add(NAMES[kind], f"{seconds:.2f}", against(seconds, BAR_SECONDS), *figures)
    made.notes.append("raw: fetch, parse, INSERT order and message, a commit each page; no checks")
    return made


def _memory(shop: Shop) -> Table:
    made = Table("CR-008: a long first load", ("orders", "s", "orders/s", "peak MB"))
    for pages in (PAGES, MORE_PAGES):
        with _platform(pages) as site:
            sample = measure(shop.pull(site, pages))
        orders = pages * ORDERS_ON_PAGE
        rate = f"{orders / sample.seconds:,.0f}"
        made.add(f"{orders:,}", f"{sample.seconds:.1f}", rate, megabytes(sample.rss_bytes))
    return made


@contextmanager
def _platform(pages: int) -> Iterator[str]:
    script = str(ROOT / "bench" / "order_site.py")
    with subprocess.Popen(
        [PYTHON, script, str(pages)], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield (process.stdout.readline() if process.stdout else "").strip()
        finally:
            process.terminate()
