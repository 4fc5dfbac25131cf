"""What every cell goes through before it is read: blanks, words for "empty", damage."""

from __future__ import annotations

from domain.jobs.supplier_import.setting import Reading
from domain.jobs.supplier_import.unreadable import Unreadable


def tidy(text: str) -> str:
    """Outer blanks gone, any run of blanks (also the unbreakable ones) one blank."""
    return " ".join(text.split())


_ALIKE = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-") | {"\u2019": "'", "\xb4": "'"}
)


def typed(text: str) -> str:
    """The text as a plain keyboard types it: one kind of dash, one kind of apostrophe."""
    return tidy(text).translate(_ALIKE)


def folded(text: str) -> str:
    """The form in which two words are the same."""
    return tidy(text).casefold()


def visible(text: str, what: str) -> str:
    """Return the text if all of it can be seen; a NUL or a control sign is a damaged file."""
    if not text.isprintable():
        raise Unreadable(f"{what} {text[:40]!r} holds signs that cannot be printed: file damaged?")
    return text


def unwrapped(text: str) -> str:
    """Without what spreadsheets put around a number to keep it text: ``="0401"`` or ``'0401``."""
    text = text.strip()
    if text.startswith('="') and text.endswith('"'):
        return text[2:-1].strip()
    return text.removeprefix("'")


class Cells:
    """A cell with plain blanks; "" where it holds a word that the supplier uses for empty."""

    def __init__(self, reading: Reading) -> None:
        self._empty = frozenset(folded(word) for word in ("", *reading.empty_words))

    def __call__(self, text: str) -> str:
        text = tidy(text)
        return "" if text.casefold() in self._empty else text
