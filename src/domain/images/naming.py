"""Names of renditions in the media folder: ours, whatever a partner calls things."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import astuple

from domain.images.message import ImageLine
from domain.images.ports import Rendition

_LONGEST_WORD = 60
_ENDINGS = {"jpeg": "jpg"}


def path_of(line: ImageLine, source_sha256: str, rendition: Rendition) -> str:
    """``detail/3f/a-100-3f2a….webp``: of article, image, content and size, so it never changes.

    Two versions of an image are two files: pages that show the old one keep it for a while.
    """
    parts = (line.article, line.image, source_sha256, *map(str, astuple(rendition)))
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
    ending = _ENDINGS.get(rendition.format, rendition.format)
    return f"{rendition.name}/{digest[:2]}/{_word(line.article)}-{digest}.{ending}"


def _word(article: str) -> str:
    plain = unicodedata.normalize("NFKD", article).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST_WORD] or "image"
