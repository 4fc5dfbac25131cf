"""Counters over a thousand runs and ten wiped gateways, watched by a real Prometheus."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from domain.operating.run import Outcome, Trigger
from fakes.metrics import NoQueues
from fakes.operating import CONTRACT, START, THREE, RecordedLog
from infra.secrets import Secret
from infra.sql.job_states import SqlJobStates
from infra.sql.ledger import SqlLedger
from infra.sql.pauses import SqlPauses
from infra.telemetry.gateway import Pushgateway
from infra.telemetry.metrics import GatewayGroups, PublishedMetrics
from infra.telemetry.snapshot import Declaration, Snapshots
from integration.ledger_rows import Processes, opened_database, record
from watching import watched

COUNTERS = (
    "cron_runs_total",
    "cron_run_retries_total",
    "cron_run_duration_seconds_bucket",
    "cron_run_duration_seconds_count",
    "cron_run_duration_seconds_sum",
)
RUNS, WIPES = 1000, 10
JOB = str(START.schedule_id)
ENDS = [outcome for outcome in Outcome if outcome is not Outcome.MISSED]


@pytest.mark.timeout(280)
def test_no_counter_ever_falls_over_a_thousand_runs_and_ten_wipes(tmp_path: Path) -> None:
    chance = random.Random(10)  # noqa: S311 - the same runs every time
    counted, log = Counter[tuple[str, str]](), RecordedLog()
    with watched(tmp_path) as seen, opened_database("sqlite") as database:
        ledger = SqlLedger(database, Processes().alive)
        declared = [Declaration(job=JOB, contract=CONTRACT)]
        source = Snapshots(SqlJobStates(database), SqlPauses(database), lambda: declared, "1")
        gateway = Pushgateway(Secret(seen.gateway.url))
        metrics = PublishedMetrics(source, NoQueues(), [GatewayGroups(lambda: gateway)], log)

        for number in range(RUNS):
            run = _random_run(ledger, chance, number)
            counted[run] += 1
            metrics.publish(JOB)
            if number % (RUNS // WIPES) == 0:
                for (trigger, outcome), count in counted.items():
                    seen.comes_to(_series(trigger, outcome), count)
                seen.wipe()

        for (trigger, outcome), count in counted.items():
            seen.comes_to(_series(trigger, outcome), count)
        for name in COUNTERS:
            series = f'{name}{{cron_job="{JOB}"}}[1h]'
            assert (seen.value(f"sum(changes({series}))") or 0) > WIPES
            assert seen.value(f"max(resets({series}))") == 0
    assert log.lines == []


def _random_run(ledger: SqlLedger, chance: random.Random, number: int) -> tuple[str, str]:
    outcome, trigger = chance.choice(ENDS), chance.choice(list(Trigger))
    record(
        ledger,
        f"run-{number}",
        outcome,
        at=THREE + timedelta(seconds=number),
        trigger=trigger,
        attempts=chance.randrange(4),
    )
    return trigger.value, outcome.word


def _series(trigger: str, outcome: str) -> str:
    labels: Sequence[str] = (
        f'cron_job="{JOB}"',
        f'trigger="{trigger}"',
        f'outcome="{outcome}"',
    )
    return f"cron_runs_total{{{','.join(labels)}}}"
