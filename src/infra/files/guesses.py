"""What columns may hold, by their headers in the trade's languages and by their cells."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.jobs.supplier_import.ean import is_checked
from domain.jobs.supplier_import.money import CURRENCIES, SIGNS
from domain.jobs.supplier_import.text import folded
from infra.files.candidates import ON_ORDER, is_gross, price_column, spelled, stock_columns

_ROLE_WORDS = {
    "maker_no": "herstellernummer hersteller-nr hersteller-artikelnummer mpn manufacturer-part "
    "manufacturer-number part-number-manufacturer référence-fabricant catalog-number",
    "ean": "ean ean-code ean13 gtin barcode upc штрихкод штрих-код",
    "dot": "dot produktionsdatum production-date dot-code",
    "delivery_days": "lieferzeit lieferfrist delivery lead-time délai plazo consegna срок dostawa",
    "article_no": "artikelnummer artikelnr artikel-nr art-nr lieferanten-artikelnr artnr sku nsn "
    "supplier-aid item-no item-number article-no part-number part-no product-code référence ref "
    "código articolo артикул kód indeks artikelcode lcsc varenummer cikkszám partno partnumber "
    "itemno itemnumber articleno teilenummer teilenr teile-nr bestellnummer bestellnr "
    "materialnummer merchant-product-id",
    "price": "preis price ek ek-preis netto nettopreis vk cost unit-cost acquisition-cost prix "
    "precio цена cena prijs prezzo pris ár kosten search-price brutto uvp rrp msrp wholesale",
    "quantity": "bestand menge lager lagerbestand stock qty quantity quantité cantidad verfügbar "
    "available availability on-hand остаток кол-во количество ilość stan voorraad giacenza "
    "disponibilità lagersaldo antal készlet in-stock stock-quantity stk warehouse depot quant",
    "maker": "hersteller marke brand manufacturer maker fabricant marque marca бренд производитель "
    "producent merk fabbricante märke",
}
_NEVER = {
    "quantity": re.compile(ON_ORDER.pattern + r"|mindest|verpackung|packung|wert\b|value|datum"),
    "price": re.compile(r"versand|shipping|delivery|liefer|fracht|freight|einheit|total cost"),
    "delivery_days": re.compile(r"cost|kosten|price|preis|charge"),
}
_NOT_STOCK = frozenset(
    {"min", "moq", "mindest", "minimum", "order", "attrition", "reserved", "max"}
)
_SEVERAL = frozenset({"quantity", "price"})
"""Roles for which the best of several columns is chosen; of any other the first."""
_COMPOUND_LENGTH = 5
"""Words this long are also found inside a longer one (Lagerbestand, Nettopreis)."""
_MOST, _HALF = 0.8, 0.5
_MOST_WORDS = 20
_NUMBER = re.compile(r"[<>≥-]?\s*\D{0,4}?\s*[0-9].*")
_EAN = re.compile(r"[0-9]{8}|[0-9]{12,14}")
_LAST_SIGN = re.compile(r"([.,])([0-9]+)[^0-9]*$")
_CENTS = 3
_SURE_MONEY = CURRENCIES | set("€£$¥₽₴₹₺₸")
"""What means money in a header too, where "Fr" or "TL" may be any abbreviation."""
_MONEY_WORD = re.compile(r"[^\s\d.,'+-]+")


@dataclass(frozen=True, kw_only=True)
class Roles:
    """One role or None per column, what stock words mean something, and what is doubtful."""

    roles: tuple[str | None, ...]
    words: tuple[str, ...]
    doubts: tuple[str, ...]


def column_roles(names: Sequence[str], cells: Sequence[Sequence[str]]) -> Roles:
    """Each role but quantity once; what the cells contradict is dropped."""
    filled = [[cell.strip() for cell in column if cell.strip()] for column in cells]
    found = [
        _role_by_cells(column) or _role_by_name(name)
        for name, column in zip(names, filled, strict=True)
    ]
    stocks = _stocks(names, found, filled)
    prices = {
        place: names[place]
        for place, role in enumerate(found)
        if role == "price" and _mostly(_NUMBER, filled[place])
    }
    quantities = stock_columns(stocks, filled) if stocks else []
    price = [price_column(prices)] if prices else []
    chosen = {**dict.fromkeys(price, "price"), **dict.fromkeys(quantities, "quantity")}
    roles = tuple(
        chosen.get(place) if role in _SEVERAL else role if found.index(role) == place else None
        for place, role in enumerate(found)
    )
    words = tuple(_words(cell for place in quantities for cell in filled[place]))
    doubts = (*_stock_doubts(names, stocks, quantities, words), *_price_doubts(prices, price))
    return Roles(roles=roles, words=words, doubts=doubts)


def decimal_and_thousands(prices: Sequence[str]) -> tuple[str, str, bool]:
    """Decimal and thousands sign, and whether the prices prove them."""
    signs = Counter(
        match[1] for price in prices if (match := _LAST_SIGN.search(price.strip()))
        and len(match[2]) != _CENTS
    )  # fmt: skip
    if not signs:
        return ",", "", False
    decimal = signs.most_common(1)[0][0]
    other = "." if decimal == "," else ","
    grouped = any(other in price for price in prices)
    return decimal, other if grouped else "", len(signs) == 1


def currencies(header: str, prices: Sequence[str]) -> list[str]:
    """Currencies that stand in the prices' header or beside them, the most frequent first."""
    beside = Counter(word for price in prices for word in _MONEY_WORD.findall(price))
    named = [word for word in re.findall(r"\w+|[^\w\s]", header) if word in _SURE_MONEY]
    words = [*named, *(word for word, _ in beside.most_common())]
    known = (SIGNS.get(folded(word), word.upper()).split()[0] for word in words)
    return [code for code in dict.fromkeys(known) if code in CURRENCIES]


def _role_by_cells(filled: Sequence[str]) -> str | None:
    codes = [cell for cell in filled if _EAN.fullmatch(cell)]
    checked = [code for code in codes if is_checked(code)]
    return "ean" if filled and len(checked) >= _MOST * len(filled) else None


def _role_by_name(name: str) -> str | None:
    tokens = re.findall(r"\w+", folded(name).replace("_", " "))
    if not _NOT_STOCK.isdisjoint(tokens):
        return None
    for role, words in _ROLE_WORDS.items():
        if any(_is_in(word, tokens) for word in words.split()):
            never = _NEVER.get(role)
            return None if never and never.search(spelled(name)) else role
    return None


def _is_in(word: str, tokens: list[str]) -> bool:
    if f" {word.replace('-', ' ')} " in f" {' '.join(tokens)} ":
        return True
    return len(word) >= _COMPOUND_LENGTH and any(word in token for token in tokens)


def _stocks(
    names: Sequence[str], found: Sequence[str | None], filled: Sequence[Sequence[str]]
) -> dict[int, str]:
    """Columns of numbers; where there is none, columns of a few words (auf Lager, J/N)."""
    places = [place for place, role in enumerate(found) if role == "quantity"]
    counted = [place for place in places if _mostly(_NUMBER, filled[place])]
    worded = [place for place in places if 0 < len(set(filled[place])) <= _MOST_WORDS]
    return {place: names[place] for place in counted or worded}


def _words(cells: Iterator[str]) -> Iterator[str]:
    seen = dict.fromkeys(cell for cell in cells if not _NUMBER.fullmatch(cell))
    yield from list(seen)[:_MOST_WORDS]


def _stock_doubts(
    names: Sequence[str], stocks: dict[int, str], chosen: Sequence[int], words: Sequence[str]
) -> Iterator[str]:
    added = ", ".join(repr(names[place].strip()) for place in chosen)
    left = [name.strip() for place, name in stocks.items() if place not in chosen]
    left += [name.strip() for name in names if _is_on_order(name)]
    if len(chosen) > 1:
        yield f"quantity: {added} are added: are they warehouses?"
    if left:
        yield f"quantity: {added or 'nothing'} is taken, left out: {', '.join(map(repr, left))}"
    if words:
        yield "quantity holds words: say in quantity_words (below) how many pieces each means"


def _is_on_order(name: str) -> bool:
    tokens = spelled(name).split()
    counted = any(_is_in(word, tokens) for word in _ROLE_WORDS["quantity"].split())
    is_limit = not (_NOT_STOCK - {"order", "reserved"}).isdisjoint(tokens)
    return counted and not is_limit and ON_ORDER.search(" ".join(tokens)) is not None


def _price_doubts(prices: dict[int, str], chosen: Sequence[int]) -> Iterator[str]:
    left = [name.strip() for place, name in prices.items() if place not in chosen]
    taken = prices[chosen[0]].strip() if chosen else ""
    if left:
        yield f"price: {taken!r} is taken, left out: {', '.join(map(repr, left))}"
    if is_gross(taken):
        yield f"price: {taken!r} looks like a gross or retail price; the shop keeps net prices"


def _mostly(pattern: re.Pattern[str], filled: Sequence[str]) -> bool:
    return sum(bool(pattern.fullmatch(cell)) for cell in filled) >= _HALF * len(filled)
