"""Database servers of the benchmark's own: the tests' recipes with the server's own durability."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.timing import PYTHON, ROOT, WrongAnswer, run

# What the tests turn off for speed is on again, and memory is as the packages come.
_DEFAULTS: Mapping[str, Sequence[str]] = {
    "postgresql": ("-c", "fsync=on", "-c", "full_page_writes=on", "-c", "shared_buffers=128MB"),
    "mariadb": (
        "--innodb-flush-log-at-trx-commit=1",
        "--innodb-buffer-pool-size=128M",
        "--innodb-doublewrite=1",
        "--innodb-flush-method=O_DIRECT",
    ),
}


@dataclass(frozen=True)
class Started:
    """A server that runs until the end of the block."""

    url: str
    version: str


@contextmanager
def started(kind: str, folder: Path) -> Iterator[Started]:
    """Run a server. Raises WrongAnswer where this machine has none."""
    sys.path.append(str(ROOT / "tests"))
    from servers.finding import Missing, find
    from servers.private import private

    try:
        find(kind, private=True)
    except Missing as missing:
        raise WrongAnswer(str(missing)) from missing
    with private(kind, folder, arguments=_DEFAULTS[kind]) as server:
        asked = run([PYTHON, "-m", "bench.server_stock", "version", server.url, "--lines", "0"])
        yield Started(server.url, asked.strip())
