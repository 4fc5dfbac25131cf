"""Lists of article images onto the queue, and images into their renditions."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

from bench.queue.databases import KINDS, NAMES, databases
from bench.table import Table, against, megabytes
from bench.timing import CONSOLE, PYTHON, ROOT, Sample, Variant, WrongAnswer, measure, run

LINES, BAR_SECONDS = 20_000, 1.0
PICTURES = 40
LONG_LIST_LINES = (250_000, 2_500_000)

_ENQUEUE = (CONSOLE, "cron:images:enqueue-batches", "--format=json")
_PROCESS = (CONSOLE, "cron:queue:process", "--stop-when-empty", "--max-seconds=60")
_BY_HAND = (PYTHON, str(ROOT / "bench" / "raw_images.py"))
_STAGE, _JOB = "cron_run_stage_duration_seconds{", "enqueue-batches"
_DRAW = """
import sys
from PIL import Image
noise = Image.effect_noise((500, 375), 70).resize((2000, 1500), Image.Resampling.BICUBIC)
for number in range(int(sys.argv[2])):
    bands = [noise.rotate(turn + number) for turn in (0, 90, 180)]
    Image.merge("RGB", bands).save(f"{sys.argv[1]}/{number}.jpg", quality=90)
"""


class Shop:
    """A home with the three folders of images, on one database."""

    def __init__(self, home: Path, url: str) -> None:
        self.home, self.url = home, url
        home.mkdir()
        shutil.copytree(ROOT / "config", home / "config")
        settings = home / "config" / "images.toml"
        text = settings.read_text("utf-8").replace("settle_seconds = 30", "settle_seconds = 0")
        settings.write_text(text, "utf-8")
        folder = home / "var" / "images"
        self.inbox, self.source, self.media = (folder / n for n in ("inbox", "source", "media"))
        for own in (self.inbox, self.source, self.media):
            own.mkdir(parents=True)

    @property
    def env(self) -> Mapping[str, str]:
        return {"CRONTRACT_HOME": str(self.home), "DATABASE_URL": self.url}

    def deliver(self, lines: int, mark: str) -> Path:
        """Write a list that is like no other before it."""
        file = self.inbox / f"images_{mark}.csv"
        with file.open("w", encoding="utf-8") as out:
            out.write("article;image;position\n")
            for n in range(lines):
                out.write(f"{mark}-{n};{n}.jpg;{n % 9 + 1}\n")
        return file

    def seconds(self, argv: Sequence[str]) -> float:
        """Run a command from start to end."""
        started = time.perf_counter()
        run(argv, self.env)
        return time.perf_counter() - started

    def worked(self) -> float:
        """Seconds of the last run's own stages, from the metrics that it left."""
        metrics = (self.home / "var" / "metrics" / "crontract.prom").read_text("utf-8")
        mine = (line for line in metrics.splitlines() if _STAGE in line and _JOB in line)
        return sum(float(line.rpartition(" ")[2]) for line in mine)


def report(folder: Path, rounds: int) -> Sequence[Table]:
    """Give the lists' table and the pictures'."""
    with databases(folder) as urls:
        shops = {kind: Shop(folder / f"home_{kind}", url) for kind, url in urls.items()}
        return _lists(shops, rounds), _memory(shops["sqlite"]), _pictures(shops["sqlite"], rounds)


# --- lists ---------------------------------------------------------------------------------------


def _lists(shops: Mapping[str, Shop], rounds: int) -> Table:
    whole: dict[str, list[Sample]] = {kind: [] for kind in (*KINDS, "raw")}
    work: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for number in range(rounds):
        whole["raw"].append(_raw_list(shops["sqlite"], f"raw{number}"))
        for kind, shop in shops.items():
            shop.deliver(LINES, f"{kind}{number}")
            whole[kind].append(measure(_enqueue(shop, LINES)))
            work[kind].append(shop.worked())
    title = f"CR-001: {LINES:,} lines onto the queue, 200 messages"
    made = Table(title, ("", "command s", "bar s", "of it the job's stages s", "CPU s"))
    for kind in KINDS:
        seconds, cpu = _medians(whole[kind])
        stages = f"{median(work[kind]):.2f}"
        made.add(NAMES[kind], f"{seconds:.2f}", against(seconds, BAR_SECONDS), stages, f"{cpu:.2f}")
    seconds, cpu = _medians(whole["raw"])
    made.add("by hand on SQLite", f"{seconds:.2f}", "", "", f"{cpu:.2f}")
    made.notes.append("by hand: csv, json, INSERT, one durable commit, one rename; no checks")
    return made


def _medians(samples: Sequence[Sample]) -> tuple[float, float]:
    return median(it.seconds for it in samples), median(it.cpu_seconds for it in samples)


def _enqueue(shop: Shop, lines: int) -> Variant:
    expect = f'"images": {lines}'
    return Variant(name=f"{lines} lines", argv=_ENQUEUE, env=shop.env, expect=expect)


def _raw_list(shop: Shop, mark: str) -> Sample:
    file, database = shop.deliver(LINES, mark), shop.url.partition(":///")[2]
    return measure(Variant(name="by hand", argv=[*_BY_HAND, "lists", str(file), database]))


def _memory(shop: Shop) -> Table:
    made = Table("CR-001: one long list", ("lines", "list MB", "s", "lines/s", "peak MB"))
    for lines in LONG_LIST_LINES:
        size = shop.deliver(lines, f"long{lines}").stat().st_size
        sample = measure(_enqueue(shop, lines))
        figures = f"{sample.seconds:.1f}", f"{lines / sample.seconds:,.0f}"
        made.add(f"{lines:,}", megabytes(size), *figures, megabytes(sample.rss_bytes))
    return made


# --- pictures ------------------------------------------------------------------------------------


def _pictures(shop: Shop, rounds: int) -> Table:
    run([PYTHON, "-c", _DRAW, str(shop.source), str(PICTURES)])
    ways: Mapping[str, Callable[[str], float]] = {
        "bare Pillow, one process": lambda _: _bare(shop),
        "images.update, one worker": lambda mark: _processed(shop, mark, "1"),
        "images.update, two workers": lambda mark: _processed(shop, mark, "2"),
        "the same again: unchanged": lambda mark: _processed(shop, mark, "1", fresh=False),
    }
    _forget(shop)
    found: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds):
        for name, way in ways.items():
            found[name].append(PICTURES / way(f"{number}{list(ways).index(name)}"))
    made = Table(
        f"images.update: {PICTURES} JPEGs of 3 megapixels, three renditions each",
        ("", "images/s", "ratio to bare Pillow"),
    )
    bare = median(found["bare Pillow, one process"])
    for name, rates in found.items():
        made.add(name, f"{median(rates):.1f}", f"{median(rates) / bare:.2f}")
    made.notes.append("whole commands, start-up of about half a second and every fsync with them")
    return made


def _bare(shop: Shop) -> float:
    target = shop.home / "bare"
    target.mkdir(exist_ok=True)
    started = time.perf_counter()
    run([*_BY_HAND, "pictures", str(shop.source), str(target)])
    return time.perf_counter() - started


def _processed(shop: Shop, mark: str, workers: str, *, fresh: bool = True) -> float:
    if fresh:
        shutil.rmtree(shop.media)
        shop.media.mkdir()
    _queue_pictures(shop, mark)
    seconds = shop.seconds([*_PROCESS, f"--workers={workers}"])
    if len(list(shop.media.rglob("*.jpg"))) != PICTURES:
        raise WrongAnswer("not every picture was made")
    return seconds


def _queue_pictures(shop: Shop, mark: str) -> None:
    """The same article and pictures each time, in a list of another content."""
    rows = "".join(f"A-{n};{n}.jpg;1;{mark}\n" for n in range(PICTURES))
    header = f"article;image;position;{mark}\n"
    (shop.inbox / f"images_{mark}.csv").write_text(header + rows, "utf-8")
    shop.seconds([*_ENQUEUE, "--batch-size=5"])


def _forget(shop: Shop) -> None:
    """What the other tables queued is not to be worked off here."""
    script = "import sqlite3, sys; sqlite3.connect(sys.argv[1], isolation_level=None)"
    script += ".execute('DELETE FROM queue')"
    run([PYTHON, "-c", script, shop.url.partition(":///")[2]])
