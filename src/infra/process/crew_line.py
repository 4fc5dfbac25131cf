"""The line between a worker and its parent: orders go one way, what must be told comes back."""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from domain.operating.sessions import ServerSession
from domain.queue.crew import Order

_READ_BYTES = 1 << 18

WAKE, ERROR, SESSION, SECRET = "wake", "error", "session", "secret"


class WorkerLine:
    """The worker's end: the Inbox port."""

    def __init__(self, line: socket.socket) -> None:
        self._line, self._unread = line, b""

    def orders(self, *, wait: bool) -> Sequence[Order] | None:
        """See the port; without waiting it gives what has arrived whole."""
        while b"\n" not in self._unread:
            try:
                received = self._line.recv(_READ_BYTES, 0 if wait else socket.MSG_DONTWAIT)
            except BlockingIOError:
                return ()
            except ConnectionResetError:
                return None
            if not received:
                return None
            self._unread += received
        lines, _, self._unread = self._unread.rpartition(b"\n")
        return [Order(*fields) for line in lines.split(b"\n") for fields in json.loads(line)]

    def tell(self, place: int, error: str) -> None:
        self._say(ERROR, place, error)

    def wake(self) -> None:
        self._say(WAKE)

    def session_opened(self, session: ServerSession) -> None:
        self._say(SESSION, session.number, session.mark)

    def confide(self, secret: str) -> None:
        """Name a secret that the worker read, so that nobody above prints it."""
        self._say(SECRET, secret)

    def _say(self, *words: object) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):
            self._line.sendall(json.dumps(words).encode() + b"\n")


class ParentLine:
    """The parent's end; it never waits for a worker."""

    def __init__(self, line: socket.socket) -> None:
        self._line, self._unread, self._unsent = line, b"", b""
        line.setblocking(False)

    def fileno(self) -> int:
        return self._line.fileno()

    @property
    def has_more(self) -> bool:
        """Something waits to be sent until the worker reads."""
        return bool(self._unsent)

    def hand(self, orders: Sequence[Order]) -> None:
        self._unsent += json.dumps(orders, separators=(",", ":")).encode() + b"\n"
        self.flush()

    def flush(self) -> None:
        with suppress(BlockingIOError, BrokenPipeError, ConnectionResetError):
            while self._unsent:
                sent = self._line.send(self._unsent)
                self._unsent = self._unsent[sent:]

    def heard(self) -> list[list[Any]]:
        """Read what has been said since the last call; each a word with its arguments."""
        with suppress(BlockingIOError, ConnectionResetError):
            while self._line.fileno() >= 0 and (received := self._line.recv(_READ_BYTES)):
                self._unread += received
        *lines, self._unread = self._unread.split(b"\n")
        return [json.loads(line) for line in lines]

    def close(self) -> None:
        self._line.close()
