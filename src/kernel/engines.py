"""The heavy database engines of jobs, limited and made known to a run's supervisor."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from domain.operating.ports import ActiveRun
from kernel.metric_commands import MetricCommands

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from infra.settings import Settings
    from infra.sql.session_limits import LimitedSessions


class Engines(MetricCommands):
    """The part of the container that opens them; within a ``run`` their sessions are its own."""

    def __init__(self, env: str, run: ActiveRun | None = None) -> None:
        super().__init__(env)
        self._run = run

    @cached_property
    def settings(self) -> Settings:
        from infra.settings import load

        return load(self._env)

    @cached_property
    def _engine(self) -> Engine:
        return self._open_engine()

    def _open_engine(self, *, read_only: bool = False) -> Engine:
        from infra.sql.engine import make_engine

        engine = make_engine(self.settings.database.url, read_only=read_only)
        if self._sessions:
            self._sessions.attach(engine)
        return engine

    @cached_property
    def _sessions(self) -> LimitedSessions | None:
        from infra.process.active_run import RunInHand
        from infra.sql.session_limits import LimitedSessions

        return LimitedSessions(self._run) if isinstance(self._run, RunInHand) else None
