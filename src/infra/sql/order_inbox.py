"""The inbox of orders and the platforms' cursors, with the messages in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from domain.jobs.platform_orders.ports import State, Stored
from domain.operating.ports import ActiveRun
from domain.platforms.message import ProcessOrder, draft_of
from domain.platforms.order import OrderUnreadable
from domain.platforms.ports import Found, Page, ReadOrder
from domain.platforms.setting import LONGEST_PAUSE, LONGEST_REST, PlatformSetting
from infra.sql.connection import Database, Transaction
from infra.sql.database_clock import NOW
from infra.sql.drivers.named import clean
from infra.sql.fence import fenced
from infra.sql.instants import optional_instant, to_text
from infra.sql.platform_calls import SqlCalls, ensure_state
from infra.sql.queue.producer import SqlProducer

NEW, QUARANTINE = "NEW", "QUARANTINE"
LONGEST_ID = 100
LONGEST_RAW = 3_000_000
"""Characters of one order: MEDIUMTEXT and a packet of MariaDB's end at 16 MiB."""


_MICROSECOND = timedelta(microseconds=1)
_ROWS_AT_ONCE, _BYTES_AT_ONCE = 100, 1_000_000
_KEYS_AT_ONCE = 500
_LONGEST_REASON = 1_000

_COLUMNS = (
    *("platform", "external_id", "version_hash", "format", "zone"),
    *("status", "reason", "run_id", "raw"),
)
_STATE = """
    SELECT failures, reason, is_asking,
        rests_until - {now} AS rests, blocked_until - {now} AS blocked
    FROM platform_state WHERE platform = :platform
"""


class SqlOrderBook:
    """The OrderBook port; a dry run opens no transaction that writes."""

    def __init__(self, database: Database, read: ReadOrder) -> None:
        self._database, self._read, self._now = database, read, NOW[database.kind]

    def state(self, platform: str) -> State:
        cursor = self._database.row(
            "SELECT watermark, counter FROM platform_cursor WHERE platform = :platform",
            platform=platform,
        )
        found = self._database.row(_STATE.format(now=self._now), platform=platform)
        return _state(cursor or {"watermark": None, "counter": None}, found)

    def calls(self, platform: str, run: ActiveRun) -> SqlCalls:
        return SqlCalls(self._database, platform, run)

    def store(self, setting: PlatformSetting, page: Page, run: ActiveRun) -> Stored:
        rows = {
            (row["external_id"], row["version_hash"]): row for row in self._rows(setting, page, run)
        }
        if run.dry_run:
            return _stored(rows, self._known(self._database, setting.platform_id, rows))
        with fenced(self._database, run.leases, durable=True) as transaction:
            known = self._known(transaction, setting.platform_id, rows)
            new = [row for key, row in rows.items() if key not in known]
            for some in _portions(new):
                _insert(transaction, some)
            self._queue(transaction, new, run)
            self._noted(transaction, setting.platform_id, page)
            run.checkpoint("written")
        return _stored(rows, known)

    def move(self, platform: str, watermark: datetime, run: ActiveRun) -> None:
        with fenced(self._database, run.leases) as transaction:
            _cursor(transaction, platform, "watermark", to_text(watermark))

    def forget(self, platform: str, run: ActiveRun) -> None:
        with fenced(self._database, run.leases) as transaction:
            transaction.execute(
                "UPDATE platform_cursor SET watermark = NULL WHERE platform = :platform",
                {"platform": platform},
            )

    def went_well(self, platform: str, run: ActiveRun) -> None:
        with fenced(self._database, run.leases) as transaction:
            transaction.execute(
                "UPDATE platform_state SET failures = 0, reason = '', rests_until = NULL,"
                " blocked_until = NULL WHERE platform = :platform",
                {"platform": platform},
            )

    def went_wrong(
        self,
        setting: PlatformSetting,
        why: str,
        blocked_for: timedelta | None,
        run: ActiveRun,
    ) -> State:
        rest = f"CASE WHEN failures >= :most THEN {self._now} + :rest END"
        with fenced(self._database, run.leases) as transaction:
            ensure_state(transaction, setting.platform_id)
            transaction.execute(
                "UPDATE platform_state SET failures = failures + 1, reason = :reason"
                " WHERE platform = :platform",
                {"platform": setting.platform_id, "reason": why[:_LONGEST_REASON]},
            )
            transaction.execute(
                f"UPDATE platform_state SET rests_until = {rest},"  # noqa: S608 - its own words
                f" blocked_until = {self._now} + :blocked WHERE platform = :platform",
                {
                    "platform": setting.platform_id,
                    "most": setting.rest_after,
                    "rest": setting.rest // _MICROSECOND,
                    "blocked": blocked_for // _MICROSECOND if blocked_for else None,
                },
            )
        return self.state(setting.platform_id)

    # --- a page -----------------------------------------------------------------------------------

    def _rows(
        self, setting: PlatformSetting, page: Page, run: ActiveRun
    ) -> Iterator[dict[str, Any]]:
        for found in page.orders:
            # What is cut is in quarantine: a reader never sees half an order.
            why = self._trouble(found, setting.zone)
            row = {
                "platform": setting.platform_id,
                "external_id": found.external_id[:LONGEST_ID],
                "version_hash": found.version,
                "format": found.format,
                "zone": setting.zone,
                "status": QUARANTINE if why else NEW,
                "reason": why[:_LONGEST_REASON],
                "run_id": run.run_id,
                "raw": found.raw[:LONGEST_RAW],
            }
            yield clean(row)

    def _trouble(self, found: Found, zone: str) -> str:
        """Say why the order cannot be worked with; empty where it can."""
        if trouble := found.trouble or _too_long(found):
            return trouble
        try:
            self._read(found.format, found.raw, zone)
        except OrderUnreadable as error:
            return str(error)
        return ""

    @staticmethod
    def _known(
        reader: Database | Transaction, platform: str, rows: Mapping[tuple[str, str], Any]
    ) -> set[tuple[str, str]]:
        """Find which of the versions are there already."""
        ids, known = sorted({key for key, _ in rows}), set()
        for start in range(0, len(ids), _KEYS_AT_ONCE):
            some = {f"id_{n}": one for n, one in enumerate(ids[start : start + _KEYS_AT_ONCE])}
            marks = ", ".join(f":{name}" for name in some)
            question = (
                "SELECT external_id, version_hash FROM platform_order_inbox"  # noqa: S608 - its own words
                f" WHERE platform = :platform AND external_id IN ({marks})"
            )
            for row in _rows_of(reader, question, {"platform": platform, **some}):
                known.add((row["external_id"], row["version_hash"]))
        return known & rows.keys()

    def _queue(
        self, transaction: Transaction, new: Sequence[Mapping[str, Any]], run: ActiveRun
    ) -> None:
        drafts = [
            draft_of(
                ProcessOrder(
                    platform=row["platform"],
                    external_id=row["external_id"],
                    version=row["version_hash"],
                ),
                correlation_id=run.correlation_id,
                created_by=run.actor,
            )
            for row in new
            if row["status"] == NEW
        ]
        if drafts:
            SqlProducer(transaction, self._database.kind).enqueue_all(drafts)

    @staticmethod
    def _noted(transaction: Transaction, platform: str, page: Page) -> None:
        """The answer is here for good: nobody has to ask for it again."""
        if page.counter is not None:
            _cursor(transaction, platform, "counter", page.counter)
        if page.is_last:
            transaction.execute(
                "UPDATE platform_state SET is_asking = :no WHERE platform = :platform",
                {"no": False, "platform": platform},
            )


def _too_long(found: Found) -> str:
    if len(found.raw) > LONGEST_RAW:
        return f"it has {len(found.raw):,} characters; no order has more than {LONGEST_RAW:,}"
    if len(found.external_id) > LONGEST_ID:
        return f"its id has more than {LONGEST_ID} characters: {found.external_id}"
    return ""


def _state(cursor: Mapping[str, Any], found: Mapping[str, Any] | None) -> State:
    watermark = optional_instant(cursor["watermark"])
    if found is None:
        return State(watermark=watermark, counter=cursor["counter"])
    return State(
        watermark=watermark,
        counter=cursor["counter"],
        was_asking=bool(found["is_asking"]),
        failures=found["failures"],
        reason=found["reason"],
        rests_for=_ahead(found["rests"], LONGEST_REST),
        blocked_for=_ahead(found["blocked"], LONGEST_PAUSE),
    )


def _ahead(microseconds: int | None, longest: timedelta) -> timedelta | None:
    """Give the time that is left; more than anybody writes stems from a clock that ran ahead."""
    left = (microseconds or 0) * _MICROSECOND
    return left if timedelta(0) < left <= longest else None


def _stored(rows: Mapping[tuple[str, str], Any], known: set[tuple[str, str]]) -> Stored:
    fresh = [row for key, row in rows.items() if key not in known]
    bad = [(row["external_id"], row["reason"]) for row in fresh if row["status"] == QUARANTINE]
    return Stored(new=len(fresh) - len(bad), known=len(known), quarantined=bad)


def _rows_of(reader: Database | Transaction, question: str, values: Mapping[str, Any]) -> Any:
    if isinstance(reader, Database):
        return reader.rows(question, **values)
    return reader.execute(question, values).fetchall()


def _portions(rows: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Give the rows in portions that one statement can carry; only a huge one goes alone."""
    portion: list[dict[str, Any]] = []
    size = 0
    for row in rows:
        length = len(row["raw"])
        if portion and (len(portion) == _ROWS_AT_ONCE or size + length > _BYTES_AT_ONCE):
            yield portion
            portion, size = [], 0
        portion.append(row)
        size += length
    if portion:
        yield portion


def _insert(transaction: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    marks = ", ".join(
        f"({', '.join(f':{name}_{place}' for name in _COLUMNS)})" for place in range(len(rows))
    )
    values = {f"{name}_{place}": row[name] for place, row in enumerate(rows) for name in _COLUMNS}
    transaction.execute(
        f"INSERT INTO platform_order_inbox ({', '.join(_COLUMNS)}) VALUES {marks}",  # noqa: S608 - our own names
        values,
    )


def _cursor(transaction: Transaction, platform: str, column: str, value: object) -> None:
    values = {"platform": platform, "value": value}
    transaction.insert_new("platform_cursor", {"platform": platform})
    transaction.execute(
        f"UPDATE platform_cursor SET {column} = :value"  # noqa: S608 - one of two names of ours
        f" WHERE platform = :platform AND ({column} IS NULL OR {column} < :value)",
        values,
    )
