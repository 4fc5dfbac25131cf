"""The update log on the three databases, and its archives on a disk."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from domain.cleaning.allowance import Allowance
from domain.errors import JobError, LockLost
from domain.jobs.log_cleaning.ports import ArchiveFailed
from domain.jobs.log_cleaning.request import LogRequest
from domain.jobs.log_cleaning.service import LogCleaning, LogRetention
from domain.operating.ports import Lease
from domain.operating.run import Outcome, Summary
from fakes.supplier_import import FakeRun
from infra.log_archive import LogArchives
from infra.sql.connection import Database
from infra.sql.engine import make_engine
from infra.sql.update_log import SqlUpdateLog
from log_rows import add_log, archived, log, logged
from queue_rows import DAY
from servers import KINDS
from servers import database as new_database

OLD, FRESH = 91 * DAY, 89 * DAY


class Log:
    """The table of one database, its archives, and the cleaner on them."""

    def __init__(self, url: str, folder: Path) -> None:
        self.database, self.folder = Database(url), folder
        self.engine, self.reader = make_engine(url), make_engine(url, read_only=True)

    def clean(self, run: FakeRun | None = None, *, archive: bool = False) -> Summary:
        table = SqlUpdateLog(self.engine, self.reader)
        archives = LogArchives(self.folder) if archive else None
        cleaning = LogCleaning(table, archives, LogRetention(days=90, allowance=Allowance()))
        return cleaning(LogRequest(force=True, reason="test"), run or FakeRun())

    def close(self) -> None:
        self.database.close()
        self.engine.dispose()
        self.reader.dispose()


@pytest.fixture(params=KINDS)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Log]:
    with new_database(request.param) as url:
        made = Log(url, tmp_path)
        yield made
        made.close()


@pytest.mark.parametrize("archive", [False, True])
def test_only_old_rows_go_wherever_they_stand(shop: Log, archive: bool) -> None:
    for age in (FRESH, OLD, -400 * DAY, OLD, FRESH):
        log(shop.database, 2, age)

    summary = shop.clean(archive=archive)

    assert logged(shop.database) == [1, 2, 5, 6, 9, 10]
    assert archived(shop.folder) == ([3, 4, 7, 8] if archive else [])
    assert summary.items["deleted"] == 4
    assert shop.clean(archive=archive).outcome is Outcome.EMPTY


def test_an_archive_says_what_the_row_said(shop: Log) -> None:
    log(shop.database, 1, OLD, 'é ☃ "quoted" \\ back\nnew line')
    [before] = shop.database.rows("SELECT * FROM log_update")

    shop.clean(archive=True)

    [file] = shop.folder.glob("*/*")
    assert json.loads(gzip.decompress(file.read_bytes())) == dict(before)


def test_an_id_is_never_used_again(shop: Log) -> None:
    log(shop.database, 3, OLD)
    shop.clean()
    log(shop.database, 1, OLD)

    assert logged(shop.database) == [4]


def test_a_dry_run_needs_no_right_to_write(shop: Log) -> None:
    log(shop.database, 3, OLD)
    shop.engine = shop.reader

    assert shop.clean(FakeRun(dry_run=True), archive=True).items == {"deleted": 3}
    assert not list(shop.folder.iterdir())


@pytest.mark.parametrize("archive", [False, True])
def test_a_run_that_lost_its_lock_deletes_nothing(shop: Log, archive: bool) -> None:
    log(shop.database, 3, OLD)
    gone = Lease(key="cron.logs.clean", fence=7, run_id="run-7")

    with pytest.raises(LockLost):
        shop.clean(FakeRun(leases=[gone]), archive=archive)

    assert logged(shop.database) == [1, 2, 3]
    assert archived(shop.folder) == []


def test_a_row_that_comes_in_after_the_archive_is_not_deleted_with_it(shop: Log) -> None:
    log(shop.database, 3, OLD)
    shop.database.execute("DELETE FROM log_update WHERE id = 2")

    def late(name: str) -> None:
        if name == "archived":
            late_row = "INSERT INTO log_update SELECT 2, l.at, l.actor, l.table_name, l.row_id,"
            shop.database.execute(f"{late_row} l.change FROM log_update l WHERE l.id = 1")

    assert shop.clean(FakeRun(at_checkpoint=late), archive=True).items["deleted"] == 0
    assert logged(shop.database) == [1, 2, 3]
    assert not list(shop.folder.glob("*/*"))

    shop.clean(archive=True)
    assert archived(shop.folder) == [1, 2, 3]


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_an_open_transaction_that_logs_is_not_waited_for(kind: str, tmp_path: Path) -> None:
    with new_database(kind) as url:
        shop = Log(url, tmp_path)
        log(shop.database, 5, OLD)
        log(shop.database, 1, FRESH)

        with shop.database.transaction() as transaction:
            add_log(kind, transaction, 1, FRESH)
            with ThreadPoolExecutor(1) as pool:
                summary = pool.submit(shop.clean).result(timeout=20)

        assert summary.items["deleted"] == 5
        shop.close()


# --- archives on the disk ------------------------------------------------------------------------

ROWS = [{"id": number, "at": 1_700_000_000_000_000, "change": "x"} for number in (7, 9)]


def test_what_was_being_written_is_thrown_away_and_what_was_sealed_is_told(tmp_path: Path) -> None:
    archives = LogArchives(tmp_path)
    archives.seal(ROWS)
    (tmp_path / "2023-11-14" / "log_update_1-2.jsonl.gz.part").write_bytes(b"half a fi")

    [sealed] = archives.unsettled()

    assert sealed.entries() == ROWS
    assert [path.name for path in tmp_path.glob("*/*")] == ["log_update_7-9.jsonl.gz.sealed"]
    sealed.discard()
    assert not list(tmp_path.glob("*/*"))


def test_an_archive_never_takes_the_place_of_another(tmp_path: Path) -> None:
    archives = LogArchives(tmp_path)
    for _ in range(3):
        archives.seal(ROWS).keep()

    assert sorted(path.name for path in tmp_path.glob("*/*")) == [
        "log_update_7-9.jsonl.gz",
        "log_update_7-9_2.jsonl.gz",
        "log_update_7-9_3.jsonl.gz",
    ]


CUT = gzip.compress(b"{}" * 99, mtime=0)[:-9]
FOREIGN = [gzip.compress(it, mtime=0) for it in (b"", b"\xff\n", b"[]\n", b'{"id": 7}\n')]


@pytest.mark.parametrize("damage", [b"", b"no gzip", CUT, *FOREIGN])
def test_a_sealed_archive_that_was_damaged_since_is_said_and_left(
    tmp_path: Path, damage: bytes
) -> None:
    archives = LogArchives(tmp_path)
    archives.seal(ROWS)
    [file] = tmp_path.glob("*/*")
    file.write_bytes(damage)

    [sealed] = archives.unsettled()
    with pytest.raises(ArchiveFailed, match=r"is damaged .* look at the backup"):
        sealed.entries()
    assert file.exists()


@pytest.mark.parametrize("ending", [".part", ".sealed"])
def test_what_cannot_be_settled_is_said_as_a_fault_of_the_disk(tmp_path: Path, ending: str) -> None:
    (tmp_path / "2023-11-14" / f"log_update_1-2.jsonl.gz{ending}").mkdir(parents=True)

    with pytest.raises(JobError, match="Is a directory"):
        [it.entries() for it in LogArchives(tmp_path).unsettled()]


def test_where_no_archive_can_be_written_nothing_is_deleted(shop: Log) -> None:
    log(shop.database, 3, OLD)
    shop.folder /= "file"
    shop.folder.write_text("in the folder's place", "utf-8")

    with pytest.raises(JobError, match="Not a directory; give this user access"):
        shop.clean(archive=True)
    assert logged(shop.database) == [1, 2, 3]
