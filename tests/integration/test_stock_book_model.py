"""Whatever files arrive, the book ends where a naive import in plain Python ends."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.jobs.supplier_import.setting import Duplicates, Mode
from import_shop import ImportShop, import_setting
from servers import KINDS, database
from servers.access import Access

Line = tuple[str, str, int, int]
File = tuple[Sequence[Line], Sequence[str]]
Key = tuple[str, str]
Stock = dict[Key, tuple[int, int | None]]

LINES = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", "C", "a", "Ä", "A-1", "A 1", "🛞", "ß", "SS"]),
        st.sampled_from(["", "2319", "1022"]),
        st.integers(0, 3),
        st.integers(1, 2),
    ),
    max_size=12,
)
UNREADABLE = st.lists(st.sampled_from(["A", "B", "Ä", "Z"]), max_size=2)
EXAMPLES = {"sqlite": 80, "postgresql": 40, "mariadb": 15}  # temporary tables are dear in MariaDB
WRITTEN = (
    "import_run", "import_reject", "match_review", "supplier_stock_history", "supplier_stock",
)  # fmt: skip
FILES = st.lists(st.tuples(LINES, UNREADABLE), min_size=1, max_size=4)


def _settled(lines: Sequence[Line], rule: Duplicates) -> tuple[Stock, set[str]]:
    """Quantity and price per article and DOT, and the articles rejected as listed twice."""
    listed: dict[Key, list[tuple[int, int]]] = {}
    for article, dot, quantity, price in lines:
        listed.setdefault((article, dot), []).append((quantity, price))
    stock: Stock = {}
    twice = set()
    for key, values in listed.items():
        if rule is Duplicates.SUM:
            stock[key] = sum(quantity for quantity, _ in values), values[-1][1]
        elif rule is Duplicates.MAX:
            most = max(quantity for quantity, _ in values)
            stock[key] = [value for value in values if value[0] == most][-1]
        elif rule is Duplicates.LAST or len(values) == 1:
            stock[key] = values[-1]
        else:
            twice.add(key[0])
    return stock, twice


def _after(before: Stock, listed: Stock, kept: set[str], mode: Mode) -> Stock:
    after = dict(before)
    if mode is Mode.FULL:
        for key, (_, price) in before.items():
            if key[0] not in kept:
                after[key] = 0, price
    for key in before.keys() & listed.keys():
        after[key] = listed[key]
    return after | listed


def _changes(before: Stock, after: Stock, listed: Stock) -> dict[str, int]:
    differs = [key for key in before if before[key] != after[key]]
    changed = [key for key in differs if key in listed]
    return {
        "new": len(after.keys() - before.keys()),
        "changed": len(changed),
        "gone": len(differs) - len(changed),
        "unchanged": len(listed.keys() & before.keys()) - len(changed),
    }


@pytest.mark.parametrize("kind", KINDS)
def test_the_book_ends_where_a_naive_import_ends(kind: str) -> None:
    @given(files=FILES, rule=st.sampled_from(Duplicates), mode=st.sampled_from(Mode))
    @settings(max_examples=EXAMPLES[kind], deadline=None)
    def whatever_arrives(files: Sequence[File], rule: Duplicates, mode: Mode) -> None:
        with TemporaryDirectory() as folder:
            for table in reversed(WRITTEN):
                access.execute(f"DELETE FROM {table}")  # noqa: S608 - tables of our own
            _ends_where_expected(ImportShop(Path(folder), url), files, rule, mode)

    with database(kind) as url, Access(url) as access:
        whatever_arrives()


def _ends_where_expected(
    shop: ImportShop, files: Sequence[File], rule: Duplicates, mode: Mode
) -> None:
    expected: Stock = {}
    shop.settings[23] = import_setting(duplicates=rule, mode=mode)
    for number, (lines, unreadable) in enumerate(files):
        listed, twice = _settled(lines, rule)
        after = _after(expected, listed, twice | set(unreadable), mode)

        counts = _import(shop, number, lines, unreadable)

        assert shop.stock() == after
        found = {word: counts[word] for word in ("new", "changed", "gone", "unchanged")}
        assert found == _changes(expected, after, listed)
        assert counts["lines"] + counts["rejected"] == len(lines) + len(unreadable)
        expected = after
    history = shop.rows("SELECT count(*) FROM supplier_stock_history")
    written = shop.rows("SELECT sum(new + changed + gone) FROM import_run")
    assert history == written


def _import(
    shop: ImportShop, number: int, lines: Sequence[Line], unreadable: Sequence[str]
) -> dict[str, int]:
    texts = [
        f"{article};{quantity};0,0{price};;{dot}" for article, dot, quantity, price in lines
    ] + [f"{article};viele" for article in unreadable]
    shop.receives(*texts, name=f"{number}.csv")
    return dict(shop.imports(update_anyway=True).units[0].counts)
