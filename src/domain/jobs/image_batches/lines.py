"""One row of an image list made into a line, or into the reason why it is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from domain.images.message import ImageLine
from domain.images.reference import HIGHEST_POSITION, Unfit, article_of, image_of
from domain.jobs.image_batches.columns import ARTICLE, IMAGE, POSITION, REMOVE

_YES = frozenset({"1", "x", "y", "yes", "j", "ja", "true", "wahr"})
_NO = frozenset({"", "0", "n", "no", "nein", "false", "falsch"})

MOST_REMEMBERED = 200_000
"""Ten times the longest list the shop gets; what comes again later costs a look at its source."""


def line_of(cells: Sequence[str], places: Mapping[str, int]) -> ImageLine:
    """Read a row. Raises Unfit, which says what is wrong."""
    return ImageLine(
        article=article_of(_cell(cells, places, ARTICLE)),
        image=image_of(_cell(cells, places, IMAGE)),
        position=_position(_cell(cells, places, POSITION).strip()),
        remove=_flag(_cell(cells, places, REMOVE).strip().casefold()),
    )


def is_blank(cells: Sequence[str]) -> bool:
    return not any(cell.strip() for cell in cells)


class Repeats:
    """Tells a line that says nothing new; it remembers so many images and no more."""

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self._most = most
        self._last: dict[int, int] = {}

    def is_known(self, line: ImageLine) -> bool:
        """Whether the image was last spoken of in the same words."""
        image, said = hash((line.article, line.image)), hash(line)
        if self._last.get(image) == said:
            return True
        if image in self._last or len(self._last) < self._most:
            self._last[image] = said
        return False


def _cell(cells: Sequence[str], places: Mapping[str, int], role: str) -> str:
    place = places.get(role)
    return cells[place] if place is not None and place < len(cells) else ""


def _position(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= HIGHEST_POSITION:
        raise Unfit(f"position {text[:20]!r} is no whole number from 1 to {HIGHEST_POSITION}")
    return int(text)


def _flag(word: str) -> bool:
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise Unfit(f"remove {word[:20]!r} is neither yes nor no: write 1 or 0")
