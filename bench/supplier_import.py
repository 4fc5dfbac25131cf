"""A supplier's file into stock: the console against the raw limit, pandas and row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.private_shop import IMPORT, PrivateShop, ServerShop
from bench.servers import started
from bench.table import Table, against, megabytes
from bench.timing import PYTHON, Series, Variant, alternate

OURS, LIMIT = "bin/console cron:suppliers:import-stock", "raw limit"
KEY_ONLY = "raw limit, only the key indexed"
UNCHANGED, ANYWAY = "the same file again", "the same file, --update-anyway"
PEERS = {
    "pandas read_csv, to_sql, same merge": ("bench.by_pandas",),
    "row by row, a commit each": ("bench.row_by_row",),
    "row by row, one transaction": ("bench.row_by_row", "--one-transaction"),
}

MOST_ONE_BY_ONE = 100_000
_PEER_ROUNDS = 1
_MOST_BYTES = 150_000_000


SERVER_PEERS = {"row by row: select, then write": ("bench.server_row_by_row",)}


def report(folder: Path, runs: int, lines: int) -> Table:
    """Limit and import in turn, what else there is in the first round only."""
    shop = PrivateShop(folder, lines)
    shop.make()
    limits = [
        _by_module(LIMIT, shop, ("bench.raw_limit",)),
        _by_module(KEY_ONLY, shop, ("bench.raw_limit", "--key-only")),
    ]
    found = alternate([*limits, *_ours(shop), *_peers(shop, PEERS)], runs)
    return _table(f"Import of {lines:,} lines into {lines:,} in stock", found, lines, 1.5)


def on_server(kind: str, folder: Path, runs: int, lines: int) -> Table:
    """Do the same on a server of the benchmark's own, with its default durability."""
    with started(kind, folder) as server:
        shop = ServerShop(folder, lines, server.url)
        shop.make()
        limit = _by_module(LIMIT, shop, ("bench.server_limit",))
        peers = _peers(shop, SERVER_PEERS) if lines <= MOST_ONE_BY_ONE else []
        found = alternate([limit, *_ours(shop), *peers], runs)
    table = _table(f"Import of {lines:,} lines on {server.version}", found, lines, 1.3)
    if not peers:
        table.notes.append(f"row by row takes minutes: --lines {MOST_ONE_BY_ONE} measures it")
    return table


def _table(title: str, found: Mapping[str, Series], lines: int, bar: float) -> Table:
    table = Table(title, ("", "s", "CPU s", "x limit", "lines/s", "peak MB", "bar"))
    for name, series in found.items():
        if series.trouble or found[LIMIT].trouble:
            table.notes.append(f"not measured: {series.trouble}")
        else:
            table.add(name, *_figures(series, found[LIMIT], lines), _bar(name, found, bar))
    table.notes.append("after each run stock was compared with the file, row by row")
    return table


def memory(folder: Path, sizes: tuple[int, ...]) -> Table:
    """One import per size; what it holds in memory must not grow with the file."""
    shops = [PrivateShop(folder / str(lines), lines) for lines in sizes]
    return _memory("Memory of an import", shops)


def memory_on_server(kind: str, folder: Path, sizes: tuple[int, ...]) -> Table:
    with started(kind, folder) as server:
        shops = [ServerShop(folder / str(lines), lines, server.url) for lines in sizes]
        return _memory(f"Memory of an import on {server.version}", shops)


def _memory(title: str, shops: Sequence[PrivateShop]) -> Table:
    table = Table(title, ("lines", "s", "peak MB", "bar"))
    for shop in shops:
        shop.make()
        series = alternate([_import(OURS, shop)], 1)[OURS]
        if series.trouble:
            table.notes.append(f"not measured: {series.trouble}")
            continue
        peak = series.rss_bytes
        bar = against(peak / 1e6, _MOST_BYTES / 1e6)
        table.add(f"{shop.lines:,}", f"{series.seconds:.2f}", megabytes(peak), bar)
    return table


def _ours(shop: PrivateShop) -> list[Variant]:
    """The file is imported, then delivered twice more: unchanged, and booked all the same."""
    return [
        _import(OURS, shop),
        Variant(name=UNCHANGED, argv=IMPORT, env=shop.env, expect="unchanged", before=shop.deliver),
        Variant(
            name=ANYWAY,
            argv=[*IMPORT, "--update-anyway"],
            env=shop.env,
            expect="succeeded",
            before=shop.deliver,
            after=shop.check,
        ),
    ]


def _import(name: str, shop: PrivateShop) -> Variant:
    return Variant(
        name=name,
        argv=IMPORT,
        env=shop.env,
        expect="succeeded",
        before=shop.reset,
        after=shop.check,
    )


def _peers(shop: PrivateShop, peers: Mapping[str, tuple[str, ...]]) -> list[Variant]:
    return [_by_module(name, shop, words, _PEER_ROUNDS) for name, words in peers.items()]


def _by_module(
    name: str, shop: PrivateShop, words: tuple[str, ...], rounds: int | None = None
) -> Variant:
    module, *options = words
    return Variant(
        name=name,
        argv=[PYTHON, "-m", module, shop.database, str(shop.file), *options],
        rounds=rounds,
        before=shop.reset,
        after=shop.check,
    )


def _figures(series: Series, limit: Series, lines: int) -> tuple[str, ...]:
    return (
        f"{series.seconds:.2f}",
        f"{series.cpu_seconds:.2f}",
        f"{series.ratio_to(limit):.2f}",
        f"{lines / series.seconds:,.0f}",
        megabytes(series.rss_bytes),
    )


def _bar(name: str, found: Mapping[str, Series], most: float) -> str:
    """Ours against the limit, the shortcuts against ours, the peers by how far they are beaten."""
    series, ours = found[name], found[OURS]
    if name == OURS:
        return f"x limit {against(series.ratio_to(found[LIMIT]), most)}"
    if name == UNCHANGED and not ours.trouble:
        return f"x import {against(round(series.ratio_to(ours), 3), 0.1)}"
    if name in {**PEERS, **SERVER_PEERS} and not ours.trouble:
        times = series.ratio_to(ours)
        return f"beaten {times:.1f} times (3: {'met' if times >= 3 else 'MISSED'})"
    return ""
