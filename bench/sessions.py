"""CR-014: cron:sessions:purge against find -delete on the same files."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from bench.table import Table, against, megabytes
from bench.timing import CONSOLE, PYTHON, ROOT, Series, Variant, alternate, run

FILES = 200_000

_BAR = 1.3
_FIND = ("-type", "f", "-name", "sess_*", "-mmin", "+24", "-delete")
_PURGE = (CONSOLE, "cron:sessions:purge", "--format=json")


def report(folder: Path, runs: int, files: int) -> Sequence[Table]:
    """Give the table of times, and that of memory by the number of files."""
    home = folder / "home"
    shutil.copytree(ROOT / "config", home / "config")
    env = {"CRONTRACT_HOME": str(home)}
    run([CONSOLE, "db:migrate"], env)
    sessions = home / "var" / "sessions"
    found = alternate(_variants(sessions, env, files), runs)
    few = alternate(_variants(sessions, env, files // 10)[1:], 1)
    purge = "cron:sessions:purge"
    return _times(found, files), _memory({files // 10: few[purge], files: found[purge]})


def _variants(sessions: Path, env: dict[str, str], files: int) -> Sequence[Variant]:
    def fill() -> None:
        shutil.rmtree(sessions, ignore_errors=True)
        run([PYTHON, "-m", "bench.session_files", str(sessions), str(files)])

    removed = f'"removed": {files // 2}'
    return (
        Variant(name="find -delete", argv=("find", str(sessions), *_FIND), before=fill),
        Variant(name="cron:sessions:purge", argv=_PURGE, env=env, expect=removed, before=fill),
    )


def _times(found: dict[str, Series], files: int) -> Table:
    title = f"{files:,} session files, every second one expired"
    made = Table(title, ("", "seconds", "CPU s", "x find", "bar"))
    find = found["find -delete"]
    for name, series in found.items():
        if series.trouble:
            made.notes.append(f"{name}: {series.trouble}")
            continue
        ratio = series.ratio_to(find)
        bar = "" if series is find else against(ratio, _BAR)
        figures = f"{series.seconds:.1f}", f"{series.cpu_seconds:.1f}"
        made.add(name, *figures, f"{ratio:.2f}", bar)
    made.notes.append("the whole command, start-up of about half a second and the ledger with it")
    return made


def _memory(found: dict[int, Series]) -> Table:
    made = Table("cron:sessions:purge: memory", ("files", "peak MB"))
    for files, series in found.items():
        peaks = [sample.rss_bytes for sample in series.samples.values()]
        made.add(f"{files:,}", megabytes(median(peaks)) if peaks else series.trouble)
    return made
