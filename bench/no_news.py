"""What a whole run with nothing to do costs, by the database that holds ledger, lock and stock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from bench.private_shop import IMPORT, PrivateShop, ServerShop
from bench.servers import started
from bench.table import Table
from bench.timing import PYTHON, Variant, alternate, run

BARE = "python -c pass"
_LINES = 1_000


def report(folder: Path, runs: int) -> Table:
    """Time the same run on each database beside the bare interpreter, in turn."""
    run([PYTHON, "-m", "compileall", "-q", "src"])
    with ExitStack() as servers:
        variants = [Variant(name=BARE, argv=[PYTHON, "-c", "pass"]), *_runs(folder, servers)]
        found = alternate(variants, runs, warm_up=2)
    table = Table("A whole run, file unchanged", ("", "ms", "x bare"))
    for name, series in found.items():
        table.add(name, f"{series.seconds * 1000:.1f}", f"{series.ratio_to(found[BARE]):.1f}")
    return table


def _runs(folder: Path, servers: ExitStack) -> Iterator[Variant]:
    yield _run("SQLite", PrivateShop(folder / "sqlite", _LINES))
    for kind in ("postgresql", "mariadb"):
        home = folder / kind
        home.mkdir()
        server = servers.enter_context(started(kind, home))
        yield _run(server.version, ServerShop(home / "shop", _LINES, server.url))


def _run(name: str, shop: PrivateShop) -> Variant:
    shop.make()
    shop.reset()
    run(IMPORT, shop.env)
    return Variant(name=name, argv=IMPORT, env=shop.env, expect="unchanged", before=shop.deliver)
