"""What doctor says of the queues on each database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.errors import SchemaOutdated
from domain.queue.dao import Reason
from domain.queue.stale import LIMITS
from infra.doctor.queues import queues
from infra.queue_settings import QueueSettings, queue_settings
from infra.sql.connection import Database
from infra.sql.queue.dao import SqlQueueDAO
from queue_rows import HOUR, ago, ended, insert
from servers import KINDS
from servers import database as server_database

SETTINGS: QueueSettings = queue_settings(Path(__file__).resolve().parents[2])
WHY = Reason(actor="anna", reason="the partner is off")
SECOND = timedelta(seconds=1)


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with server_database(request.param) as url:
        yield url


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    with closing(Database(url)) as database:
        yield database


def look(url: str) -> tuple[str, str, str]:
    seen = queues(url, SETTINGS)
    assert seen.exit_code == 0
    return seen.state.value, seen.found, seen.advice


def test_queues_in_good_order_are_counted_by_what_waits(database: Database, url: str) -> None:
    live = {"status": "PROCESSING", "claim_no": 1, "lease_until": ago(-HOUR)}
    insert(database, [{}, {}, live, ended(HOUR), ended(HOUR, "CRASH")])

    assert look(url) == ("ok", "general: 2 new, 1 in flight, 1 crashed", "")


def test_a_queue_of_the_legacy_side_is_no_fault_however_old_its_rows_are(
    database: Database, url: str
) -> None:
    SqlQueueDAO(database).own("general", "legacy", WHY)
    insert(database, [{"status": "PROCESSING", "status_since": ago(HOUR)}])

    assert look(url)[:2] == (
        "ok",
        "general: 0 new, 1 in flight, 0 crashed, the legacy side's",
    )


Spoil = Callable[[Database], None]


def row(**values: object) -> Spoil:
    return lambda database: insert(database, [values])


def legacy_row(age: timedelta) -> Spoil:
    """A row in flight without a lease; its age counts from when it is written."""
    return lambda database: insert(database, [{"status": "PROCESSING", "status_since": ago(age)}])


def paused(type_: str | None, until: datetime | None) -> Spoil:
    return lambda database: SqlQueueDAO(database).pause("general", type_, WHY, until)


ENDED = datetime(2026, 1, 5, 8, tzinfo=UTC)
FAULTS: list[tuple[Spoil, str, str]] = [
    (row(queue="mail"), "mail is used and not declared", "Declare [queue.mail]"),
    (
        lambda database: SqlQueueDAO(database).own("mail", "legacy", WHY),
        "mail is used and not declared",
        "Declare [queue.mail]",
    ),
    (
        row(status="DONE"),
        "general: 1 with the status DONE, which nobody knows",
        "Set it to one of NEW, IN_QUEUE, PROCESSING, PROCESSED, CRASH",
    ),
    (
        paused(None, ENDED),
        "general: the pause ended 2026-01-05T08:00:00+00:00 and is still on record",
        "queue:resume",
    ),
    (paused("labels.print", ENDED), "general labels.print: the pause ended", "queue:resume"),
    (
        row(status="IN_QUEUE", lease_until=ago(SECOND)),
        "general: 1 in flight whose worker is not heard of",
        "cron:queue:process",
    ),
    (
        legacy_row(LIMITS.legacy_age + SECOND),
        "general: 1 in flight whose worker is not heard of",
        "cron:queue:process",
    ),
]


@pytest.mark.parametrize(("spoil", "found", "advice"), FAULTS)
def test_what_nobody_would_put_right_is_said_with_what_to_do(
    spoil: Spoil, found: str, advice: str, database: Database, url: str
) -> None:
    spoil(database)

    state, said, to_do = look(url)
    assert state == "warn"
    assert said.startswith(found)
    assert advice in to_do


def test_each_fault_is_said_and_each_thing_to_do_once(database: Database, url: str) -> None:
    insert(database, [{"status": "DONE"}, {"status": "done?"}, {"queue": "mail"}])

    _, said, to_do = look(url)
    assert len(said.split("; ")) == 3
    assert len(to_do.split("; ")) == 2


@pytest.mark.parametrize(
    "sound",
    [
        legacy_row(LIMITS.legacy_age / 2),
        paused(None, datetime(2999, 1, 5, tzinfo=UTC)),
        paused("labels.print", None),
        row(queue="mail", **ended(HOUR)),
    ],
    ids=["a young legacy row", "a pause that lasts", "a pause without end", "an old queue"],
)
def test_what_will_pass_or_was_meant_is_no_fault(
    sound: Spoil, database: Database, url: str
) -> None:
    sound(database)

    assert look(url)[0] == "ok"


@pytest.mark.parametrize("kind", KINDS)
def test_without_tables_it_says_what_to_type(kind: str) -> None:
    with server_database(kind, migrated=False) as url, pytest.raises(SchemaOutdated) as fault:
        queues(url, SETTINGS)

    assert fault.value.remedy == "Run bin/console db:migrate"
