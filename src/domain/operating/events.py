"""The stable keys of the runtime's log lines; searches and dashboards rest on them."""

from __future__ import annotations

from enum import StrEnum


class Event(StrEnum):
    """One key per meaningful step of a run."""

    RUN_STARTED = "run.started"
    RUN_FINISHED = "run.finished"
    RUN_REAPED = "run.reaped"
    SLOT_MISSED = "slot.missed"
    LOCK_WAITING = "lock.waiting"
    LOCK_UNRELEASED = "lock.unreleased"
    ATTEMPT_STARTED = "attempt.started"
    CHECKPOINT = "checkpoint"
    ATTEMPT_FAILED = "attempt.failed"
    ATTEMPT_RETRYING = "attempt.retrying"
    SESSIONS_ENDED = "sessions.ended"
    SESSIONS_LEFT = "sessions.left"
    DEFECT = "defect"
    LEDGER_UNREACHABLE = "ledger.unreachable"
    METRICS_FAILED = "metrics.failed"
    ALERTS_FAILED = "alerts.failed"
    ALERT_SENT = "alert.sent"
    ALERT_UNSENT = "alert.unsent"
    ALERT_NO_CHANNEL = "alert.no_channel"
    INCIDENT_OPENED = "incident.opened"
    INCIDENT_RECOVERED = "incident.recovered"
    GUARD_FORCED = "guard.forced"
    LEGACY_SPELLING = "console.legacy_spelling"
    UNIT_FINISHED = "unit.finished"
    UNIT_FAILED = "unit.failed"
    UNIT_NOT_MARKED = "unit.not_marked"
    FEED_DATED_AHEAD = "feed.dated_ahead"
    STOCK_ZEROED = "stock.zeroed"
    QUEUE_AWAY = "queue.away"
    QUEUE_LEFT = "queue.left"
    QUEUE_RESTARTED = "queue.restarted"
    QUEUE_WORKER_DIED = "queue.worker_died"
