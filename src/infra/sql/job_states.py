"""The ledger summed up per job, for its metrics."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from domain.operating.run import Alert, Outcome
from infra.sql.connection import Database, Row
from infra.sql.instants import from_text
from infra.telemetry.run_state import JobState

_GOOD = tuple(outcome.word for outcome in (Outcome.SUCCEEDED, Outcome.EMPTY))
_BAD = tuple(o.word for o in Outcome if o.alert in (Alert.PAGE, Alert.NOTIFY))
_SKIPS = (Outcome.SKIPPED_LOCKED.word, Outcome.STARVED.word)

_LAST = """
    SELECT command, trigger_kind, MAX(started_at) AS started,
        MAX(CASE WHEN outcome IN ({good}) THEN finished_at END) AS last_success,
        MAX(CASE WHEN outcome IN ({bad}) THEN finished_at END) AS last_failure,
        MAX(CASE WHEN attempts > 0 THEN finished_at END) AS finished,
        SUM(CASE WHEN status = 'running' THEN 1 ELSE 0 END) AS in_progress
    FROM cron_run GROUP BY command, trigger_kind
"""

_LAST_FINISHED = """
    SELECT * FROM cron_run
    WHERE command = :command AND trigger_kind = :trigger_kind AND finished_at = :finished
    ORDER BY run_id DESC LIMIT 1
"""

_SKIPPED_SINCE = """
    SELECT COUNT(*) AS skips FROM cron_run
    WHERE command = :command AND trigger_kind = :trigger_kind AND outcome IN ({skips})
      AND started_at > COALESCE((SELECT MAX(started_at) FROM cron_run
        WHERE command = :command AND trigger_kind = :trigger_kind AND status = 'closed'
          AND outcome NOT IN ({skips})), '')
"""


def _words(words: Sequence[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


class SqlJobStates:
    """Reads all jobs' states; nothing is kept between two readings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def job_states(self) -> Sequence[JobState]:
        """Give one state per job and trigger that ever ran."""
        counters = self._counters()
        last = self._database.rows(_LAST.format(good=_words(_GOOD), bad=_words(_BAD)))
        return [self._state(row, counters) for row in last]

    def _counters(self) -> Mapping[tuple[str, str], Mapping[str, float]]:
        counters: dict[tuple[str, str], dict[str, float]] = {}
        for row in self._database.rows("SELECT * FROM cron_counter"):
            key = row["command"], row["trigger_kind"]
            counters.setdefault(key, {})[row["name"]] = row["value"]
        return counters

    def _state(self, row: Row, counters: Mapping[tuple[str, str], Mapping[str, float]]) -> JobState:
        names = {"command": row["command"], "trigger_kind": row["trigger_kind"]}
        counts = counters.get((row["command"], row["trigger_kind"]), {})
        run = self._database.row(_LAST_FINISHED, finished=row["finished"], **names)
        skips = self._database.row(_SKIPPED_SINCE.format(skips=_words(_SKIPS)), **names)
        return JobState(
            job=row["command"],
            trigger=row["trigger_kind"],
            last_success=_seconds(row["last_success"]),
            last_failure=_seconds(row["last_failure"]),
            started=_seconds(row["started"]),
            finished=_seconds(row["finished"]),
            in_progress=int(row["in_progress"]),
            skips=int(skips["skips"]) if skips else 0,
            retries=counts.get("retries", 0.0),
            outcomes=_after("outcome:", counts),
            durations=_after("duration:", counts),
            **_of_last_finished(run),
        )


def _of_last_finished(run: Row | None) -> dict[str, Any]:
    if run is None:
        return {"duration": 0.0, "exit_code": 0, "attempts": 0, "items": {}}
    summary = json.loads(run["summary"]) if run["summary"] else {"items": {}}
    return {
        "duration": _seconds(run["finished_at"]) - _seconds(run["started_at"]),
        "exit_code": int(run["exit_code"]),
        "attempts": int(run["attempts"]),
        "items": summary["items"],
    }


def _after(prefix: str, counts: Mapping[str, float]) -> dict[str, float]:
    return {
        name.removeprefix(prefix): value
        for name, value in counts.items()
        if name.startswith(prefix)
    }


def _seconds(text: str | None) -> float:
    return from_text(text).timestamp() if text else 0.0
