"""A supplier's tyre list as wholesalers send it, made up line by line from a line's number alone.

Semicolons, CRLF, ISO-8859-1, decimal comma, shuffled. Against the stock it meets, 10 % of the
lines changed (half in quantity, half in price), 2 % are new and 2 % are gone.
Run: python -m bench.tyre_file FILE --lines N
"""

from __future__ import annotations

import argparse
from array import array
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

ENCODING = "iso-8859-1"
HEADER = ("Artikelnr.", "EAN", "Hersteller", "Bezeichnung", "Größe", "Bestand", "EK netto", "DOT")
SHARE_NEW = 50  # one line in fifty

_SEED = 20_240_229
_MASK = (1 << 64) - 1
_MAKERS = ("Norvik", "Grünwald", "Énergia", "Çelik", "Señal", "Skåne", "Böhmer", "Corvino")
_PATTERNS = ("Eco 5", "Été 3", "Größe Plus", "Wintér", "Löwe HT", "Señor Van", "Åre Ice", "Sport+")
_SPEEDS = "QRSTHVWY"


class Offer(NamedTuple):
    """One article of the list; price in cents."""

    article_no: str
    ean: str
    maker: str
    name: str
    size: str
    quantity: int
    price_cents: int
    dot: str


def lines_in_file(stock_lines: int) -> range:
    """Numbers of all articles that the stock or the file may hold, in order of article number."""
    return range(stock_lines + stock_lines // SHARE_NEW)


def in_stock(number: int) -> Offer:
    """The article as the stock knows it before the import."""
    bits = _bits(number)
    maker = _MAKERS[bits % 8]
    return Offer(
        article_no=f"TY{number:08d}",
        ean=ean(number),
        maker=maker,
        name=f"{maker} {_PATTERNS[bits >> 3 & 7]}",
        size=_size(bits >> 6),
        quantity=(bits >> 24) % 400,
        price_cents=2_500 + (bits >> 33) % 87_500,
        dot=_dot(bits >> 50),
    )


def in_file(number: int, stock_lines: int) -> Offer | None:
    """The article as the file lists it; None for one that is gone."""
    offer = in_stock(number)
    if number >= stock_lines:
        return offer
    bits = _bits(~number)
    fate, by = bits % 100, bits >> 8
    if fate < 2:
        return None
    pieces = 1 + by % 19 if 2 <= fate < 7 else 0
    cents = 1 + by % 499 if 7 <= fate < 12 else 0
    return offer._replace(quantity=offer.quantity + pieces, price_cents=offer.price_cents + cents)


def after_import(stock_lines: int) -> Iterator[tuple[str, str, str, int, int]]:
    """What stock must hold afterwards, in key order: article, DOT, EAN, quantity, cents."""
    for number in lines_in_file(stock_lines):
        offer = in_file(number, stock_lines) or in_stock(number)._replace(quantity=0)
        yield offer.article_no, offer.dot, offer.ean, offer.quantity, offer.price_cents


def ean(number: int) -> str:
    """Thirteen digits of the German range, the last one checking the others."""
    body = f"{400_000_000_000 + number * 7_368_787 % 10_000_000_000}"
    total = sum(map(int, body[::2])) + 3 * sum(map(int, body[1::2]))
    return f"{body}{-total % 10}"


def write(path: Path, stock_lines: int) -> int:
    """Write the file line by line in an order that has nothing to do with any key."""
    numbers = array("I", lines_in_file(stock_lines))
    Random(_SEED).shuffle(numbers)  # noqa: S311 - the same order every time is what is wanted
    written = 0
    with path.open("w", encoding=ENCODING, newline="") as file:
        file.write(";".join(HEADER) + "\r\n")
        for number in numbers:
            offer = in_file(number, stock_lines)
            if offer is not None:
                file.write(_line(offer))
                written += 1
    return written


def _line(offer: Offer) -> str:
    euros, cents = divmod(offer.price_cents, 100)
    return (
        f"{offer.article_no};{offer.ean};{offer.maker};{offer.name};{offer.size};"
        f"{offer.quantity};{euros},{cents:02d};{offer.dot}\r\n"
    )


def _size(bits: int) -> str:
    width, aspect, rim = 145 + bits % 19 * 10, 35 + (bits >> 5) % 10 * 5, 13 + (bits >> 9) % 10
    return f"{width}/{aspect} R{rim} {70 + (bits >> 12) % 45}{_SPEEDS[bits >> 15 & 7]}"


def _dot(bits: int) -> str:
    """Week and year on every eighth line; elsewhere the supplier does not say."""
    return "" if bits & 7 else f"{1 + (bits >> 3) % 52:02d}{19 + (bits >> 9) % 6:02d}"


def _bits(number: int) -> int:
    """64 bits that look random and depend on the number alone (splitmix64)."""
    bits = (number + _SEED) * 0x9E3779B97F4A7C15 & _MASK
    bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    bits = (bits ^ bits >> 27) * 0x94D049BB133111EB & _MASK
    return bits ^ bits >> 31


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a supplier's tyre list.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--lines", type=int, default=1_000_000, help="articles in stock before")
    given = parser.parse_args()
    written = write(given.file, given.lines)
    print(f"{given.file}: {written:,} lines, {given.file.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
