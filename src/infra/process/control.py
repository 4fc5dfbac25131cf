"""The child's end of the line to its supervisor."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

from domain.errors import LockLost, StoreUnavailable
from domain.operating.ports import Broke, Busy, Finished, Lease
from domain.operating.sessions import ServerSession
from infra.process import wire

_READ_BYTES = 65536


class SupervisorDesk:
    """Passes a job's wishes to the supervisor and waits for its answers; safe for threads."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._turn = threading.RLock()
        self._requests = 0
        self._unread = b""

    def show(self, label: str, done: int, total: int | None) -> None:
        with self._turn, suppress(BrokenPipeError, ConnectionResetError):
            self._line.sendall(wire.encode(wire.Progress(label=label, done=done, total=total)))

    def session_opened(self, session: ServerSession) -> None:
        with self._turn, suppress(BrokenPipeError, ConnectionResetError):
            self._line.sendall(wire.encode(wire.SessionOpened(session=session)))

    def confide(self, secret: str) -> None:
        """Name a secret that the job read, so that the supervisor keeps it out of what it prints.

        The line is a pair of sockets between the two processes; nobody else can read it.
        """
        with self._turn, suppress(BrokenPipeError, ConnectionResetError):
            self._line.sendall(wire.encode(wire.Confided(value=secret)))

    def take(self, key: str) -> Lease | Busy:
        """Ask for a lock. Raises StoreUnavailable where the store cannot be reached."""
        with self._turn:
            self._requests += 1
            answer = self._ask(wire.LockWanted(request=self._requests, key=key))
        if isinstance(answer, wire.Unreachable):
            raise StoreUnavailable(answer.message)
        if isinstance(answer, wire.Denied):
            return answer.busy
        if answer.lease is None:
            raise LockLost(f"the supervisor gave no lease for {key}")
        return answer.lease

    def give_back(self, lease: Lease) -> None:
        with self._turn:
            self._requests += 1
            self._ask(wire.LockDone(request=self._requests, key=lease.key))

    def hand_in(self, end: Finished | Broke) -> None:
        """Tell how the attempt ended; the last word."""
        with self._turn:
            self._line.sendall(wire.encode(end))

    def _ask(self, question: wire.LockWanted | wire.LockDone) -> wire.Answer:
        """Send the question and pass over answers to earlier ones, cut off by a signal."""
        self._line.sendall(wire.encode(question))
        while True:
            answer = wire.decode(self._next_line())
            if isinstance(answer, wire.Answer) and answer.request == question.request:
                return answer

    def _next_line(self) -> bytes:
        while b"\n" not in self._unread:
            received = self._line.recv(_READ_BYTES)
            if not received:
                raise LockLost("the supervisor is gone, and with it every lock")
            self._unread += received
        line, _, self._unread = self._unread.partition(b"\n")
        return line
