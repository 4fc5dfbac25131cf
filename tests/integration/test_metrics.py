"""What the ledger holds, published for Prometheus and read back by its own parser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from domain.errors import StoreUnavailable
from domain.operating.run import Outcome, Trigger
from fakes.metrics import NoQueues
from fakes.operating import CONTRACT, START, THREE, RecordedLog
from infra.sql.connection import Database
from infra.sql.job_states import SqlJobStates
from infra.sql.ledger import SqlLedger
from infra.sql.pauses import SqlPauses
from infra.telemetry.metrics import TEXTFILE, PublishedMetrics, Textfile
from infra.telemetry.run_state import DURATION_BUCKETS
from infra.telemetry.snapshot import Cadence, Declaration, Snapshot, Snapshots
from integration.ledger_rows import Processes, items, opened_database, record, start
from servers import KINDS

JOB = str(START.schedule_id)
BASE = {"cron_job": JOB, "trigger": "schedule"}
MINUTE = timedelta(minutes=1)
ENDED = THREE.timestamp() + 12


class Published(dict[str, float]):
    """Samples by name and labels; those of the scheduled sample job by name alone."""

    @classmethod
    def read(cls, folder: Path) -> Published:
        text = (folder / TEXTFILE).read_text()
        samples = [s for family in text_string_to_metric_families(text) for s in family.samples]
        return cls((cls.key(s.name, s.labels), s.value) for s in samples)

    @staticmethod
    def key(name: str, labels: dict[str, str]) -> str:
        own = {k: v for k, v in labels.items() if BASE.get(k) != v}
        return name + (json.dumps(own, sort_keys=True) if own else "")


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    with opened_database(request.param) as opened:
        yield opened


@pytest.fixture
def ledger(database: Database) -> SqlLedger:
    return SqlLedger(database, Processes().alive)


@pytest.fixture
def log() -> RecordedLog:
    return RecordedLog()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "collector" / "textfiles"


def snapshots(database: Database, cadence: Cadence | None = None) -> Snapshots:
    declared = Declaration(job=JOB, contract=CONTRACT, cadence=cadence)
    return Snapshots(SqlJobStates(database), SqlPauses(database), lambda: [declared], "1.2.3")


@pytest.fixture
def metrics(database: Database, folder: Path, log: RecordedLog) -> PublishedMetrics:
    return PublishedMetrics(snapshots(database), NoQueues(), [Textfile(folder)], log)


def published(metrics: PublishedMetrics, folder: Path) -> Published:
    metrics.publish(JOB)
    return Published.read(folder)


# --- values -------------------------------------------------------------------------------------


def test_a_success_is_published_with_times_counts_and_items(
    ledger: SqlLedger, metrics: PublishedMetrics, folder: Path
) -> None:
    record(ledger, "run-1", Outcome.SUCCEEDED, attempts=2, summary=items(booked=3, rejected=0))

    values = published(metrics, folder)

    assert values["cron_job_last_success_timestamp_seconds"] == ENDED
    assert values["cron_job_last_failure_timestamp_seconds"] == 0
    assert values["cron_run_started_timestamp_seconds"] == THREE.timestamp()
    assert values["cron_run_finished_timestamp_seconds"] == ENDED
    assert values["cron_run_last_duration_seconds"] == pytest.approx(12)
    assert values["cron_run_last_exit_code"] == 0
    assert values["cron_run_last_attempts"] == 2
    assert values["cron_run_retries_total"] == 1
    assert values["cron_run_in_progress"] == 0
    assert values['cron_run_items{"result": "booked"}'] == 3
    assert values['cron_run_items{"result": "rejected"}'] == 0
    assert values['cron_runs_total{"outcome": "succeeded"}'] == 1


def test_a_failure_after_it_keeps_the_last_success(
    ledger: SqlLedger, metrics: PublishedMetrics, folder: Path
) -> None:
    record(ledger, "run-1", Outcome.SUCCEEDED)
    record(ledger, "run-2", Outcome.TIMED_OUT, at=THREE + MINUTE)

    values = published(metrics, folder)

    assert values["cron_job_last_success_timestamp_seconds"] == ENDED
    assert values["cron_job_last_failure_timestamp_seconds"] == ENDED + 60
    assert values["cron_run_last_exit_code"] == 124
    assert values['cron_runs_total{"outcome": "succeeded"}'] == 1
    assert values['cron_runs_total{"outcome": "timed_out"}'] == 1


def test_a_skip_changes_neither_success_nor_failure_nor_the_last_exit_code(
    ledger: SqlLedger, metrics: PublishedMetrics, folder: Path
) -> None:
    record(ledger, "run-1", Outcome.PARTIAL)
    record(ledger, "run-2", Outcome.SKIPPED_LOCKED, at=THREE + MINUTE, attempts=0)
    record(ledger, "run-3", Outcome.SKIPPED_LOCKED, at=THREE + 2 * MINUTE, attempts=0)

    values = published(metrics, folder)

    assert values["cron_job_consecutive_skips"] == 2
    assert values["cron_job_last_success_timestamp_seconds"] == 0
    assert values["cron_job_last_failure_timestamp_seconds"] == ENDED
    assert values["cron_run_last_exit_code"] == 4
    assert values["cron_run_started_timestamp_seconds"] == THREE.timestamp() + 120
    assert values["cron_run_finished_timestamp_seconds"] == ENDED


def test_a_run_that_got_the_lock_ends_the_skips(
    ledger: SqlLedger, metrics: PublishedMetrics, folder: Path
) -> None:
    record(ledger, "run-1", Outcome.STARVED, attempts=0)
    record(ledger, "run-2", Outcome.EMPTY, at=THREE + MINUTE)

    values = published(metrics, folder)

    assert values["cron_job_consecutive_skips"] == 0
    assert values["cron_job_last_failure_timestamp_seconds"] == ENDED


def test_a_run_under_way_is_seen(
    ledger: SqlLedger, metrics: PublishedMetrics, folder: Path
) -> None:
    ledger.open(start())

    values = published(metrics, folder)

    assert values["cron_run_in_progress"] == 1
    assert values["cron_run_finished_timestamp_seconds"] == 0


def test_runs_by_hand_have_series_of_their_own(
    ledger: SqlLedger, metrics: PublishedMetrics, folder: Path
) -> None:
    record(ledger, "run-1", Outcome.FAILED)
    record(ledger, "run-2", Outcome.SUCCEEDED, trigger=Trigger.MANUAL)

    values = published(metrics, folder)

    assert values["cron_job_last_success_timestamp_seconds"] == 0
    assert values['cron_job_last_success_timestamp_seconds{"trigger": "manual"}'] == ENDED


def test_durations_fill_every_bucket_from_their_own_upwards(
    ledger: SqlLedger, metrics: PublishedMetrics, folder: Path
) -> None:
    for number in range(3):
        record(ledger, f"run-{number}", Outcome.SUCCEEDED)

    values = published(metrics, folder)

    buckets = [values[f'cron_run_duration_seconds_bucket{{"le": "{b}"}}'] for b in DURATION_BUCKETS]
    assert buckets == [0, 0] + [3] * 11
    assert values['cron_run_duration_seconds_bucket{"le": "+Inf"}'] == 3
    assert values["cron_run_duration_seconds_count"] == 3
    assert values["cron_run_duration_seconds_sum"] == pytest.approx(36)


@pytest.mark.parametrize("outcome", Outcome, ids=lambda outcome: outcome.word)
def test_every_outcome_has_its_counter(
    ledger: SqlLedger, metrics: PublishedMetrics, folder: Path, outcome: Outcome
) -> None:
    record(ledger, "run-1", Outcome.SUCCEEDED)
    if outcome is Outcome.MISSED:
        ledger.note_missed(CONTRACT.name, "all", [THREE], schedule_id=JOB)
    else:
        record(ledger, "run-2", outcome)

    values = published(metrics, folder)

    expected = 2 if outcome is Outcome.SUCCEEDED else 1
    assert values[f'cron_runs_total{{"outcome": "{outcome.word}"}}'] == expected


def test_the_version_is_published_and_no_creation_times(
    ledger: SqlLedger, metrics: PublishedMetrics, folder: Path
) -> None:
    record(ledger, "run-1", Outcome.SUCCEEDED)

    values = published(metrics, folder)

    assert values['cron_console_build_info{"version": "1.2.3"}'] == 1
    assert not [name for name in values if "_created" in name]


# --- the file -----------------------------------------------------------------------------------


def test_the_file_is_replaced_as_a_whole(
    ledger: SqlLedger, metrics: PublishedMetrics, folder: Path
) -> None:
    metrics.publish(JOB)
    with (folder / TEXTFILE).open() as reader:
        record(ledger, "run-1", Outcome.SUCCEEDED)
        metrics.publish(JOB)

        assert reader.read() == "", "a reader keeps the file it opened"

    assert "succeeded" in (folder / TEXTFILE).read_text()
    assert [path.name for path in folder.iterdir()] == [TEXTFILE]


def test_a_file_that_was_wiped_is_healed_by_the_next_publication(
    ledger: SqlLedger, metrics: PublishedMetrics, folder: Path
) -> None:
    record(ledger, "run-1", Outcome.SUCCEEDED)
    before = published(metrics, folder)
    (folder / TEXTFILE).unlink()

    assert published(metrics, folder) == before


def test_a_folder_that_cannot_be_written_is_logged_and_stops_nothing(
    database: Database, tmp_path: Path, log: RecordedLog
) -> None:
    (tmp_path / "taken").write_text("a file stands where the folder should be")
    folder = tmp_path / "taken" / "metrics"

    PublishedMetrics(snapshots(database), NoQueues(), [Textfile(folder)], log).publish(JOB)

    assert str(folder) in log.message_of("metrics.failed")


class NoStates:
    """A ledger that does not answer."""

    def read(self) -> list[Snapshot]:
        raise StoreUnavailable("no answer")


def test_a_ledger_that_does_not_answer_is_logged_and_leaves_the_last_file(
    metrics: PublishedMetrics, folder: Path, log: RecordedLog
) -> None:
    metrics.publish(JOB)
    before = (folder / TEXTFILE).read_text()

    PublishedMetrics(NoStates(), NoQueues(), [Textfile(folder)], log).publish(JOB)

    assert "no answer" in log.message_of("metrics.failed")
    assert (folder / TEXTFILE).read_text() == before
