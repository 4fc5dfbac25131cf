"""A sync of vehicle data, all new and all the same, against two files merged by hand."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.queue.databases import KINDS, NAMES, databases
from bench.raw_vehicles import FITMENT, VEHICLE
from bench.table import Table, against, megabytes
from bench.timing import CONSOLE, PYTHON, ROOT, Series, Variant, alternate, run

VEHICLES, FITMENTS_EACH, MAKES = 35_000, 4, 50
BARS = {"all new": 20.0, "the same again": 5.0}

_SYNC = (CONSOLE, "cron:driveright:sync", "--format=json")
_SETTING = """
[vehicles.file]
path = "var/vehicles/vehicles.csv"
encoding = "utf-8"
delimiter = ","
[vehicles.file.columns]
{vehicle}
[vehicles.file.fitments]
path = "var/vehicles/fitments.csv"
encoding = "utf-8"
delimiter = ","
[vehicles.file.fitments.columns]
{fitment}
"""


def report(folder: Path, rounds: int) -> Sequence[Table]:
    """Give a table for each database."""
    home = folder / "home"
    _furnish(home)
    with databases(folder) as urls:
        return [_table(kind, home, urls[kind], rounds) for kind in KINDS]


def _table(kind: str, home: Path, url: str, rounds: int) -> Table:
    title = f"CR-012 on {NAMES[kind]}: {VEHICLES:,} vehicles, {VEHICLES * FITMENTS_EACH:,} fitments"
    made = Table(title, ("", "s", "bar s", "ratio to by hand", "CPU s", "peak MB"))
    found = alternate(_variants(home, url), rounds)
    for name, bar in BARS.items():
        ours, raw = found[f"sync, {name}"], found[f"by hand, {name}"]
        for series in (ours, raw):
            if series.trouble:
                made.notes.append(series.trouble)
        if ours.samples and raw.samples:
            ratio, ours_bar = f"{ours.ratio_to(raw):.2f}", against(ours.seconds, bar)
            made.add(f"sync, {name}", *_figures(ours, ours_bar, ratio))
            made.add(f"by hand, {name}", *_figures(raw, "", ""))
    made.notes.append("by hand: csv, staging tables, a merge of each, one commit; no checks")
    return made


def _figures(series: Series, bar: str, ratio: str) -> tuple[str, ...]:
    seconds, cpu = f"{series.seconds:.2f}", f"{series.cpu_seconds:.2f}"
    return seconds, bar, ratio, cpu, megabytes(series.rss_bytes)


def _variants(home: Path, url: str) -> Sequence[Variant]:
    env = {"CRONTRACT_HOME": str(home), "DATABASE_URL": url}
    files = str(home / "var" / "vehicles")
    raw = (PYTHON, "-m", "bench.raw_vehicles")

    def empty() -> None:
        run([*raw, "empty", url, files])

    by_hand = [*raw, "sync", url, files]
    new, same = BARS
    every = VEHICLES * (1 + FITMENTS_EACH)
    return (
        Variant(name=f"sync, {new}", argv=_SYNC, env=env, before=empty, expect=f'"new": {every}'),
        Variant(name=f"sync, {same}", argv=_SYNC, env=env, expect='"outcome": "empty"'),
        Variant(name=f"by hand, {new}", argv=by_hand, before=empty),
        Variant(name=f"by hand, {same}", argv=by_hand),
    )


# --- the files -----------------------------------------------------------------------------------


def _furnish(home: Path) -> None:
    files = home / "var" / "vehicles"
    files.mkdir(parents=True)
    shutil.copytree(ROOT / "config", home / "config")
    settings = home / "config" / "jobs.toml"
    before, _, after = settings.read_text("utf-8").partition("\n[vehicles.file]")
    others = after.partition("\n# ---")
    ours = _SETTING.format(vehicle=_same(VEHICLE), fitment=_same(FITMENT))
    settings.write_text(f"{before}\n{ours}{others[1]}{others[2]}", "utf-8")
    _write(files / "vehicles.csv", VEHICLE, map(_vehicle, range(VEHICLES)))
    every = ((n, place) for n in range(VEHICLES) for place in range(FITMENTS_EACH))
    _write(files / "fitments.csv", FITMENT, (_fitment(*it) for it in every))


def _same(names: Sequence[str]) -> str:
    return "\n".join(f'{name} = ["{name}"]' for name in names)


def _write(file: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(header)
        writer.writerows(rows)


def _vehicle(number: int) -> tuple[object, ...]:
    make = number % MAKES
    first = 1985 + number % 40
    model = f"Model {number // MAKES}"
    return f"V{number:06}", f"Make {make:02}", model, "II", first, first + 4, f"{number % 9}.0 TDI"


def _fitment(number: int, place: int) -> tuple[object, ...]:
    size = 15 + place
    tyre = f"{195 + 10 * place}/{65 - 5 * place}R{size}"
    wheel = 6 + place / 2, size, 5, 112, 57.1, 30 + number % 20, int(place == 0)
    return f"F{number:06}-{place}", f"V{number:06}", "both", tyre, *wheel
