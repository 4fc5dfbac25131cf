"""The processor's workers as child processes: forked, watched, and gone with all they started."""

from __future__ import annotations

import faulthandler
import gc
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType

from domain.operating.sessions import ServerSession, Sessions
from domain.queue.crew import Board, Death, Doing, Order, Result
from infra.process import child, descendants, descriptors, signals
from infra.process.board import SharedBoard
from infra.process.crew_line import ERROR, SECRET, SESSION, ParentLine, WorkerLine
from infra.process.crew_member import become_worker
from infra.process.prctl import adopt_orphans
from infra.secrets import conceal

_DEATH_SECONDS = 10.0
"""What SIGKILL has not ended by then waits in the kernel."""

_RELOOK_SECONDS = 0.002


@dataclass(frozen=True, kw_only=True)
class CrewLinks:
    """What the crew works with.

    ``work`` is a worker's life. ``before_fork`` closes every connection of this process: SQLite's
    locks do not survive a fork. ``sessions`` ends what a dead worker left on a server,
    ``session_opened`` makes a session known to who will end it if this process dies.
    """

    work: Callable[[Board, WorkerLine], None]
    before_fork: Callable[[], None]
    sessions: Sessions
    session_opened: Callable[[ServerSession], None]


@dataclass(eq=False)
class ForkedWorker:
    """The Worker port over one child process, which leads a process group of its own."""

    number: int
    line: ParentLine
    board: SharedBoard
    links: CrewLinks
    sessions: list[ServerSession] = field(default_factory=list)
    _errors: list[tuple[int, str]] = field(default_factory=list)

    def hand(self, orders: Sequence[Order]) -> None:
        self.line.hand(orders)

    def results(self) -> Sequence[Result]:
        return self.board.take()

    def errors(self) -> Sequence[tuple[int, str]]:
        self.listen()
        errors, self._errors = self._errors, []
        return errors

    @property
    def begun(self) -> int:
        return self.board.begun

    @property
    def doing(self) -> Doing | None:
        return self.board.doing

    def stop(self) -> None:
        self.board.stop()

    def show_stacks(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.number, signals.STACKS)

    def kill(self) -> None:
        for reach in (os.kill, os.killpg):
            with suppress(ProcessLookupError, PermissionError):
                reach(self.number, signal.SIGKILL)

    def listen(self) -> None:
        """Take what the worker says."""
        for word, *rest in self.line.heard():
            if word == ERROR:
                self._errors.append((rest[0], rest[1]))
            elif word == SESSION:
                session = ServerSession(number=rest[0], mark=rest[1])
                self.sessions.append(session)
                self.links.session_opened(session)
            elif word == SECRET:
                conceal(rest[0])


class ForkedCrew:
    """The Crew port."""

    def __init__(self, links: CrewLinks) -> None:
        self._links = links
        self._workers: dict[int, ForkedWorker] = {}
        self._statuses: dict[int, int] = {}
        self._selector = selectors.DefaultSelector()
        adopt_orphans()
        self._pass_stacks_on()

    def hire(self) -> ForkedWorker:
        ours, theirs = socket.socketpair()
        board = SharedBoard()
        descriptors.flush_standard_streams()
        self._links.before_fork()
        pid = self._fork(board, theirs)
        theirs.close()
        worker = ForkedWorker(pid, ParentLine(ours), board, self._links)
        self._workers[pid] = worker
        self._selector.register(worker.line, selectors.EVENT_READ, worker)
        return worker

    def wait(self, seconds: float) -> Sequence[Death]:
        for worker in self._workers.values():
            more = selectors.EVENT_WRITE if worker.line.has_more else 0
            self._selector.modify(worker.line, selectors.EVENT_READ | more, worker)
        for key, _ in self._selector.select(seconds):
            key.data.line.flush()
            key.data.listen()
        self._reap()
        dead = [worker for pid, worker in self._workers.items() if pid in self._statuses]
        return [self._buried(worker) for worker in dead]

    def dismiss(self) -> None:
        for worker in self._workers.values():
            worker.kill()
        give_up = time.monotonic() + _DEATH_SECONDS
        while self._workers and time.monotonic() < give_up:
            self.wait(_RELOOK_SECONDS)

    def _pass_stacks_on(self) -> None:
        """Have the workers show their stacks too whenever this process is asked to."""

        def ask_all(_number: int, _frame: FrameType | None) -> None:
            for worker in list(self._workers.values()):
                worker.show_stacks()

        faulthandler.unregister(signals.STACKS)
        signal.signal(signals.STACKS, ask_all)
        faulthandler.register(signals.STACKS, file=2, all_threads=True, chain=True)

    # --- births and deaths ----------------------------------------------------------------------

    def _fork(self, board: SharedBoard, line: socket.socket) -> int:
        parent, work = os.getpid(), self._links.work
        gc.freeze()  # the worker's collector must not copy, let alone finish, our objects
        try:
            with signals.held_back():
                pid = os.fork()
                if pid == 0:
                    child.leave_after(lambda: become_worker(work, board, line, parent))
        finally:
            gc.unfreeze()
        return pid

    def _reap(self) -> None:
        for pid, status in descendants.reaped():
            if pid in self._workers:
                self._statuses[pid] = status

    def _buried(self, worker: ForkedWorker) -> Death:
        """See that nothing of a dead worker goes on, here or on the server."""
        worker.listen()
        self._selector.unregister(worker.line)
        del self._workers[worker.number]
        self._sweep()
        worker.line.close()
        self._links.sessions.end(tuple(worker.sessions))
        return Death(worker=worker, words=_words(self._statuses.pop(worker.number)))

    def _sweep(self) -> None:
        """Kill what fell to us of a dead worker; the living keep their own orphans."""
        give_up = time.monotonic() + _DEATH_SECONDS
        while descendants.kill_children(spare=self._workers) and time.monotonic() < give_up:
            self._reap()
            time.sleep(_RELOOK_SECONDS)


def _words(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return f"WorkerDied: the worker's process left with status {code}"
    hint = " (out of memory?)" if -code == signal.SIGKILL else ""
    return f"WorkerDied: the worker's process was killed by {signal.Signals(-code).name}{hint}"
