"""The cost of one claim by what else is in the table: it must not grow."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.queue.databases import KINDS, LIBRARIES, NAMES, databases
from bench.table import Table, against
from bench.timing import PYTHON, run

SIZES = ("1000", "10000", "100000", "500000")

MOST_FINISHED = {"sqlite": 5_000_000, "postgresql": 5_000_000, "mariadb": 1_000_000}
"""MariaDB takes a quarter of an hour to be given more."""

_BAR = 1.5


def report(folder: Path, kinds: Sequence[str] = KINDS) -> Sequence[Table]:
    """One table for each kind; the plans stand below."""
    return [_of(kind, folder) for kind in kinds]


def _of(kind: str, folder: Path) -> Table:
    with databases(folder, (kind,)) as urls:
        argv = [PYTHON, "-m", "bench.queue.claiming", urls[kind], str(MOST_FINISHED[kind])]
        found = json.loads(run(argv, LIBRARIES))
    heads = (*(f"{int(size):,} wait" for size in SIZES), "most / least", "by hand", "empty poll")
    made = Table(f"{NAMES[kind]}: ms of one claim of 100", ("", *heads, "bar"))
    first = next(iter(found["cells"].values()))[SIZES[0]]
    for name, cells in found["cells"].items():
        made.add(name, *_row(cells, first))
        if polls := cells.get("polls"):
            made.notes.append(
                f"{name}: what stands behind is found by {polls:.0f} polls,"
                f" {cells['found']:.0f} ms in all"
            )
    made.notes += [f"plan: {step}" for step in found["plans"]]
    return made


def _row(cells: Mapping[str, float], first: float) -> list[str]:
    """``first`` is the claim with next to nothing in the table."""
    claims = [cells[size] for size in SIZES if size in cells]
    hand = [milliseconds for name, milliseconds in cells.items() if name.startswith("hand")]
    growth = max(claims, default=0.0) / first
    return [
        *(f"{cells[size]:.2f}" if size in cells else "" for size in SIZES),
        f"{growth:.2f}" if claims else "",
        f"{min(hand):.2f}-{max(hand):.2f}" if hand else "",
        f"{cells['poll']:.2f}" if "poll" in cells else "",
        against(growth, _BAR) if claims else "",
    ]
