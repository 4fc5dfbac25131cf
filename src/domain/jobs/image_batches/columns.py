"""The columns of an image list, by what German and English shops call them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from domain.errors import Refused

ARTICLE, IMAGE, POSITION, REMOVE = "article", "image", "position", "remove"

NAMES: Mapping[str, tuple[str, ...]] = {
    ARTICLE: (
        *("article", "article no", "article number", "item", "item no", "item number", "sku"),
        *("product", "product no", "product number", "part number"),
        *("artikel", "artikelnr", "artikelnummer", "artnr", "art nr", "bestellnummer"),
    ),
    IMAGE: (
        *("image", "image file", "image name", "image url", "picture", "photo", "file"),
        *("file name", "url", "link"),
        *("bild", "bilddatei", "bildname", "bild url", "foto", "dateiname", "datei"),
    ),
    POSITION: (
        *("position", "pos", "sort", "sort order", "order", "rank"),
        *("sortierung", "reihenfolge", "rang", "platz"),
    ),
    REMOVE: (
        *("remove", "removed", "delete", "deleted"),
        *("entfernen", "loeschen", "geloescht"),
    ),
}
"""Case, blanks, dots, dashes and underscores do not matter; umlauts may be written either way."""

NEEDED = (ARTICLE, IMAGE)

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def spelled(name: str) -> str:
    """A header's name as it is compared."""
    composed = unicodedata.normalize("NFKC", name).casefold().translate(_UMLAUTS)
    return re.sub(r"[^a-z0-9]", "", composed)


_ROLES = {spelled(name): role for role, names in NAMES.items() for name in names}


def roles(header: Sequence[str]) -> Sequence[str | None]:
    """Give each column's role, None where its name says nothing."""
    return [_ROLES.get(spelled(name)) for name in header]


def places(header: Sequence[str]) -> Mapping[str, int]:
    """Find the columns. Raises Refused where one is missing or two claim one role."""
    found = roles(header)
    names = ", ".join(repr(name.strip()[:40]) for name in header)
    for role in NEEDED:
        if role not in found:
            raise Refused(
                f"no column for the {role} in the header ({names}):"
                f" call it {', '.join(NAMES[role][:3])} or {NAMES[role][-1]}"
            )
    for role in NAMES:
        twice = [header[place].strip() for place, one in enumerate(found) if one == role]
        if len(twice) > 1:
            raise Refused(f"two columns for the {role}: {' and '.join(map(repr, twice))}")
    return {role: place for place, role in enumerate(found) if role is not None}
