"""What a platform allows, shared by all runs on all hosts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from domain.operating.ports import ActiveRun
from domain.platforms.ports import LimitReached
from infra.sql.connection import Database, Transaction
from infra.sql.database_clock import NOW
from infra.sql.fence import fenced

_MICROSECOND = timedelta(microseconds=1)
_FRESH_STATE = {"failures": 0, "reason": "", "is_asking": False}


def ensure_state(transaction: Transaction, platform: str) -> None:
    """Let the platform have a row to be changed."""
    transaction.insert_new("platform_state", {"platform": platform, **_FRESH_STATE})


class SqlCalls:
    """The Calls port: a call is booked before it is made, so that one that dies counts too."""

    def __init__(self, database: Database, platform: str, run: ActiveRun) -> None:
        self._database, self._platform, self._run = database, platform, run

    def take(self, calls: int, most: int, within: timedelta) -> None:
        now, span = NOW[self._database.kind], within // _MICROSECOND
        question = (
            f"SELECT COUNT(*) AS made, MAX(at) + :span - {now} AS wait FROM platform_call"  # noqa: S608 - its own words
            f" WHERE platform = :platform AND at > {now} - :span AND at <= {now} + :span"
        )
        values = {"platform": self._platform, "span": span}
        if self._run.dry_run:
            _judge(self._database.row(question, **values), calls, most)
            return
        with fenced(self._database, self._run.leases) as transaction:
            transaction.execute(
                "DELETE FROM platform_call WHERE platform = :platform"  # noqa: S608 - its own words
                f" AND (at <= {now} - :span OR at > {now} + :span)",  # or by a clock that ran ahead
                values,
            )
            _judge(transaction.row(question, **values), calls, most)
            for _ in range(calls):
                transaction.insert("platform_call", {"platform": self._platform})

    def asking(self) -> None:
        if self._run.dry_run:
            return
        with fenced(self._database, self._run.leases, durable=True) as transaction:
            ensure_state(transaction, self._platform)
            transaction.execute(
                "UPDATE platform_state SET is_asking = :yes WHERE platform = :platform",
                {"yes": True, "platform": self._platform},
            )


def _judge(found: Mapping[str, Any] | None, calls: int, most: int) -> None:
    if found and found["made"] + calls > most:
        wait = max(int(found["wait"]), 1) * _MICROSECOND
        seconds = -(-wait // timedelta(seconds=1))
        raise LimitReached(
            f"its limit of {most} calls is used up; ask again in {seconds} s", retry_after=wait
        )
