"""Which of several columns that fit one role is the one: the best of them, the others named."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from domain.jobs.supplier_import.text import folded

ON_ORDER = re.compile(
    r"bestell|order|in transit|unterwegs|zulauf|avis|reserv|erwartet|expected|incoming|inbound"
)
"""Pieces that the supplier does not have, or has promised to another."""
_TOTAL = re.compile(r"\b(?:total|gesamt|summe|sum|totale|всего|razem)\b")
_COUNTED = re.compile(r"bestand|stock|lager|menge|qty|quantity|available|verfügbar|frei")
_NO_PLACE = re.compile(
    r"bestand|stock|menge|qty|quantity|avail|verfügbar|frei|free|phys|real|theor|status|flag|"
    r"wert|value|date|datum|alt|neu|old|new"
)
_SELLABLE = re.compile(r"verfügbar|frei|avail|free")
_NET = re.compile(r"\bh?ek\b|\bnet|netto|einkauf|wholesale|cost|händler|dealer")
_GROSS = re.compile(r"\bvk\b|brutto|gross|retail|verkauf|uvp|msrp|rrp|\blist|store")
_FLAGS = frozenset({"0", "1"})


def spelled(name: str) -> str:
    """A header as words and numbers with one blank between them."""
    return " ".join(re.findall(r"[^\W\d_]+|[0-9]+", folded(name)))


def stock_columns(candidates: Mapping[int, str], cells: Sequence[Sequence[str]]) -> list[int]:
    """Places of the total, of all warehouses, or of the one column that counts best."""
    names = {place: spelled(name) for place, name in candidates.items()}
    totals = [place for place, name in names.items() if _TOTAL.search(name)]
    if totals:
        return totals[:1]
    if len(names) > 1 and _are_warehouses(list(names.values())):
        return list(names)
    return sorted(names, key=lambda place: _rank(names[place], cells[place]))[:1]


def price_column(candidates: Mapping[int, str]) -> int:
    """Place of what the shop pays, where the headers tell; else of the first."""
    return max(candidates, key=lambda place: _netness(candidates[place]))


def is_gross(name: str) -> bool:
    return _netness(name) < 0


def _netness(name: str) -> int:
    words = spelled(name)
    return bool(_NET.search(words)) - bool(_GROSS.search(words))


def _are_warehouses(names: Sequence[str]) -> bool:
    """One stem and a place or code that differs: "stock east" and "stock west"."""
    words = [name.split() for name in names]
    before = _shared(words)
    after = 0 if before else _shared([tokens[::-1] for tokens in words])
    places = [" ".join(tokens[before : len(tokens) - after]) for tokens in words]
    named = all(places) and len(set(places)) == len(places)
    return before + after > 0 and named and not any(map(_NO_PLACE.search, places))


def _shared(names: Sequence[Sequence[str]]) -> int:
    """How many words all names begin with."""
    count = 0
    for words in zip(*names, strict=False):
        if len(set(words)) > 1:
            break
        count += 1
    return count


def _rank(name: str, column: Sequence[str]) -> tuple[bool, bool, int, int]:
    """Lower is better: a count before a flag, what can be sold before what is there."""
    is_flag = {cell.strip() for cell in column} <= _FLAGS
    counted = len(set(_COUNTED.findall(name)))
    return is_flag, not _SELLABLE.search(name), -counted, len(name.split())
