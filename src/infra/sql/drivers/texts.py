"""Text of a database that takes bytes as they come."""

from __future__ import annotations


def text_of(data: bytes) -> str:
    """Read UTF-8, or else a character for each byte: one strange row must not hide the others."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")
