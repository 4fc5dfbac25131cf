"""CR-006 wired: the parent's side and, in each worker process, the worker's own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from domain.operating.ports import ActiveRun
from domain.queue.attempt import Tools
from domain.queue.crew import Board, Crew, Inbox
from domain.queue.dao import QueueDAO
from domain.queue.known import KnownTypes
from domain.queue.processing import QueueProcessing
from domain.queue.stale import Limits
from domain.queue.station import Station
from domain.queue.working import Working
from infra.boot import Boot
from infra.clock import SystemClock, SystemEntropy
from infra.process.active_run import RunInHand
from infra.queue_settings import QueueSettings, queue_settings
from infra.secrets import scrub
from infra.sql.connection import Database
from infra.sql.queue.dao import SqlQueueDAO
from infra.sql.queue.outlook import SqlOutlook
from infra.telemetry.logs import JsonLog
from kernel.message_types import MessageTypes, built_by

if TYPE_CHECKING:
    from infra.process.crew_line import WorkerLine

Rebuilt = Callable[[ActiveRun], Any]
"""Makes a container of its own for a worker process."""


class QueueProcessWiring:
    """Everything of one run of the processor; its connections are closed before each fork."""

    def __init__(self, boot: Boot, run: ActiveRun, rebuilt: Rebuilt, grace: timedelta) -> None:
        self._boot, self._run, self._rebuilt, self._grace = boot, run, rebuilt, grace
        self._clock, self._entropy = SystemClock(), SystemEntropy()
        self._opened: list[Database] = []

    def processing(self) -> QueueProcessing:
        types = self._types(self._rebuilt(self._run))
        self._preload(types)
        station = Station(
            fresh=self._fresh,
            crew=self._crew,
            workers=lambda queue: self._settings.queue(queue).workers,
            outlook=SqlOutlook(self._open()),
            types=KnownTypes(types, self._entropy, self._limits),
            named=types.all_names,
            clock=self._clock,
            limits=self._limits,
            grace=self._grace,
        )
        return QueueProcessing(station)

    def _preload(self, types: MessageTypes) -> None:
        """Import before the fork what each worker would import at its first message.

        A type that cannot be loaded is met again by its own messages, and crashes them alone.
        """
        from infra.sql.queue import bench  # noqa: F401 - for its own sake

        for name in types.names():
            with suppress(Exception):
                if known := types.find(name):
                    known.read("")

    @cached_property
    def _settings(self) -> QueueSettings:
        return queue_settings(self._boot.root)

    @property
    def _limits(self) -> Limits:
        return self._settings.limits

    def _types(self, container: object) -> MessageTypes:
        return MessageTypes(built_by(container))

    def _open(self) -> Database:
        self._opened.append(Database(self._boot.database_url))
        return self._opened[-1]

    def _close_all(self) -> None:
        for database in self._opened:
            database.close()

    def _fresh(self) -> QueueDAO:
        return SqlQueueDAO(self._open(), self._limits)

    # --- workers --------------------------------------------------------------------------------

    def _crew(self) -> Crew:
        run = self._run
        if not isinstance(run, RunInHand) or run.in_process:
            return self._inline_crew()
        from infra.process.crew import CrewLinks, ForkedCrew
        from infra.sql.sessions import SqlSessions

        links = CrewLinks(
            work=lambda board, line: self._work(run, board, line),
            before_fork=self._close_all,
            sessions=SqlSessions(self._open(), JsonLog()),
            session_opened=run.session_opened,
        )
        return ForkedCrew(links)

    def _inline_crew(self) -> Crew:
        from infra.process.inline_crew import InlineCrew

        def born(board: Board, inbox: Inbox) -> Callable[[], None]:
            return self._worker(self._run, board, inbox).to_the_end

        return InlineCrew(born, self._clock.sleep)

    def _work(self, run: RunInHand, board: Board, line: WorkerLine) -> None:
        from infra.process.crew_member import WorkerDesk

        self._worker(run.at(WorkerDesk(line)), board, line).to_the_end()

    def _worker(self, run: ActiveRun, board: Board, inbox: Inbox) -> Working:
        from infra.sql.queue.bench import SqlBench

        types = self._types(self._rebuilt(run))
        tools = Tools(types, self._clock, self._entropy, run, scrub)
        opener = run if isinstance(run, RunInHand) else None
        bench = SqlBench(self._boot.database_url, opener, self._limits)
        return Working(bench, board, inbox, tools)
