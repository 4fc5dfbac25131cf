"""A TCP proxy between a program and its server, to cut, refuse and delay."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from servers.server import HOST

_RESET = struct.pack("ii", 1, 0)


class Proxy:
    """Forwards to one address; what a test changes holds for open connections too."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._delay, self._closed = 0.0, threading.Event()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server((HOST, 0))
        self.host, self.port = HOST, int(self._listener.getsockname()[1])
        self._begin(self._accept, self._listener)

    def cut(self) -> None:
        """Drop every connection now, as a broken line does; new ones are taken."""
        with self._lock:
            dropped, self._open = self._open, set()
        for end in dropped:
            with suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                end.shutdown(socket.SHUT_RDWR)

    def refuse(self) -> None:
        """Take no new connection; those open stay. ``cut`` drops them."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def accept(self) -> None:
        """Take connections again, on the same port."""
        self.refuse()
        self._listener = socket.create_server((self.host, self.port))
        self._begin(self._accept, self._listener)

    def delay(self, seconds: float) -> None:
        """Keep everything back for so long, both ways, from now on."""
        self._delay = seconds

    def close(self) -> None:
        self._closed.set()
        self.refuse()
        self.cut()
        for thread in self._threads:
            thread.join(5)

    def _begin(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = listener.accept()
                self._connect(client)

    def _connect(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self._target)
        except OSError:
            client.close()
            return
        with self._lock:
            self._open |= {client, server}
        ends = _Ends(client, server)
        self._begin(self._forward, client, server, ends)
        self._begin(self._forward, server, client, ends)

    def _forward(self, source: socket.socket, target: socket.socket, ends: _Ends) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self._closed.wait(self._delay)
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        ends.leave()
        with self._lock:
            self._open -= {source} if ends.left < 2 else {source, target}


class _Ends:
    """Both sockets of a connection, closed when both directions are through."""

    def __init__(self, *sockets: socket.socket) -> None:
        self._sockets, self._lock, self.left = sockets, threading.Lock(), 0

    def leave(self) -> None:
        with self._lock:
            self.left += 1
            last = self.left == len(self._sockets)
        for end in self._sockets if last else ():
            end.close()


@contextmanager
def proxy(host: str, port: int) -> Iterator[Proxy]:
    """Stand between the program under test and the server at this address."""
    between = Proxy(host, port)
    try:
        yield between
    finally:
        between.close()
