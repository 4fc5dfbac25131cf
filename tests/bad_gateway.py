"""Gateways that misbehave, one thread each."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Manner = Callable[[socket.socket, threading.Event], None]


def sends(answer: bytes) -> Manner:
    """Answer at once."""

    def manner(client: socket.socket, _over: threading.Event) -> None:
        client.recv(65536)
        client.sendall(answer)

    return manner


def says(status: str, *headers: str) -> Manner:
    lines = "".join(f"{header}\r\n" for header in headers)
    return sends(f"HTTP/1.1 {status}\r\n{lines}Content-Length: 3\r\n\r\nno\n".encode())


def sleeps(client: socket.socket, over: threading.Event) -> None:
    """Take the request and say nothing for 30 s."""
    client.recv(65536)
    over.wait(30)


def drips(client: socket.socket, over: threading.Event) -> None:
    """Send a byte in time before each time-out, and never the end."""
    client.recv(65536)
    client.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    while not over.wait(0.3):
        client.sendall(b"x")


class BadGateway:
    """Treats every client in one manner."""

    def __init__(self, manner: Manner) -> None:
        self._manner, self._over = manner, threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._listen)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        self._over.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._threads.append(threading.Thread(target=self._serve, args=(client,)))
                self._threads[-1].start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            client.settimeout(40)
            self._manner(client, self._over)


@contextmanager
def bad_gateway(manner: Manner) -> Iterator[str]:
    """Give its address."""
    gateway = BadGateway(manner)
    try:
        yield gateway.url
    finally:
        gateway.close()


@contextmanager
def nobody() -> Iterator[str]:
    """An address whose port is taken but not listened at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
