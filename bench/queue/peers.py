"""Other queues with a no-op message, in one run: how to install them is in bench/queue_peers."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from statistics import median

from bench.queue.databases import databases
from bench.queue.peer_list import FOLDER, PEERS, Peer
from bench.queue.peer_runs import PeerRuns
from bench.queue.rabbitmq import missing, rabbitmq
from bench.queue.rounds import Row, Way, in_turn, table
from bench.table import Table
from bench.timing import ROOT, WrongAnswer

WORKERS = ("1", "2", "4")
MANNERS = ("single", "bulk")
PACED = 300


def report(folder: Path, rounds: int, messages: int) -> Sequence[Table]:
    """What is installed is measured; the notes say what is not, and how to get it."""
    there = [peer for peer in PEERS if peer.is_there and not _lacks(peer)]
    with _stores(folder, {peer.store for peer in there}) as addresses:
        runs = {p.name: PeerRuns(p, addresses[p.store], folder) for p in there}
        ways = [way for name, run in runs.items() for way in _ways(name, run, messages)]
        rates = in_turn(ways, rounds, folder)
        pick_up = _pick_ups(runs, rounds)
    rows = [Row(name) for name in runs]
    work = table("Peers: no-op messages processed per second, by workers", WORKERS, rows, rates)
    work.notes += _absent(there)
    return work, table("Peers: messages enqueued per second", MANNERS, rows, rates), pick_up


def _lacks(peer: Peer) -> str:
    return missing() if peer.store == "rabbitmq" else ""


def _absent(there: Sequence[Peer]) -> list[str]:
    absent = [peer for peer in PEERS if peer not in there]
    told = {_lacks(peer) or f"{peer.environment}: set {FOLDER}" for peer in absent}
    notes = [f"not measured: {words}" for words in sorted(told)]
    return [*notes, "see bench/queue_peers/README.md"] if notes else []


@contextmanager
def _stores(folder: Path, wanted: set[str]) -> Iterator[Mapping[str, str]]:
    sys.path.append(str(ROOT / "tests"))
    from servers.private import private

    with ExitStack() as running:
        addresses = {"file": ""}
        if "postgresql" in wanted:
            addresses |= running.enter_context(databases(folder, ("postgresql",)))
        if "redis" in wanted:
            addresses["redis"] = running.enter_context(private("redis", folder / "redis")).url
        if "rabbitmq" in wanted:
            addresses["rabbitmq"] = running.enter_context(rabbitmq(folder / "rabbitmq"))
        yield addresses


def _ways(name: str, run: PeerRuns, messages: int) -> Iterator[Way]:
    for manner in MANNERS:
        yield Way(name, manner, partial(run.enqueue, manner, messages))
    for workers in WORKERS:
        yield Way(name, workers, partial(run.work, int(workers), messages))


def _pick_ups(runs: Mapping[str, PeerRuns], rounds: int) -> Table:
    title = f"Peers: ms from sending to the begin, one idle worker, {PACED} messages a round"
    made = Table(title, ("", "p50", "p99", "most"))
    found: dict[str, list[list[float]]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            try:
                found[name].append(sorted(run.pick_ups(PACED)))
            except WrongAnswer as error:
                made.notes.append(f"not measured: {name}: {error}")
    for name, samples in found.items():
        if samples:
            made.add(name, *(f"{ms:.1f}" for ms in milliseconds(samples)))
    return made


def milliseconds(samples: Sequence[Sequence[float]]) -> tuple[float, float, float]:
    """Of sorted samples by round: the medians of p50 and p99, and the worst of all."""
    p50 = median(sample[len(sample) // 2] for sample in samples)
    p99 = median(sample[int(len(sample) * 0.99)] for sample in samples)
    return p50 * 1e3, p99 * 1e3, max(sample[-1] for sample in samples) * 1e3
