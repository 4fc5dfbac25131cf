"""The queues as a processor finds them: whose they are, paused, strange, left by dead workers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from math import inf

from domain.operating.checkup import Seen, ok, warn
from domain.queue.job import Status
from infra.queue_settings import QueueSettings
from infra.sql.connection import Database
from infra.sql.database_clock import NOW
from infra.sql.queue.dao import SqlQueueDAO
from infra.sql.queue.statements import CONDITIONS, limit_values
from infra.sql.queue.states import SqlQueueStates
from infra.telemetry.queue_state import QueueState

OURS, LEGACY = "crontract", "legacy"

_STALE = """
    SELECT COUNT(*) AS found FROM queue WHERE queue = :queue AND phase = 2 AND {stale}
"""

_Fault = tuple[str, str]
"""What is found, and what to do."""


def queues(url: str, settings: QueueSettings) -> Seen:
    """Look at every queue that is declared or has rows; nothing is changed."""
    database = Database(url)
    try:
        return _Looker(database, settings).seen()
    finally:
        database.close()


class _Looker:
    def __init__(self, database: Database, settings: QueueSettings) -> None:
        self._database, self._settings = database, settings
        self._now = NOW[database.kind]

    def seen(self) -> Seen:
        states = SqlQueueStates(self._database, self._settings.queues).read()
        owners = {row["queue"]: row["owner"] for row in self._rows("queue_owner", "owner")}
        faults = [*self._faults(states, owners)]
        if faults:
            found, advice = (dict.fromkeys(column) for column in zip(*faults, strict=True))
            return warn("; ".join(found), "; ".join(advice))
        return ok(_summary(states, owners))

    def _rows(self, table: str, column: str) -> Sequence[Mapping[str, str]]:
        return self._database.rows(f"SELECT queue, {column} FROM {table}")  # noqa: S608 - our own

    def _faults(self, states: Sequence[QueueState], owners: Mapping[str, str]) -> Iterator[_Fault]:
        yield from self._undeclared(states, owners)
        yield from self._strange(states)
        yield from self._paused_before(states)
        yield from self._stale(states, owners)

    def _undeclared(
        self, states: Sequence[QueueState], owners: Mapping[str, str]
    ) -> Iterator[_Fault]:
        used = {state.queue for state in states if any(state.items.values())}
        for queue in sorted({*used, *owners} - {*self._settings.queues}):
            yield (
                f"{queue} is used and not declared",
                f"Declare [queue.{queue}] in config/queues.toml, or correct whoever writes to it",
            )

    def _strange(self, states: Sequence[QueueState]) -> Iterator[_Fault]:
        dao = SqlQueueDAO(self._database, self._settings.limits)
        for state in states:
            for word, count in dao.strange(state.queue).items() if state.strange else ():
                yield (
                    f"{state.queue}: {count} with the status {word}, which nobody knows",
                    f"Set it to one of {', '.join(Status)}, and correct whoever wrote it",
                )

    def _paused_before(self, states: Sequence[QueueState]) -> Iterator[_Fault]:
        row = self._database.row(f"SELECT {self._now} AS micros")
        now = int(row["micros"]) / 1_000_000 if row else inf
        for state in states:
            for type_, until in state.paused_until.items():
                if until <= now:
                    paused = f"{state.queue} {type_}".strip()
                    ended = datetime.fromtimestamp(until, UTC).isoformat(timespec="seconds")
                    yield (
                        f"{paused}: the pause ended {ended} and is still on record",
                        "Look whether its reason is gone, then queue:resume",
                    )

    def _stale(self, states: Sequence[QueueState], owners: Mapping[str, str]) -> Iterator[_Fault]:
        stale = _STALE.format(stale=CONDITIONS["stale"].format(now=self._now))
        age = limit_values(self._settings.limits)["legacy_age"]
        for queue in (it.queue for it in states if owners.get(it.queue, OURS) == OURS):
            row = self._database.row(stale, queue=queue, legacy_age=age)
            if row and row["found"]:
                yield (
                    f"{queue}: {row['found']} in flight whose worker is not heard of",
                    "See that cron:queue:process is started: it puts them back first",
                )


def _summary(states: Sequence[QueueState], owners: Mapping[str, str]) -> str:
    return "; ".join(
        f"{state.queue}: {_items(state)}"
        + (", the legacy side's" if owners.get(state.queue) == LEGACY else "")
        for state in states
    )


def _items(state: QueueState) -> str:
    counts = state.items
    in_flight = counts.get(Status.IN_QUEUE, 0) + counts.get(Status.PROCESSING, 0)
    new, crashed = counts.get(Status.NEW, 0), counts.get(Status.CRASH, 0)
    return f"{new:.0f} new, {in_flight:.0f} in flight, {crashed:.0f} crashed"
