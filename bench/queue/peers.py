"""Other queues and ours in one run: how to install them is in bench/queue_peers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import chain, product
from pathlib import Path

from bench.queue import latency
from bench.queue.databases import KINDS, NAMES, databases
from bench.queue.ours import KEYED, LOCAL, Shop
from bench.queue.peer_list import FOLDER, PEERS, Peer
from bench.queue.peer_runs import PeerRuns
from bench.queue.rabbitmq import missing, rabbitmq
from bench.queue.rounds import Rates, Row, Way, in_turn, table
from bench.table import Table
from bench.timing import ROOT, WrongAnswer

WORKERS = ("1", "2", "4")
MANNERS = ("single", "bulk")
PACED = latency.PACED

_SETTLED = {"one by one": (KEYED, 1), "in groups": (LOCAL, 4)}
"""The type of message, and how many times as many are needed to time it."""

_Waits = Callable[[], Sequence[float]]


def report(folder: Path, rounds: int, messages: int) -> Sequence[Table]:
    """What is installed is measured, and ours; the notes say what is not, and how to get it."""
    there = [peer for peer in PEERS if peer.is_there and not _lacks(peer)]
    with _stores(folder, {peer.store for peer in there}) as addresses:
        shops = {_ours(kind): Shop(addresses[kind], folder) for kind in KINDS}
        runs = {p.name: PeerRuns(p, addresses[p.store], folder) for p in there}
        ways = [way for name, run in runs.items() for way in _ways(name, run, messages)]
        ways += [way for name, shop in shops.items() for way in _our_ways(name, shop, messages)]
        rates = in_turn(ways, rounds, folder)
        pick_up = _pick_ups(_waits(runs, shops), rounds)
    ours = [_settled(name, words) for name in shops for words in _SETTLED]
    work = _table("no-op messages processed per second, by workers", WORKERS, (ours, runs), rates)
    work.notes += [*_ahead(ours, list(runs), rates), *_absent(there)]
    enqueue = _table("messages enqueued per second", MANNERS, (shops, runs), rates)
    return work, enqueue, pick_up


def _table(
    words: str, columns: Sequence[str], rows: Sequence[Iterable[str]], rates: Rates
) -> Table:
    return table(f"Ours and others: {words}", columns, [Row(r) for r in chain(*rows)], rates)


def _ours(kind: str) -> str:
    return f"ours ({NAMES[kind]})"


def _settled(name: str, words: str) -> str:
    return f"{name}, {words}"


def _our_ways(name: str, shop: Shop, messages: int) -> Iterator[Way]:
    for manner in MANNERS:
        yield Way(name, manner, partial(shop.enqueue, manner, messages))
    for (words, (type_, times)), workers in product(_SETTLED.items(), WORKERS):
        measure = partial(shop.work, type_, workers, messages * times)
        yield Way(_settled(name, words), workers, measure)


def _ahead(ours: Sequence[str], peers: Sequence[str], rates: Rates) -> Iterator[str]:
    """Compare the fastest of each side, for each number of workers."""
    for workers in WORKERS:
        best = [
            max(((rates.rate(name, workers) or 0.0, name) for name in side), default=(0.0, "none"))
            for side in (ours, peers)
        ]
        (our_rate, our_name), (rate, name) = best
        verdict = "ahead of every peer" if our_rate > rate else "NOT ahead of every peer"
        yield f"{workers}: {our_name} {our_rate:,.0f}, {name} {rate:,.0f}: {verdict}"


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
        addresses = {"file": "", **running.enter_context(databases(folder))}
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


def _waits(runs: Mapping[str, PeerRuns], shops: Mapping[str, Shop]) -> Mapping[str, _Waits]:
    ours = {name: partial(_our_waits, shop) for name, shop in shops.items()}
    return {**{name: partial(run.pick_ups, PACED) for name, run in runs.items()}, **ours}


def _our_waits(shop: Shop) -> Sequence[float]:
    return latency.sample(shop).waited


def _pick_ups(waits: Mapping[str, _Waits], rounds: int) -> Table:
    words = f"ms from sending to the begin, one idle worker, {PACED} messages a round"
    made = Table(f"Ours and others: {words}", ("", "p50", "p99", "most"))
    found: dict[str, list[list[float]]] = {name: [] for name in waits}
    for name in [name for _ in range(rounds) for name in waits]:
        try:
            found[name].append(sorted(waits[name]()))
        except WrongAnswer as error:
            made.notes.append(f"not measured: {name}: {error}")
    for name, samples in found.items():
        if samples:
            made.add(name, *(f"{ms:.1f}" for ms in latency.milliseconds(samples)))
    return made
