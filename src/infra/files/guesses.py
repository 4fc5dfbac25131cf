"""What columns may hold, by their headers in the trade's languages and by their cells."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from domain.jobs.supplier_import.ean import is_checked
from domain.jobs.supplier_import.text import folded

_ROLE_WORDS = {
    "maker_no": "herstellernummer hersteller-nr hersteller-artikelnummer mpn manufacturer-part "
    "manufacturer-number part-number-manufacturer référence-fabricant catalog-number",
    "ean": "ean ean-code ean13 gtin barcode upc штрихкод штрих-код",
    "dot": "dot produktionsdatum production-date dot-code",
    "delivery_days": "lieferzeit lieferfrist delivery lead-time délai plazo consegna срок dostawa",
    "article_no": "artikelnummer artikelnr artikel-nr art-nr lieferanten-artikelnr artnr sku nsn "
    "supplier-aid item-no item-number article-no part-number part-no product-code référence ref "
    "código articolo артикул kód indeks artikelcode lcsc varenummer cikkszám",
    "price": "preis price ek ek-preis netto nettopreis vk cost unit-cost acquisition-cost prix "
    "precio цена cena prijs prezzo pris ár kosten search-price",
    "quantity": "bestand menge lager lagerbestand stock qty quantity quantité cantidad verfügbar "
    "available availability on-hand остаток кол-во количество ilość stan voorraad giacenza "
    "disponibilità lagersaldo antal készlet in-stock stock-quantity stk warehouse depot quant",
    "maker": "hersteller marke brand manufacturer maker fabricant marque marca бренд производитель "
    "producent merk fabbricante märke",
}
_NOT_STOCK = frozenset(
    {"min", "moq", "mindest", "minimum", "order", "attrition", "reserved", "max"}
)
_TOTAL = frozenset({"total", "gesamt", "summe", "sum", "totale", "всего", "razem"})
_COMPOUND_LENGTH = 5
"""Words this long are also found inside a longer one (Lagerbestand, Nettopreis)."""
_MOST, _HALF = 0.8, 0.5
_NUMBER = re.compile(r"[<>≥-]?\s*\D{0,4}?\s*[0-9].*")
_EAN = re.compile(r"[0-9]{8}|[0-9]{12,14}")
_LAST_SIGN = re.compile(r"([.,])([0-9]+)[^0-9]*$")
_CENTS = 3


def column_roles(names: Sequence[str], cells: Sequence[Sequence[str]]) -> list[str | None]:
    """One role per column, each role but quantity once; what the cells contradict is dropped."""
    roles: list[str | None] = []
    for name, column in zip(names, cells, strict=True):
        filled = [cell.strip() for cell in column if cell.strip()]
        role = _role_by_cells(filled) or _role_by_name(name)
        if role in {"quantity", "price"} and not _mostly(_NUMBER, filled):
            role = None
        roles.append(role if role == "quantity" or role not in roles else None)
    return _one_total(names, roles)


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
            return role
    return None


def _is_in(word: str, tokens: list[str]) -> bool:
    if f" {word.replace('-', ' ')} " in f" {' '.join(tokens)} ":
        return True
    return len(word) >= _COMPOUND_LENGTH and any(word in token for token in tokens)


def _one_total(names: Sequence[str], roles: list[str | None]) -> list[str | None]:
    """Where one quantity column is the total, the warehouses would be counted twice."""
    quantities = [place for place, role in enumerate(roles) if role == "quantity"]
    totals = [place for place in quantities if not _TOTAL.isdisjoint(folded(names[place]).split())]
    dropped = set(quantities) - set(totals[:1]) if totals else set()
    return [None if place in dropped else role for place, role in enumerate(roles)]


def _mostly(pattern: re.Pattern[str], filled: Sequence[str]) -> bool:
    return sum(bool(pattern.fullmatch(cell)) for cell in filled) >= _HALF * len(filled)
