"""The stock export: generated and delivered, against the same rows read out by hand."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from bench.queue.databases import KINDS, LIBRARIES, NAMES, databases
from bench.table import Table, against, megabytes
from bench.timing import CONSOLE, PYTHON, ROOT, Sample, Variant, measure, run

ARTICLES, MANY = 300_000, 1_020_000
BAR_SECONDS, BAR_MEGABYTES = 4.0, 100
_TIMES_RAW: Mapping[str, float] = {"postgresql": 1.7, "mariadb": 3, "sqlite": 3}

_EXPORT = """
[export.7]
name = "Bench"
[export.7.stock]
safety = 2
most = 30
[export.7.price]
group = "bench"
[export.7.file]
name = "stock.csv"
encoding = "cp1252"
columns = { A = "article", E = "ean", M = "maker", N = "name", Q = "quantity", P = "price" }
[export.7.delivery]
partner = "sample-platform"
[price.bench]
rules = [{ from_price = 100.0, percent = 8.0 }, { percent = 12.5, plus = 1.0 }]
"""


class Shop:
    """A home with one export, on one database that holds so many articles."""

    def __init__(self, home: Path, url: str, articles: int) -> None:
        self.home, self.url, self.articles = home, url, articles
        home.mkdir()
        shutil.copytree(ROOT / "config", home / "config")
        (home / "export.toml").write_text(_EXPORT, "utf-8")
        run([PYTHON, "-m", "bench.export_rows", "fill", url, str(articles)], LIBRARIES)
        run([CONSOLE, "exports:load", str(home / "export.toml")], self.env)

    @property
    def env(self) -> Mapping[str, str]:
        return {"CRONTRACT_HOME": str(self.home), "DATABASE_URL": self.url}

    def exported(self) -> Sample:
        argv = (CONSOLE, "cron:stock:export", "--format=json")
        expect = f'"articles": {self.articles}'
        return measure(Variant(name="export", argv=argv, env=self.env, expect=expect))

    def by_hand(self) -> Sample:
        argv = (PYTHON, "-m", "bench.export_rows", "raw", self.url, str(self.home / "raw.csv"))
        return measure(Variant(name="by hand", argv=argv, env=LIBRARIES))


def report(folder: Path, rounds: int) -> Sequence[Table]:
    """Give a table for each size."""
    return [_sized(folder / str(articles), rounds, articles) for articles in (ARTICLES, MANY)]


def _sized(folder: Path, rounds: int, articles: int) -> Table:
    folder.mkdir()
    with databases(folder) as urls:
        shops = {kind: Shop(folder / f"home_{kind}", urls[kind], articles) for kind in KINDS}
        pairs = {
            kind: [(shop.by_hand(), shop.exported()) for _ in range(rounds)]
            for kind, shop in shops.items()
        }
    columns = ("", "seconds", "ratio", "bar", "bar s", "peak MB", "bar MB")
    made = Table(f"CR-002: {articles:,} articles to a file, delivered to a folder", columns)
    for kind, samples in pairs.items():
        _add(made, kind, samples, articles)
    made.notes.append(
        "by hand: the same joins and sums, COPY or a cursor; no price rules, no checks, no form."
        " Ours: the whole command, start-up, kept file, delivery and every fsync with it"
    )
    return made


def _add(made: Table, kind: str, samples: Sequence[tuple[Sample, Sample]], articles: int) -> None:
    raw = median(by_hand.seconds for by_hand, _ in samples)
    ours = median(exported.seconds for _, exported in samples)
    ratio = median(exported.seconds / by_hand.seconds for by_hand, exported in samples)
    peak = max(exported.rss_bytes for _, exported in samples)
    made.add(f"{NAMES[kind]}, by hand", f"{raw:.2f}", "1.00", "", "", "", "")
    made.add(
        f"{NAMES[kind]}, cron:stock:export",
        f"{ours:.2f}",
        f"{ratio:.2f}",
        against(ratio, _TIMES_RAW[kind]),
        against(ours, BAR_SECONDS) if articles == ARTICLES else "",
        megabytes(peak),
        against(peak / 1e6, BAR_MEGABYTES),
    )
