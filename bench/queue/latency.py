"""How long a message waits: while a processor runs, and from the start of its process."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.queue.databases import KINDS, NAMES, databases
from bench.queue.marks import marks
from bench.queue.ours import PROCESS, Shop
from bench.table import Table, against

PACED, PACE_SECONDS = 300, 0.02

_WARM_UP = 5
_AT_MOST_SECONDS = 40
_P99_BAR_MS, _FIRST_BAR_MS = 50.0, 500.0


@dataclass(frozen=True)
class Sample:
    """Seconds: of each paced message, and of the first since the job's process and the command."""

    waited: Sequence[float]
    since_job: float
    since_command: float


def report(folder: Path, rounds: int) -> Table:
    """Every kind in turn; another process enqueues, one message every 20 ms."""
    found: dict[str, list[Sample]] = {kind: [] for kind in KINDS}
    with databases(folder) as urls:
        shops = {kind: Shop(url, folder) for kind, url in urls.items()}
        for _ in range(rounds):
            for kind, shop in shops.items():
                found[kind].append(sample(shop))
    return _table(found)


def sample(shop: Shop) -> Sample:
    """One run that finds a message waiting, and is sent more while it is idle."""
    shop.rows("fill", "bench.marked", "0")
    shop.rows("paced", "1", "0")
    started = time.time()
    process = shop.start(*PROCESS, "--workers=1", f"--max-seconds={_AT_MOST_SECONDS}")
    try:
        (_, first), *_ = marks(shop.marks, 1)
        shop.rows("paced", str(_WARM_UP + PACED), str(PACE_SECONDS))
        _, *rest = marks(shop.marks, 1 + _WARM_UP + PACED)
    finally:
        process.terminate()
        process.communicate()
    waited = sorted(begun - sent for sent, begun in rest[_WARM_UP:])
    return Sample(waited, first - shop.times()["job"], first - started)


def _table(found: Mapping[str, Sequence[Sample]]) -> Table:
    title = f"ms from enqueue to the handler's begin, {PACED} messages a round"
    heads = ("p50", "p99", "most", "bar", "first message: of the job", "of the command", "bar")
    made = Table(title, ("", *heads))
    for kind, samples in found.items():
        p50, p99, most = milliseconds([sample.waited for sample in samples])
        job = median(sample.since_job for sample in samples) * 1e3
        command = median(sample.since_command for sample in samples) * 1e3
        made.add(
            NAMES[kind],
            *(f"{p50:.1f}", f"{p99:.1f}", f"{most:.1f}", against(p99, _P99_BAR_MS)),
            *(f"{job:.0f}", f"{command:.0f}", against(job, _FIRST_BAR_MS)),
        )
    return made


def milliseconds(samples: Sequence[Sequence[float]]) -> tuple[float, float, float]:
    """Of sorted samples by round: the medians of p50 and p99, and the worst of all."""
    p50 = median(sample[len(sample) // 2] for sample in samples)
    p99 = median(sample[int(len(sample) * 0.99)] for sample in samples)
    return p50 * 1e3, p99 * 1e3, max(sample[-1] for sample in samples) * 1e3
