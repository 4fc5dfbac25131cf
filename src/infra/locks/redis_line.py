"""A line to Redis: its protocol takes few words, while its library would cost every start 97 ms."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from domain.errors import ConfigurationInvalid

ANSWER_SECONDS = 5.0
"""For each step of the connection and each answer; Redis takes microseconds."""

HOW = "write redis://USER:{secret:NAME}@HOST:PORT/NUMBER, with rediss:// for TLS"

_PORT = 6379
_TLS_OPTION = "ssl_ca_certs"

Answer = Any
"""A text, a number, None, or a list of these."""


class Refusal(Exception):
    """Redis's answer is an error; its first word is the kind."""


@dataclass(frozen=True, kw_only=True)
class RedisAddress:
    """One Redis and one of its numbered databases."""

    host: str
    port: int
    number: str
    user: str
    password: str = field(repr=False)
    tls: bool
    authorities: str | None

    @property
    def place(self) -> str:
        """Name it for people, without its password."""
        return f"redis {self.host}:{self.port}/{self.number}"


def redis_address(url: str) -> RedisAddress:
    """Read an address. Raises ConfigurationInvalid, which never repeats the address itself."""
    try:
        parts = urlsplit(url)
        return _address(parts, dict(parse_qsl(parts.query, strict_parsing=bool(parts.query))))
    except ValueError:  # its text may hold a part of the password
        raise ConfigurationInvalid(f"locks.redis_url is no address: {HOW}") from None


def _address(parts: SplitResult, options: dict[str, str]) -> RedisAddress:
    number = parts.path.strip("/") or "0"
    authorities = options.pop(_TLS_OPTION, None)
    if parts.scheme not in {"redis", "rediss"} or not number.isdecimal() or options:
        raise ValueError
    return RedisAddress(
        host=parts.hostname or "localhost",
        port=parts.port or _PORT,
        number=number,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls=parts.scheme == "rediss",
        authorities=authorities,
    )


class RedisLine:
    """One open connection. Raises OSError where it breaks, Refusal where Redis says no."""

    def __init__(self, address: RedisAddress) -> None:
        self._socket = _connected(address)
        self._answers = self._socket.makefile("rb")
        try:
            self._log_in(address)
        except BaseException:
            self.close()
            raise

    def ask(self, *words: object) -> Answer:
        """Send one command and wait for its answer."""
        parts = [str(word).encode() for word in words]
        lines = [b"*%d\r\n" % len(parts), *(b"$%d\r\n%b\r\n" % (len(p), p) for p in parts)]
        self._socket.sendall(b"".join(lines))
        return self._answer()

    def close(self) -> None:
        self._answers.close()
        self._socket.close()

    def _log_in(self, address: RedisAddress) -> None:
        if address.password:
            names = [address.user] if address.user else []
            self.ask("AUTH", *names, address.password)
        # Also where it is 0: a Redis that wants a password says so to this one best.
        self.ask("SELECT", address.number)

    def _answer(self) -> Answer:
        line = self._answers.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionResetError("the connection was cut")
        kind, said = line[:1], line[1:-2].decode()
        if kind == b"-":
            raise Refusal(said)
        if kind == b"$":
            return self._text(int(said))
        if kind == b"*":
            return [self._answer() for _ in range(int(said))]
        return int(said) if kind == b":" else said

    def _text(self, size: int) -> str | None:
        if size < 0:
            return None
        data = self._answers.read(size + 2)
        if len(data) < size + 2:
            raise ConnectionResetError("the connection was cut")
        return data[:-2].decode()


def _connected(address: RedisAddress) -> socket.socket:
    plain = socket.create_connection((address.host, address.port), ANSWER_SECONDS)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if not address.tls:
        return plain
    import ssl

    try:
        context = ssl.create_default_context(cafile=address.authorities)
        return context.wrap_socket(plain, server_hostname=address.host)
    except BaseException:
        plain.close()
        raise
