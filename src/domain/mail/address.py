"""Mail addresses and texts of headers, as far as they can be judged without a server."""

from __future__ import annotations

import re

from domain.errors import Refused

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])")
_LONGEST_LOCAL, _LONGEST = 64, 254


def mail_address(text: str) -> str:
    """Give the address as it goes to a server. Raises Refused for what is none."""
    local, _, domain = text.strip().rpartition("@")
    domain = _ascii(domain)
    if not (_LOCAL.fullmatch(local) and len(local) <= _LONGEST_LOCAL and _DOMAIN.fullmatch(domain)):
        raise Refused(f"{one_line(text)[:60]!r} is no mail address" if text else "no mail address")
    address = f"{local}@{domain}"
    if len(address) > _LONGEST:
        raise Refused(f"the mail address is longer than {_LONGEST} characters")
    return address


def _ascii(domain: str) -> str:
    """Write a domain with umlauts as the name service knows it."""
    try:
        return domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""


def one_line(text: str) -> str:
    """Make one line of a text: what stands in it must never become a header of its own."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
