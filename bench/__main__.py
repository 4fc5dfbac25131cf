"""Time the console: start-up, import, locks, queue. Prints tables and never fails.

Run: .venv/bin/python -m bench [REPORT …] [--lines N] [--runs N]; -h lists the reports.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bench import (
    cleaning,
    counters,
    export,
    images,
    locks,
    mails,
    no_news,
    orders,
    publishing,
    sessions,
    simulator,
    startup,
    supplier_import,
    transfers,
    vehicles,
)
from bench.queue import backlog, latency, limits, peers
from bench.queue.databases import KINDS
from bench.table import Table
from bench.timing import ROOT, WrongAnswer, machine

_Report = Callable[[Path, argparse.Namespace], Table | Sequence[Table]]


def _startup(folder: Path, given: argparse.Namespace) -> Table:
    return startup.report(folder, given.runs or 25)


def _import(folder: Path, given: argparse.Namespace) -> Table:
    return supplier_import.report(folder, given.runs or 3, given.lines)


def _memory(folder: Path, given: argparse.Namespace) -> Table:
    lines = given.lines
    return supplier_import.memory(folder, (lines // 10, lines, lines * 3))


def _lock(folder: Path, given: argparse.Namespace) -> Table:
    return locks.report(folder, given.runs or 5)


def _no_news(folder: Path, given: argparse.Namespace) -> Table:
    return no_news.report(folder, given.runs or 25)


def _images(folder: Path, given: argparse.Namespace) -> Sequence[Table]:
    return images.report(folder, given.runs or 3)


def _export(folder: Path, given: argparse.Namespace) -> Sequence[Table]:
    return export.report(folder, given.runs or 3)


def _orders(folder: Path, given: argparse.Namespace) -> Sequence[Table]:
    return orders.report(folder, given.runs or 3)


def _vehicles(folder: Path, given: argparse.Namespace) -> Sequence[Table]:
    return vehicles.report(folder, given.runs or 3)


def _mails(folder: Path, given: argparse.Namespace) -> Table:
    return mails.report(folder, given.runs or 3)


def _counters(folder: Path, given: argparse.Namespace) -> Table:
    return counters.report(folder, given.runs or 3)


def _transfers(folder: Path, given: argparse.Namespace) -> Table:
    return transfers.report(folder, given.runs or 3)


def _simulator(folder: Path, given: argparse.Namespace) -> Table:
    return simulator.report(folder, given.runs or 3)


def _metrics(folder: Path, given: argparse.Namespace) -> Table:
    return publishing.report(folder, given.runs or 25)


def _on(kind: str) -> dict[str, _Report]:
    """The import's two tables on a server."""

    def imports(folder: Path, given: argparse.Namespace) -> Table:
        return supplier_import.on_server(kind, folder, given.runs or 3, given.lines)

    def memory(folder: Path, given: argparse.Namespace) -> Table:
        sizes = given.lines // 10, given.lines, given.lines * 3
        return supplier_import.memory_on_server(kind, folder, sizes)

    return {f"import-{kind}": imports, f"memory-{kind}": memory}


def _queue(*kinds: str) -> _Report:
    """Of all databases in turn, or of one."""

    def measured(folder: Path, given: argparse.Namespace) -> Sequence[Table]:
        return limits.report(folder, kinds, given.runs or 3, given.messages)

    return measured


def _queue_peers(folder: Path, given: argparse.Namespace) -> Sequence[Table]:
    return peers.report(folder, given.runs or 3, given.messages)


def _latency(folder: Path, given: argparse.Namespace) -> Table:
    return latency.report(folder, given.runs or 3)


def _backlog(*kinds: str) -> _Report:
    return lambda folder, _given: backlog.report(folder, kinds)


def _cleaning(cleaner: cleaning.Cleaner) -> _Report:
    return lambda folder, given: cleaning.report(folder, given.runs or 3, cleaner)


def _sessions(folder: Path, given: argparse.Namespace) -> Sequence[Table]:
    return sessions.report(folder, given.runs or 3, given.files)


REPORTS: Mapping[str, _Report] = {
    "startup": _startup,
    "import": _import,
    "memory": _memory,
    "lock": _lock,
    "metrics": _metrics,
    "no-news": _no_news,
    **_on("postgresql"),
    **_on("mariadb"),
    "images": _images,
    "export": _export,
    "orders": _orders,
    "vehicles": _vehicles,
    "mails": _mails,
    "counters": _counters,
    "simulator": _simulator,
    "transfers": _transfers,
    "queue": _queue(*KINDS),
    "queue-peers": _queue_peers,
    "queue-latency": _latency,
    "queue-backlog": _backlog(*KINDS),
    "queue-clean": _cleaning(cleaning.QUEUE),
    "log-clean": _cleaning(cleaning.LOG),
    "cache-clean": _cleaning(cleaning.CACHE),
    "sessions": _sessions,
}

_PARTS: Mapping[str, _Report] = {
    **{f"queue-{kind}": _queue(kind) for kind in KINDS},
    **{f"queue-backlog-{kind}": _backlog(kind) for kind in KINDS},
}
"""Shown when asked for: another report holds the same rows."""

_KNOWN: Mapping[str, _Report] = {**REPORTS, **_PARTS}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument("reports", nargs="*", metavar="|".join(_KNOWN), help="default: all")
    parser.add_argument("--lines", type=int, default=1_000_000, help="lines of the import")
    parser.add_argument("--files", type=int, default=sessions.FILES, help="of sessions")
    parser.add_argument("--messages", type=int, default=limits.MESSAGES, help="of the queue")
    parser.add_argument("--runs", type=int, default=0, help="runs of each (25, 3, lock 5)")
    parser.add_argument("--markdown", action="store_true", help="tables for the documentation")
    parser.add_argument("--work", type=Path, default=ROOT / "var", help="on the disk to measure")
    given = parser.parse_args()
    unknown = set(given.reports) - set(_KNOWN)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; choose from {', '.join(_KNOWN)}")
    return given


def main() -> None:
    given = arguments()
    given.work.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="bench-", dir=given.work))
    try:
        print(machine(work), flush=True)
        for name in given.reports or REPORTS:
            print(f"\n{_shown(name, work / name, given)}", flush=True)
    finally:
        shutil.rmtree(work)


def _shown(name: str, folder: Path, given: argparse.Namespace) -> str:
    print(f"measuring {name} …", file=sys.stderr)
    folder.mkdir()
    try:
        found = _KNOWN[name](folder, given)
    except (WrongAnswer, OSError) as error:
        return f"{name}: not measured: {error}"
    finally:
        shutil.rmtree(folder)
    tables = [found] if isinstance(found, Table) else found
    return "\n".join(table.markdown() if given.markdown else table.plain() for table in tables)


if __name__ == "__main__":
    main()
