"""Fetches a picture by HTTP within bounds of time and size, from hosts that are allowed."""

from __future__ import annotations

import socket
import ssl
import time
from contextlib import closing, suppress
from datetime import timedelta
from functools import cached_property
from http.client import HTTPConnection, HTTPException, HTTPResponse
from math import inf
from typing import Any
from urllib.parse import urljoin

from domain.images.ports import ImageAbsent, ImageUnfit
from infra.images.addresses import Allowed, Target

MOST_REDIRECTS = 5
_CHUNK_BYTES = 1 << 16
_OK = 200
_MOVED = (301, 302, 303, 307, 308)
_BUSY = (408, 425, 429, 500, 502, 503, 504)


class _Bounded:
    """A socket that waits for no single byte longer than until the deadline of them all."""

    deadline = inf

    def recv_into(self, *given: Any, **named: Any) -> int:
        self.settimeout(_left(self.deadline))  # type: ignore[attr-defined]  # it stands before a socket
        received: int = super().recv_into(*given, **named)  # type: ignore[misc]  # likewise
        return received


class _Plain(_Bounded, socket.socket):
    """Without encryption."""


class _Encrypted(_Bounded, ssl.SSLSocket):
    """With it."""


class WebFetch:
    """The Fetch port; every redirect is judged as if it had been asked for."""

    def __init__(self, allowed: Allowed, timeout: timedelta, most_bytes: int) -> None:
        self._allowed, self._timeout, self._most_bytes = allowed, timeout, most_bytes

    def __call__(self, address: str, within: timedelta) -> bytes:
        deadline = time.monotonic() + min(self._timeout, within).total_seconds()
        for _ in range(MOST_REDIRECTS + 1):
            answer = self._asked(address, deadline)
            if isinstance(answer, bytes):
                return answer
            address = urljoin(address, answer)
        raise ImageUnfit(f"is redirected more than {MOST_REDIRECTS} times")

    def _asked(self, address: str, deadline: float) -> bytes | str:
        """Give the content, or the address that the answer leads to."""
        target = self._allowed.target(address)
        try:
            with closing(self._connected(target, deadline)) as connection:
                headers = {
                    "Host": target.host_header,
                    "Accept-Encoding": "identity",
                    "User-Agent": "crontract",
                }
                connection.request("GET", target.path, headers=headers)
                with connection.getresponse() as response:
                    return self._read(response, target)
        except TimeoutError as error:
            raise ImageAbsent(f"host {target.host} took longer than allowed") from error
        except (OSError, HTTPException) as error:
            raise ImageAbsent(f"host {target.host}: {type(error).__name__}: {error}") from error

    def _connected(self, target: Target, deadline: float) -> HTTPConnection:
        connection = HTTPConnection(target.host, target.port)
        connection.sock = self._socket(target, deadline)
        return connection

    def _socket(self, target: Target, deadline: float) -> socket.socket:
        opened: _Plain | _Encrypted = _Plain(target.family, socket.SOCK_STREAM)
        try:
            opened.deadline = deadline
            opened.settimeout(_left(deadline))
            opened.connect((target.number, target.port))
            if target.scheme == "https":
                opened = self._encrypted(opened, target.host, deadline)
        except BaseException:
            opened.close()
            raise
        return opened

    def _encrypted(self, plain: socket.socket, host: str, deadline: float) -> _Encrypted:
        wrapped = self._tls.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
        try:
            wrapped.deadline = deadline  # type: ignore[attr-defined]  # it is of the class set below
            wrapped.settimeout(_left(deadline))
            wrapped.do_handshake()
        except BaseException:
            wrapped.close()
            raise
        return wrapped  # type: ignore[return-value]  # likewise

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.sslsocket_class = _Encrypted
        return context

    def _read(self, response: HTTPResponse, target: Target) -> bytes | str:
        location = response.getheader("Location")
        if response.status in _MOVED and location:
            return location
        self._check(response, target.host)
        content = bytearray()
        while chunk := response.read(_CHUNK_BYTES):
            content += chunk
            if len(content) > self._most_bytes:
                raise ImageUnfit(f"has more than {self._most_bytes:,} bytes")
        if response.length:
            raise ImageAbsent(f"host {target.host} broke off {response.length:,} bytes too early")
        return bytes(content)

    def _check(self, response: HTTPResponse, host: str) -> None:
        if response.status in _BUSY:
            after = _seconds(response.getheader("Retry-After"))
            raise ImageAbsent(f"host {host} answered {response.status}", retry_after=after)
        if response.status != _OK:
            raise ImageUnfit(f"host {host} answered {response.status}")
        if response.getheader("Content-Encoding", "identity") != "identity":
            raise ImageUnfit(f"host {host} sends it packed, which was not asked for")
        if int(response.length or 0) > self._most_bytes:
            raise ImageUnfit(f"has {response.length:,} bytes, allowed are {self._most_bytes:,}")


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the time for this image is over")
    return left


def _seconds(text: str | None) -> timedelta | None:
    """Read Retry-After where it is a number; a date says as much as nothing."""
    with suppress(TypeError, ValueError, OverflowError):
        return timedelta(seconds=int(text or ""))
    return None
