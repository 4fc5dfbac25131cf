"""The queues' state for Prometheus, read from real databases and back by its own parser."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from domain.queue.dao import Reason
from domain.queue.job import Status
from infra.sql.connection import Database
from infra.sql.queue.dao import SqlQueueDAO
from infra.sql.queue.states import SqlQueueStates
from infra.telemetry.exposition import queue_exposition
from infra.telemetry.metrics import QUEUE_TEXTFILE, Textfile
from integration.ledger_rows import opened_database
from queue_rows import DAY, HOUR, ago, insert
from servers import KINDS

WHY = Reason(actor="anna", reason="the partner is away")
MINUTE = timedelta(minutes=1)


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    with opened_database(request.param) as opened:
        yield opened


def series(database: Database, *declared: str) -> dict[str, float]:
    """Give every sample by its name and label values, those of the queue general by name."""
    text = queue_exposition(SqlQueueStates(database, declared).read())
    samples = [s for family in text_string_to_metric_families(text) for s in family.samples]
    return {_key(s.name, s.labels): s.value for s in samples}


def _key(name: str, labels: dict[str, str]) -> str:
    own = [value for label, value in sorted(labels.items()) if (label, value) != GENERAL]
    return " ".join([name.removeprefix("cron_queue_"), *own])


GENERAL = ("queue", "general")


def test_messages_are_counted_by_status_and_the_oldest_tells_its_instant(
    database: Database,
) -> None:
    held = {"lease_until": ago(-HOUR), "run_id": "run-1", "claim_no": 1}
    insert(
        database,
        [
            {"available_at": ago(HOUR)},
            {"available_at": ago(2 * HOUR), "priority": 9, "direction": "outgoing"},
            {"available_at": ago(-DAY)},
            {"status": "IN_QUEUE", "status_since": ago(MINUTE), **held},
            {"status": "PROCESSING", "status_since": ago(3 * MINUTE), **held},
            {"status": "CRASH", "status_since": ago(DAY), "crash_reason": "permanent"},
        ],
    )

    found = series(database)

    statuses = {word: found[f"items {word}"] for word in Status}
    assert statuses == {
        "NEW": 3,
        "IN_QUEUE": 1,
        "PROCESSING": 1,
        "PROCESSED": 0,
        "CRASH": 1,
    }
    ages = {"NEW": 7200, "IN_QUEUE": 60, "PROCESSING": 180, "CRASH": 86400}
    for word, seconds in ages.items():
        key = f"oldest_timestamp_seconds {word}"
        assert time.time() - found[key] == pytest.approx(seconds, abs=30)


def test_a_status_without_messages_has_no_oldest_and_what_waits_for_its_time_is_not_late(
    database: Database,
) -> None:
    insert(database, [{"available_at": ago(-DAY)}])

    found = series(database)

    assert found["items NEW"] == 1
    assert [key for key in found if key.startswith("oldest")] == []


def test_a_declared_queue_without_any_message_is_at_zero_from_its_declaration_on(
    database: Database,
) -> None:
    states = SqlQueueStates(database, ["general", "images"])

    first, again = states.declare(), states.declare()
    found = series(database, "general", "images")

    assert set(first) == {"general", "images"}
    assert set(again.values()) == {0}
    assert found["transitions_total images CRASH"] == 0
    assert found["stale_restarts_total"] == found["unknown_status"] == 0
    assert {found[f"items {status}"] for status in Status} == {0}


def test_what_was_processed_is_counted_without_looking_at_its_rows(database: Database) -> None:
    dao = SqlQueueDAO(database)
    dao.count("general", {"to:PROCESSED": 7, "to:CRASH": 2, "stale_restarts": 1})
    dao.count("general", {"to:PROCESSED": 3, "stale_settles": 4, "cleaned": 6})

    found = series(database)

    assert found["items PROCESSED"] == 10 - 6
    assert found["transitions_total PROCESSED"] == 10
    assert found["transitions_total CRASH"] == 2
    assert found["stale_restarts_total"] == 1
    assert found["stale_settles_total"] == 4


def test_a_word_that_nobody_knows_is_told(database: Database) -> None:
    insert(database, [{"status": "WAITING"}, {"status": "new"}, {}])

    found = series(database)

    assert found["unknown_status"] == 2
    assert found["items NEW"] == 1


def test_pauses_tell_their_end(database: Database) -> None:
    dao = SqlQueueDAO(database)
    dao.pause("general", None, WHY, None)
    dao.pause("general", "images.update", WHY, datetime.now(UTC) + HOUR)

    found = series(database)

    paused = "paused_until_timestamp_seconds"
    assert found[f"{paused} "] == float("inf")
    assert found[f"{paused} images.update"] == pytest.approx(time.time() + 3600, abs=30)


def test_the_textfile_of_the_queues_stands_beside_that_of_the_jobs(
    database: Database, tmp_path: Path
) -> None:
    insert(database, [{}])

    Textfile(tmp_path).write_queues(SqlQueueStates(database, []).read())

    assert [path.name for path in tmp_path.iterdir()] == [QUEUE_TEXTFILE]
    assert 'cron_queue_items{queue="general",status="NEW"} 1.0' in (
        tmp_path / QUEUE_TEXTFILE
    ).read_text("utf-8")
