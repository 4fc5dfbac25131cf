"""Which web addresses may be asked: hosts by name, and never a private network by accident."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from urllib.parse import SplitResult, quote, urlsplit

from domain.images.ports import ImageAbsent, ImageUnfit
from domain.images.reference import Unfit, image_of

PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, kw_only=True)
class Target:
    """One request's way: which host it names, and which number was found for it."""

    scheme: str
    host: str
    port: int
    path: str
    family: int
    number: str

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


class Allowed:
    """The hosts of config/images.toml; ``*.name`` stands for all below a name."""

    def __init__(self, hosts: Sequence[str], *, private: bool) -> None:
        self._hosts, self._private = tuple(hosts), private

    def target(self, address: str) -> Target:
        """Look up where to connect. Raises ImageUnfit for what is not allowed, ImageAbsent."""
        parts = _split(address)
        host = _ascii(parts.hostname or "")
        if not any(_matches(host, allowed) for allowed in self._hosts):
            raise ImageUnfit(f"host {host} is not among source.hosts in config/images.toml")
        scheme = parts.scheme.lower()
        port = parts.port or PORTS[scheme]
        family, number = self._looked_up(host, port)
        path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
        query = f"?{quote(parts.query, safe='/%:@!$&()*+,;=~-._?')}" if parts.query else ""
        return Target(
            scheme=scheme,
            host=host,
            port=port,
            path=path + query,
            family=family,
            number=number,
        )

    def _looked_up(self, host: str, port: int) -> tuple[int, str]:
        """The name is looked up once, and what was checked is what is connected to."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise ImageAbsent(f"host {host} cannot be looked up: {error}") from error
        for family, _, _, _, place in found:
            if self._may_be_asked(str(place[0])):
                return int(family), str(place[0])
        raise ImageUnfit(f"host {host} is in a private network: see source.private_addresses")

    def _may_be_asked(self, number: str) -> bool:
        address = ip_address(number.partition("%")[0])
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        if address.is_link_local or address.is_multicast or address.is_unspecified:
            return False  # a cloud's own metadata among them: no picture is there
        return self._private or address.is_global


def _split(address: str) -> SplitResult:
    try:
        return urlsplit(image_of(address))
    except Unfit as error:
        raise ImageUnfit(str(error)) from error


def _ascii(host: str) -> str:
    try:
        return host.encode("idna").decode().lower()
    except UnicodeError as error:
        raise ImageUnfit(f"host {host!r} is no host's name") from error


def _matches(host: str, allowed: str) -> bool:
    if allowed.startswith("*."):
        return host.endswith(allowed[1:])
    return host == allowed
