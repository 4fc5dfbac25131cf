"""The commands about incidents and alerts, built at their first use."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from infra.boot import Boot, boot
from infra.clock import SystemClock
from infra.sql.connection import Database
from infra.telemetry.logs import JsonLog
from kernel.alarm import alarm
from kernel.contracts import contracts
from kernel.supervision import person

if TYPE_CHECKING:
    from commands.ops.alert import AlertFlush, AlertTest
    from commands.ops.incidents import IncidentsAck, IncidentsList, IncidentsShow
    from infra.sql.incident_list import SqlIncidentBook


class AlertCommands:
    """The part of the container that builds them, and the light adapters that all share."""

    def __init__(self, env: str) -> None:
        self._env, self._clock = env, SystemClock()

    @cached_property
    def boot(self) -> Boot:
        return boot(self._env)

    @cached_property
    def _database(self) -> Database:
        return Database(self.boot.database_url)

    @cached_property
    def _incident_book(self) -> SqlIncidentBook:
        from infra.sql.incident_list import SqlIncidentBook

        return SqlIncidentBook(self._database)

    def alert_flush(self) -> AlertFlush:
        from commands.ops.alert import AlertFlush

        alerts = alarm(self.boot, self._database, JsonLog()).alerts()
        return AlertFlush(alerts.hurry)

    def alert_test(self) -> AlertTest:
        from commands.ops.alert import AlertTest

        wired = alarm(self.boot, None, JsonLog())
        return AlertTest(contracts(), wired.courier, self._clock, wired.entropy)

    def incidents_ack(self) -> IncidentsAck:
        from commands.ops.incidents import IncidentsAck

        return IncidentsAck(self._incident_book, self._clock, person())

    def incidents_list(self) -> IncidentsList:
        from commands.ops.incidents import IncidentsList

        return IncidentsList(self._incident_book, self._clock)

    def incidents_show(self) -> IncidentsShow:
        from commands.ops.incidents import IncidentsShow

        return IncidentsShow(self._incident_book)
