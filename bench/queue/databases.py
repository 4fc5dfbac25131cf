"""Migrated databases of the benchmark's own, every commit of which reaches the disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.servers import started
from bench.timing import CONSOLE, ROOT, run

KINDS = ("sqlite", "postgresql", "mariadb")
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "mariadb": "MariaDB"}

LIBRARIES = {"PYTHONPATH": str(ROOT / "src")}
"""What a child needs to find the product's code."""


@contextmanager
def databases(folder: Path, kinds: Sequence[str] = KINDS) -> Iterator[Mapping[str, str]]:
    """Start the servers and give each kind's address. Raises WrongAnswer where one is missing."""
    with ExitStack() as running:
        urls = {kind: _address(kind, folder, running) for kind in kinds}
        for url in urls.values():
            run([CONSOLE, "db:migrate"], {"DATABASE_URL": url})
        yield urls


def _address(kind: str, folder: Path, running: ExitStack) -> str:
    if kind == "sqlite":
        return f"sqlite:///{folder / 'queue.db'}"
    return running.enter_context(started(kind, folder / kind)).url
