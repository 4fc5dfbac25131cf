"""What the ledger knows of one job, as its metrics need it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DURATION_BUCKETS = (1, 5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
"""Upper bounds of the duration histogram in seconds: a minute's job to four hours."""


@dataclass(frozen=True, kw_only=True)
class JobState:
    """One job and trigger; times are seconds since 1970 (0: never), durations seconds.

    ``job`` is a declared schedule's id, or the command of starts that no schedule declares.
    ``known_since`` is the newest firing on record, else when the job was declared.
    """

    job: str
    trigger: str
    last_success: float
    last_failure: float
    known_since: float
    started: float
    finished: float
    in_progress: int
    duration: float
    lock_wait: float
    exit_code: int
    attempts: int
    skips: int
    retries: float
    outcomes: Mapping[str, float]
    durations: Mapping[str, float]
    items: Mapping[str, int]
    stages: Mapping[str, float]
