"""The forked process that handles messages."""

from __future__ import annotations

import faulthandler
import os
import signal
import socket
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from domain.errors import Refused
from domain.operating.ports import Lease
from domain.operating.sessions import ServerSession
from domain.queue.crew import Board
from infra.process import descriptors, signals
from infra.process.crew_line import WorkerLine
from infra.process.prctl import adopt_orphans, die_with
from infra.secrets import tell_of_secrets


class WorkerDesk:
    """Where a worker's wishes go: its sessions are made known, further locks it has none."""

    def __init__(self, line: WorkerLine) -> None:
        self._line = line

    def show(self, label: str, done: int, total: int | None) -> None:
        """The parent shows how far they all are."""

    def session_opened(self, session: ServerSession) -> None:
        self._line.session_opened(session)

    def take(self, key: str) -> NoReturn:
        raise Refused(
            f"lock {key}: a message's handler takes none; give its messages an entity key"
        )

    def give_back(self, lease: Lease) -> None:
        """None was taken."""


def become_worker(
    work: Callable[[Board, WorkerLine], None], board: Board, line: socket.socket, parent: int
) -> None:
    """Lead a session of its own, die with the parent, and work until it hangs up."""
    os.setsid()
    die_with(parent)
    adopt_orphans()  # so that what a handler left behind dies with this worker and no other
    descriptors.plug(keep={0, 1, 2, line.fileno()})
    _obey_signals()
    inbox = WorkerLine(line)
    tell_of_secrets(inbox.confide)
    work(board, inbox)


def _obey_signals() -> None:
    """A whole group or control group may be told to stop: the parent alone decides."""
    faulthandler.unregister(signals.STACKS)  # the parent's would count as registered already
    signals.set_defaults()
    faulthandler.enable(file=2, all_threads=True)
    faulthandler.register(signals.STACKS, file=2, all_threads=True, chain=False)
    for number in (*signals.STOPS, signals.SOFT_TIMEOUT):
        signal.signal(number, _stay)  # not SIG_IGN, which a handler's programs would inherit
    signals.let_in()


def _stay(_number: int, _frame: FrameType | None) -> None:
    """Go on: at the next look at the board the worker sees what the parent wants."""
