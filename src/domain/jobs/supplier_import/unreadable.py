"""Why a cell cannot be read, and how texts already read are remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Sized
from typing import TypeVar

Text = TypeVar("Text", bound=Sized)
Value = TypeVar("Value")

_LONGEST = 64
"""Longer texts are read anew each time, so that a hostile file cannot fill the memory."""


class Unreadable(ValueError):
    """A cell that would have to be guessed; the message becomes the reason of the reject."""


class Memo(dict[Text, Value]):
    """What each text was read as: a supplier writes few quantities and prices many times.

    Forgets everything when full: memory stays flat, and a cleared memo is soon warm again.
    """

    def __init__(self, read: Callable[[Text], Value], room: int = 1 << 16) -> None:
        super().__init__()
        self._read, self._room = read, room

    def each(self, texts: Sequence[Text]) -> Iterable[Value]:
        """All values of a column."""
        return map(self.__getitem__, texts)

    def __missing__(self, text: Text) -> Value:
        value = self._read(text)
        if len(text) <= _LONGEST:
            if len(self) >= self._room:
                self.clear()
            self[text] = value
        return value
