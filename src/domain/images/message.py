"""The payload of ``images.update``: what is to be shown with which article."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

TYPE = "images.update"


@dataclass(frozen=True, kw_only=True)
class ImageLine:
    """One image of one article: the name of a file in the source folder, or a web address.

    ``position`` orders an article's images from 1; ``remove`` takes the image out of the shop.
    """

    article: str
    image: str
    position: int | None = None
    remove: bool = False


@dataclass(frozen=True, kw_only=True)
class UpdateImages:
    """Some lines of one file, which are done in their order.

    Images that were not there yet come again by a message of their own: ``tried`` counts how
    often, and ``first_message`` is the message that asked first, whose turn it stays.
    """

    images: tuple[ImageLine, ...]
    file: str = ""
    tried: int = 0
    first_message: int = 0


def payload_of(update: UpdateImages) -> Mapping[str, Any]:
    """Write a payload as plain JSON data; what is as usual is left out."""
    usual = UpdateImages(images=())
    more = {
        name: value
        for name in ("file", "tried", "first_message")
        if (value := getattr(update, name)) != getattr(usual, name)
    }
    return {"images": _lines(update.images), **more}


def _lines(images: Sequence[ImageLine]) -> list[dict[str, Any]]:
    return [
        {
            "article": line.article,
            "image": line.image,
            **({} if line.position is None else {"position": line.position}),
            **({"remove": True} if line.remove else {}),
        }
        for line in images
    ]
