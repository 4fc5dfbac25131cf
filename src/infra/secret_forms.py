"""The forms in which a secret gets into texts: in an address, in a header, quoted by a program."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote, quote_plus

_SHORTEST_FORM = 4
_SHORTEST_LINE = 12
"""Of a key of many lines each that is longer is a secret for itself: logs cut texts into lines."""


def forms(value: str) -> set[str]:
    """Give every form of a secret that is searched for."""
    plain = {value, *_lines(value)}
    found = set(plain)
    for part in plain:
        found |= _quoted(part) | _in_base64(part) | {part.encode().hex()}
    return {form for form in found if len(form) >= _SHORTEST_FORM}


def _lines(value: str) -> set[str]:
    """Give the lines of a key without the ones that frame it in every key."""
    lines = {line.strip() for line in value.splitlines()}
    return {line for line in lines if len(line) >= _SHORTEST_LINE and not line.startswith("-----")}


def _quoted(value: str) -> set[str]:
    percent = {quote(value, safe=""), quote(value), quote_plus(value), quote(value, safe="!*'()/:")}
    lower = {_lower_escapes(form) for form in percent}
    program = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    program |= {repr(value)[1:-1], html.escape(value), value.replace("'", "''")}
    return percent | lower | program


def _lower_escapes(text: str) -> str:
    head, *rest = text.split("%")
    return "%".join([head, *(part[:2].lower() + part[2:] for part in rest)])


def _in_base64(value: str) -> set[str]:
    """Encode it at each of the three places within a longer text, as ``user:password`` has it."""
    found = set()
    for before in range(3):
        text = base64.b64encode(bytes(before) + value.encode()).decode()
        whole = (before + len(value.encode())) * 8 // 6
        found.add(text[-(-before * 8 // 6) : whole])
    return found | {form.replace("+", "-").replace("/", "_") for form in found}
