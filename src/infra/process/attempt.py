"""The supervisor's watch over one attempt: everything is read, nothing is waited for in vain."""

from __future__ import annotations

import math
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Container
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from domain.operating.ports import Broke, Finished
from domain.operating.sessions import ServerSession, Sessions
from infra.process import descendants, warden, wire
from infra.process.further_locks import FurtherLocks
from infra.process.launch import Links
from infra.process.limits import Reason
from infra.process.output import Lines, Output
from infra.process.renewal import Renewal, Standing
from infra.process.signals import STACKS, STOPS, StopSignals
from infra.secrets import conceal

_READ_BYTES = 65536
_LONGEST_MESSAGE_BYTES = 16 * 1024 * 1024

OVERDUE_SECONDS = 10.0
"""What SIGKILL has not ended by then waits in the kernel, for a disk or a dead file server."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was seen of an attempt: its own last word, and how its process ended."""

    end: Finished | Broke | None
    ended: warden.Ended | None
    output: str


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What a watch works with."""

    output: Output
    further: FurtherLocks
    sessions: Sessions
    renewal: Renewal
    stop_signals: StopSignals
    on_progress: Callable[[str, int, int | None], None]


class Watch:
    """Serves one attempt until its warden is gone; leaving early makes the warden kill it."""

    def __init__(self, links: Links, desk: Desk, *, overdue_at: float) -> None:
        self._links, self._desk, self._overdue_at = links, desk, overdue_at
        self._messages, self._reports = Lines(_LONGEST_MESSAGE_BYTES), Lines()
        self._selector = selectors.DefaultSelector()
        self._end: Finished | Broke | None = None
        self._ended: warden.Ended | None = None
        self._sessions: list[ServerSession] = []
        self._swept = False

    def __enter__(self) -> Self:
        links = self._links
        for source, read in (
            (links.output, self._read_output),
            (links.line, self._read_messages),
            (links.reports, self._read_reports),
            (self._desk.stop_signals, self._read_signals),
        ):
            self._selector.register(source, selectors.EVENT_READ, read)
        links.line.setblocking(False)
        os.set_blocking(links.output, False)
        return self

    def __exit__(self, *_: object) -> None:
        self._links.dismiss()
        self._selector.close()
        if not self._ended_well:  # whoever takes the locks next meets none of its statements
            self._desk.sessions.end(tuple(self._sessions))
        self._desk.further.release_all()

    @property
    def _ended_well(self) -> bool:
        stopped = self._ended is None or self._ended.reason is not None
        return isinstance(self._end, Finished) and not stopped

    def to_the_end(self, *, spare: Container[int]) -> Seen:
        """Serve until the warden has left; ``spare`` are children that are none of this attempt."""
        while self._links.reports in self._selector.get_map():
            for key, _ in self._selector.select(self._patience()):
                key.data()
            self._renew_if_due()
            self._give_up_if_overdue()
        self._clean_up_after_warden(spare)
        self._drain()
        return Seen(end=self._end, ended=self._ended, output=self._desk.output.tail)

    # --- what comes in --------------------------------------------------------------------------

    def _read_output(self) -> bool:
        data = self._read(self._links.output, lambda: os.read(self._links.output, _READ_BYTES))
        self._read_messages()  # a secret in what was just read has been confided before
        self._desk.output.feed(data)
        return bool(data)

    def _read_messages(self) -> bool:
        data = self._read(self._links.line, lambda: self._links.line.recv(_READ_BYTES))
        for line in self._messages.feed(data):
            self._heed(wire.decode(line))
        return bool(data)

    def _read_reports(self) -> bool:
        data = self._read(self._links.reports, lambda: os.read(self._links.reports, _READ_BYTES))
        for line in self._reports.feed(data):
            self._note(warden.read_report(line))
        return bool(data)

    def _read(self, source: int | socket.socket, read: Callable[[], bytes]) -> bytes:
        """Read what is there; a source that has ended is not looked at again."""
        try:
            data = read()
        except BlockingIOError:
            return b""
        except ConnectionResetError:  # the child left without reading our last answer
            data = b""
        if not data and source in self._selector.get_map():
            self._selector.unregister(source)
        return data

    def _read_signals(self) -> None:
        signals, order = self._desk.stop_signals, self._links.order
        for number in signals.arrived():
            if number == STACKS:
                order(warden.STACKS)
            elif number in STOPS and signals.stops == 1:
                order(warden.STOP)
            elif number in STOPS:
                order(warden.KILL)
                self._overdue_at = min(self._overdue_at, time.monotonic() + OVERDUE_SECONDS)
        self._links.reap()

    def _heed(self, message: wire.Message | wire.Answer | None) -> None:
        if isinstance(message, wire.Progress):
            self._desk.on_progress(message.label, message.done, message.total)
        elif isinstance(message, wire.SessionOpened):
            self._sessions.append(message.session)
        elif isinstance(message, wire.Confided):
            conceal(message.value)
        elif isinstance(message, wire.LockWanted | wire.LockDone):
            self._reply(self._desk.further.answer(message))
        elif isinstance(message, Finished | Broke):
            self._end = message

    def _reply(self, answer: wire.Answer) -> None:
        with suppress(BlockingIOError, BrokenPipeError, ConnectionResetError):
            self._links.line.sendall(wire.encode(answer))

    def _note(self, report: warden.Report) -> None:
        if isinstance(report, warden.Ended):
            self._ended = report
            self._overdue_at = time.monotonic() + OVERDUE_SECONDS
        else:
            self._swept = True
            if report.count:
                self._desk.output.note(
                    f"the job left {report.count} processes behind; they were killed"
                )

    # --- what falls due -------------------------------------------------------------------------

    def _patience(self) -> float:
        return max(0.0, min(self._desk.renewal.next_due, self._overdue_at) - time.monotonic())

    def _renew_if_due(self) -> None:
        renewal = self._desk.renewal
        if time.monotonic() >= renewal.next_due:
            standing = renewal.renew()
            if standing is Standing.HELD:
                self._links.order(warden.RENEWED, renewal.sent_at)
            elif standing is Standing.LOST:
                self._links.order(warden.LOST)

    def _give_up_if_overdue(self) -> None:
        """Kill a warden that is stuck: the kernel then kills the child, and we sweep."""
        if time.monotonic() >= self._overdue_at:
            self._overdue_at = math.inf
            reason = Reason.INTERRUPTED if self._desk.stop_signals.stops else Reason.TIMED_OUT
            self._ended = self._ended or warden.Ended(
                status=signal.SIGKILL, reason=reason, killed=True
            )
            self._links.kill_warden()

    def _clean_up_after_warden(self, spare: Container[int]) -> None:
        if not self._swept and not descendants.sweep_for(OVERDUE_SECONDS, spare=spare):
            self._desk.output.note(
                "some processes of the job survive SIGKILL: they wait for a disk"
            )

    def _drain(self) -> None:
        """Read what the dead have written; the pipes may be open still, but are not waited for."""
        while self._read_output():
            pass
        while self._read_messages():
            pass
        self._desk.output.finish()
