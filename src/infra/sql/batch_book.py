"""Lists of images that were queued, with their messages in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from domain.jobs.image_batches.ports import Entry
from domain.operating.ports import ActiveRun
from domain.queue.work import Draft
from infra.sql.connection import Database, Transaction
from infra.sql.fence import fenced
from infra.sql.queue.producer import SqlProducer

_AT_ONCE = 5
"""Messages in one statement: a thousand long addresses in each, and MariaDB takes 16 MB."""

_LONGEST_NAME = 255

_FORGET_FAILURE = "DELETE FROM image_batch_file WHERE sha256 = :sha256 AND status = 'failed'"


class SqlBatchBook:
    """The BatchBook port; a dry run opens no transaction that writes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def queued(self, digest: str) -> str | None:
        found = self._database.row(
            "SELECT name FROM image_batch_file WHERE sha256 = :digest AND status = 'queued'",
            digest=digest,
        )
        return str(found["name"]) if found else None

    def enter(self, entry: Entry, drafts: Iterable[Draft], run: ActiveRun) -> bool:
        with fenced(self._database, run.leases, durable=True) as transaction:
            row = {"images": entry.images, "rejected": entry.rejected, "batches": entry.batches}
            if not _noted(transaction, entry.digest, entry.name, run, status="queued", **row):
                return False
            producer = SqlProducer(transaction, self._database.kind)
            for some in _chunks(drafts):
                producer.enqueue_all(some)
            run.checkpoint("entered")
        return True

    def note_failed(self, digest: str, name: str, why: str, run: ActiveRun) -> None:
        with fenced(self._database, run.leases) as transaction:
            nothing = {"images": 0, "rejected": 0, "batches": 0}
            _noted(transaction, digest, name, run, status="failed", message=why, **nothing)


def _noted(
    transaction: Transaction, digest: str, name: str, run: ActiveRun, **more: object
) -> bool:
    """Write the list's row; False where the content is queued already."""
    transaction.execute(_FORGET_FAILURE, {"sha256": digest})
    row = {"sha256": digest, "name": name[-_LONGEST_NAME:], "run_id": run.run_id, **more}
    return transaction.insert_new("image_batch_file", row)


def _chunks(drafts: Iterable[Draft]) -> Iterator[list[Draft]]:
    left = iter(drafts)
    while some := list(islice(left, _AT_ONCE)):
        yield some
