"""What the update of article images needs from the outside."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Rendition:
    """One size in which the shop shows an image: upper bounds, and how it is written."""

    name: str
    width: int
    height: int
    format: str
    quality: int
