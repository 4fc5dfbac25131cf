"""Text for a terminal: partners' data must not steer it."""

from __future__ import annotations

import re

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def harmless(text: str) -> str:
    """Show control characters as what they are; blanks and line ends stay.

    Those that turn the direction of writing are among them.
    """
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
