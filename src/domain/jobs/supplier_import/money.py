"""The currencies that suppliers ask for, by code and by the signs that stand beside a price."""

from __future__ import annotations

CURRENCIES = frozenset({
    "AED", "ALL", "AUD", "BAM", "BGN", "BRL", "BYN", "CAD", "CHF", "CNY", "CZK", "DKK",
    "EUR", "GBP", "GEL", "HKD", "HUF", "ILS", "INR", "ISK", "JPY", "KRW", "KZT", "MDL",
    "MKD", "MXN", "NOK", "NZD", "PLN", "RON", "RSD", "RUB", "SEK", "SGD", "THB", "TRY",
    "TWD", "UAH", "USD", "ZAR",
})  # fmt: skip
"""ISO 4217; a code that is missing here is added here."""

SIGNS = {
    "€": "EUR", "euro": "EUR", "euros": "EUR", "£": "GBP", "¥": "JPY CNY", "₸": "KZT",
    "$": "USD CAD AUD NZD SGD HKD MXN", "us$": "USD", "тг": "KZT", "тенге": "KZT", "₽": "RUB",
    "руб": "RUB", "р": "RUB", "₴": "UAH", "грн": "UAH", "zł": "PLN", "zl": "PLN", "kč": "CZK",  # noqa: RUF001 - Cyrillic words
    "kc": "CZK", "kr": "SEK NOK DKK ISK", "ft": "HUF", "fr": "CHF", "sfr": "CHF", "лв": "BGN",
    "lei": "RON", "leu": "RON", "₺": "TRY", "tl": "TRY", "din": "RSD", "₹": "INR", "rs": "INR",
}  # fmt: skip
"""Folded signs and words; of several currencies that share one, the likeliest comes first."""
