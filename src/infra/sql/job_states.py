"""The ledger summed up per job, for its metrics."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from infra.sql.connection import Database, Row
from infra.sql.instants import from_text, to_text
from infra.sql.job_counters import (
    DECLARED,
    FAILURE,
    SKIPS,
    SLOT,
    STARTED,
    SUCCESS,
    WORKED,
)
from infra.telemetry.run_state import JobState

Key = tuple[str, str]

_RUNNING = """
    SELECT job, trigger_kind, COUNT(*) AS runs, MAX(started_at) AS started
    FROM cron_run WHERE status = 'running' GROUP BY job, trigger_kind
"""

_LAST_FINISHED = """
    SELECT started_at, finished_at, exit_code, attempts, lock_wait, summary FROM cron_run
    WHERE job = :job AND trigger_kind = :trigger_kind AND finished_at IS NOT NULL AND attempts > 0
    ORDER BY finished_at DESC, run_id DESC LIMIT 1
"""

_SKIPPED_SINCE = """
    SELECT COUNT(*) AS skips FROM cron_run
    WHERE job = :job AND trigger_kind = :trigger_kind AND finished_at > :worked
        AND started_at > :worked AND outcome IN (:locked, :starved)
"""


class SqlJobStates:
    """Reads all jobs' states; nothing is kept between two readings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def job_states(self) -> Sequence[JobState]:
        """Give one state per job and trigger that ran or was declared."""
        counters, running = self._counters(), self._running()
        return [
            self._state(key, counters.get(key, {}), running.get(key))
            for key in sorted({*counters, *running})
        ]

    def _counters(self) -> Mapping[Key, Mapping[str, float]]:
        counters: dict[Key, dict[str, float]] = {}
        for row in self._database.rows("SELECT * FROM cron_counter"):
            counters.setdefault(_key(row), {})[row["name"]] = row["value"]
        return counters

    def _running(self) -> Mapping[Key, Row]:
        return {_key(row): row for row in self._database.rows(_RUNNING)}

    def _state(self, key: Key, counts: Mapping[str, float], running: Row | None) -> JobState:
        job, trigger = key
        run = self._database.row(_LAST_FINISHED, job=job, trigger_kind=trigger)
        underway = _seconds(running["started"]) if running else 0.0
        return JobState(
            job=job,
            trigger=trigger,
            last_success=counts.get(SUCCESS, 0.0),
            last_failure=counts.get(FAILURE, 0.0),
            known_since=max(counts.get(SLOT, 0.0), counts.get(DECLARED, 0.0)),
            started=max(counts.get(STARTED, 0.0), underway),
            in_progress=int(running["runs"]) if running else 0,
            skips=self._skips(key, counts),
            retries=counts.get("retries", 0.0),
            outcomes=_after("outcome:", counts),
            durations=_after("duration:", counts),
            **_of_last_finished(run),
        )

    def _skips(self, key: Key, counts: Mapping[str, float]) -> int:
        worked = counts.get(WORKED, 0.0)
        if counts.get(STARTED, 0.0) <= worked:  # the newest start was none
            return 0
        job, trigger = key
        row = self._database.row(
            _SKIPPED_SINCE,
            job=job,
            trigger_kind=trigger,
            worked=to_text(datetime.fromtimestamp(worked, UTC)),
            locked=SKIPS[0].word,
            starved=SKIPS[1].word,
        )
        return int(row["skips"]) if row else 0


def _key(row: Row) -> Key:
    return row["job"], row["trigger_kind"]


def _of_last_finished(run: Row | None) -> dict[str, Any]:
    if run is None:
        times = dict.fromkeys(("finished", "duration", "lock_wait"), 0.0)
        return {**times, "exit_code": 0, "attempts": 0, "items": {}, "stages": {}}
    summary = json.loads(run["summary"]) if run["summary"] else {}
    finished = _seconds(run["finished_at"])
    return {
        "finished": finished,
        "duration": finished - _seconds(run["started_at"]),
        "lock_wait": run["lock_wait"] or 0.0,
        "exit_code": int(run["exit_code"]),
        "attempts": int(run["attempts"]),
        "items": summary.get("items", {}),
        "stages": summary.get("stages", {}),  # none in the rows of older versions
    }


def _after(prefix: str, counts: Mapping[str, float]) -> dict[str, float]:
    return {
        name.removeprefix(prefix): value
        for name, value in counts.items()
        if name.startswith(prefix)
    }


def _seconds(text: str | None) -> float:
    return from_text(text).timestamp() if text else 0.0
