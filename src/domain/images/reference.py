"""What an article and an image may be called: partners' words, checked before use."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

from domain.errors import Refused

LONGEST_ARTICLE, LONGEST_IMAGE = 100, 1000
HIGHEST_POSITION = 9999

_WEB = re.compile(r"https?://", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


class Unfit(Refused):
    """A word that stands for no article, no image or no place."""


def article_of(text: str) -> str:
    """Give the article's number without blanks around it. Raises Unfit."""
    return _printable("article", text, LONGEST_ARTICLE)


def image_of(text: str) -> str:
    """Give a web address as it is, or a path below the source folder with ``/`` in it.

    Raises Unfit for what would leave the folder, for other schemes and for addresses that hold
    a password.
    """
    image = _printable("image", text, LONGEST_IMAGE)
    return _address(image) if is_web(image) else _path(image)


def is_web(image: str) -> bool:
    return _WEB.match(image) is not None


def _printable(what: str, text: str, longest: int) -> str:
    word = text.strip()
    if not word:
        raise Unfit(f"{what} is missing")
    if len(word) > longest:
        raise Unfit(f"{what} is longer than {longest} characters")
    if not word.isprintable() and any(map(_breaks, word)):
        raise Unfit(f"{what} holds a control character or a line end")
    return word


def _breaks(sign: str) -> bool:
    """Odd blanks and invisible signs may stand in a name; what ends a line may not."""
    return unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp")


def _address(address: str) -> str:
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise Unfit(f"image is no web address: {error}") from error
    if not host or any(sign.isspace() for sign in address):
        raise Unfit("image is no web address: it needs a host and no blanks")
    if parts.username is not None or parts.password is not None:
        raise Unfit("image is an address with a user or a password: leave them out")
    return address


def _path(name: str) -> str:
    path = name.replace("\\", "/")
    if _SCHEME.match(path):
        raise Unfit("image must be a file's name or begin with http:// or https://")
    parts = path.split("/")
    if ".." in parts:
        raise Unfit("image leaves the folder by '..'")
    if path.startswith("/"):
        raise Unfit("image is an absolute path: write it from the source folder on")
    if any(part.startswith(".") or not part for part in parts):
        raise Unfit("image has an empty or a hidden part in its path")
    return path
