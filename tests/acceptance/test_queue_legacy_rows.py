"""Rows that the legacy side wrote: processed, or refused with a reason, on the three databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.sql.connection import Database
from infra.sql.queue.messages import microseconds_of
from queue_shop import QueueShop
from servers import KINDS, database

TYPE = "UpdatingImagesController::updateImages"
ONE = 'a:1:{s:5:"marks";a:2:{i:0;s:1:"1";i:1;s:1:"2";}}'
"""What PHP's serialize() makes of ['marks' => ['1', '2']]."""


@pytest.fixture(params=KINDS)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[QueueShop]:
    with database(request.param) as url:
        yield QueueShop(tmp_path / "shop", url=url)


def write(shop: QueueShop, payload: str = ONE, type_: str = TYPE, **more: Any) -> None:
    """Insert a row with the columns that the legacy side knows."""
    writer = Database(shop.url)
    with writer.transaction() as transaction:
        row = {"queue": "general", "type": type_, "payload": payload, **more}
        transaction.insert("queue", row)
    writer.close()


def ago(minutes: float) -> int:
    return microseconds_of(datetime.now(UTC) - timedelta(minutes=minutes))


def test_a_row_of_three_columns_is_processed_under_the_types_legacy_name(shop: QueueShop) -> None:
    write(shop)

    done = shop.process()

    assert done.returncode == 0, done.stderr
    assert shop.marks() == [1, 2]
    rows = shop.query("SELECT type, status, attempts, created_by, claim_no FROM queue")
    assert rows == [(TYPE, "PROCESSED", 1, "legacy", 1)]


@pytest.mark.parametrize("status", ["PROCESSING", "IN_QUEUE"])
def test_a_row_that_the_legacy_side_left_in_flight_is_taken_over_after_ten_minutes(
    shop: QueueShop, status: str
) -> None:
    write(shop, status=status, status_since=ago(20))
    write(shop, status=status, status_since=ago(5))

    done = shop.process()

    assert done.returncode == 0, done.stderr
    assert shop.marks() == [1, 2]
    rows = shop.query("SELECT status, lease_until FROM queue ORDER BY id")
    assert rows == [("PROCESSED", None), (status, None)]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ('O:8:"stdClass":1:{s:5:"marks";a:0:{}}', "PHP object"),
        ('a:1:{s:5:"marks";a:1:{i:0;O:5:"Image":0:{}}}', "PHP object"),
        ('a:1:{s:5:"marks";a:2:{i:0;s:1:"1";', "no sound PHP"),
        ('a:1:{s:5:"marks";a:1:{i:0;s:3:"one";}}', r"marks.0: Input should be a valid integer"),
        ('a:1:{s:5:"Marks";a:0:{}}', "marks: Field required"),
        ("", "Invalid JSON"),
    ],
)
def test_a_payload_that_cannot_be_read_is_refused_with_the_reason_and_its_neighbours_are_not(
    shop: QueueShop, payload: str, reason: str
) -> None:
    write(shop, payload)
    write(shop)

    done = shop.process()

    assert done.returncode == 4, done.stderr
    assert shop.marks() == [1, 2]
    [(status, why, error)] = shop.query("SELECT status, crash_reason, error FROM queue WHERE id=1")
    assert (status, why) == ("CRASH", "invalid")
    assert reason in error


def test_a_type_that_nobody_took_over_is_refused_by_its_name(shop: QueueShop) -> None:
    write(shop, type_="LabelController::print")

    done = shop.process()

    assert done.returncode == 4, done.stderr
    [(why, error)] = shop.query("SELECT crash_reason, error FROM queue")
    assert why == "invalid"
    assert "LabelController::print" in error


def test_lengths_that_count_the_bytes_of_an_older_charset_are_understood(shop: QueueShop) -> None:
    utf_8 = 'a:2:{s:5:"marks";a:1:{i:0;i:3;}s:4:"note";s:8:"Größen";}'
    latin_1 = 'a:2:{s:5:"marks";a:1:{i:0;i:4;}s:4:"note";s:6:"Größen";}'
    write(shop, utf_8)
    write(shop, latin_1)

    done = shop.process()

    assert done.returncode == 0, done.stderr
    assert shop.marks() == [3, 4]


def test_a_status_word_that_nobody_knows_is_left_alone(shop: QueueShop) -> None:
    write(shop, status="IN PROCESSING", status_since=ago(20))
    write(shop)

    done = shop.process()

    assert done.returncode == 0, done.stderr
    assert shop.query("SELECT status FROM queue ORDER BY id") == [
        ("IN PROCESSING",),
        ("PROCESSED",),
    ]


def test_bytes_that_are_no_text_stop_nobody_on_sqlite(tmp_path: Path) -> None:
    shop = QueueShop(tmp_path / "shop")
    write(shop, type_="probe.batch")
    shop.execute("UPDATE queue SET payload = CAST(X'613AFF' AS TEXT)")
    write(shop)

    done = shop.process()

    assert done.returncode == 4, done.stderr
    assert shop.marks() == [1, 2]
    [(why, error)] = shop.query("SELECT crash_reason, error FROM queue WHERE id = 1")
    assert why == "invalid"
    assert "no sound PHP" in error
