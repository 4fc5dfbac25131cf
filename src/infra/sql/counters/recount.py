"""Days counted anew: all that is slow happens beside the counters, in temporary tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from domain.jobs.page_counters.ports import Tally
from domain.jobs.page_counters.rules import Day, Rules
from domain.operating.ports import ActiveRun
from infra.sql.counters import statements
from infra.sql.counters.words import WORDS
from infra.sql.engine import fenced, kind_of
from infra.sql.queue.messages import microseconds_of

_VIEWS = "page"


class SqlRecount:
    """The Recount port; the counters are locked only while what is ready is put in place."""

    def __init__(self, connection: Connection, rules: Rules, upto: int) -> None:
        self._connection, self._rules, self._upto = connection, rules, upto
        self._words = WORDS[kind_of(connection)]
        self._days: list[dict[str, Any]] = []
        bots = {f"bot_{n}": f"%{_literal(word)}%" for n, word in enumerate(rules.bots)}
        static = {f"static_{n}": f"%{_literal(end)}" for n, end in enumerate(rules.static)}
        self._patterns = {**bots, **static}
        self._pieces = {
            "divided": self._words.divided,
            "hour": self._words.hour,
            "cast": self._words.cast,
            "statuses": ", ".join(map(str, rules.statuses)),
            "bots": _any_of("agent", bots),
            "static": _any_of("path", static),
        }
        # SQLite takes no PRAGMA of temporary files within a transaction.
        for statement in self._words.prepare:
            connection.connection.cursor().execute(statement)
        texts = {f"text_{n}": self._words.text.format(n) for n in statements.LENGTHS}
        with connection.begin():
            for statement in statements.TABLES:
                connection.exec_driver_sql(statement.format(serial=self._words.serial, **texts))

    def add(self, day: Day) -> Tally:
        values = self._values(day)
        with self._connection.begin():
            for table in statements.EMPTIED:
                self._do(f"DELETE FROM {table}", {})  # noqa: S608 - our own words
            for table, statement in statements.CLASSES.items():
                self._do(statement, values)
                self._know(table)
            self._do(statements.COUNTED, values)
            self._know("counted")
            self._do(statements.FORGET_HOURS, values)
            for statement in statements.SUMS:
                self._do(statement, values)
            self._days.append(values)
            return self._tally(values)

    def forget(self) -> None:
        self._days.clear()
        with self._connection.begin():
            for table in ("new_hourly", "new_daily"):
                self._do(f"DELETE FROM {table}", {})  # noqa: S608 - our own words

    def show(
        self, run: ActiveRun, *, late: Mapping[date, int] | None = None, last_id: int | None = None
    ) -> None:
        with fenced(self._connection, run.leases):
            for values in self._days:
                for statement in statements.REPLACED:
                    self._do(statement, values | {"complete": int(late is None)})
            for statement in statements.SHOWN:
                self._do(statement, {})
            for day, hits in (late or {}).items():
                self._put(statements.LATE, {"day": str(day), "hits": hits})
            if last_id is not None:
                self._put(statements.WATERMARK, {"last_id": last_id, "run_id": run.run_id})
            run.checkpoint("written")
        self.forget()

    def _put(self, either: tuple[str, str], values: Mapping[str, Any]) -> None:
        """Update the row, or insert it: the run's lock keeps everybody else away."""
        update, insert = either
        if not self._do(update, values).rowcount:
            self._do(insert, values)

    def _tally(self, values: Mapping[str, Any]) -> Tally:
        found = self._do(statements.TALLY, values).mappings().all()
        page = next((row for row in found if row["kind"] == _VIEWS), None)
        return Tally(
            views=page["hits"] if page else 0,
            visitors=page["visitors"] if page else 0,
            others={row["kind"]: row["hits"] for row in found if row["kind"] != _VIEWS},
            before=int(self._do(statements.BEFORE, values).scalar_one()),
            is_changed=bool(self._do(statements.CHANGED, values).scalar_one()),
        )

    def _do(self, statement: str, values: Mapping[str, Any]) -> Any:
        made = text(statement.format(**self._pieces))
        return self._connection.execute(made, {**self._patterns, **values})

    def _know(self, table: str) -> None:
        """Let the planner of queries look at a table that was just filled."""
        if self._words.know:
            self._connection.exec_driver_sql(self._words.know.format(table=table))

    def _values(self, day: Day) -> dict[str, Any]:
        return {
            "day": str(day.day),
            "begins": microseconds_of(day.begins),
            "ends": microseconds_of(day.ends),
            "first": microseconds_of(day.first_hour),
            "behind": microseconds_of(day.behind_last_hour),
            "first_hour": _hour(day.first_hour),
            "behind_hour": _hour(day.behind_last_hour),
            "upto": self._upto,
            "ahead": self._rules.ahead // timedelta(microseconds=1),
        }


def _hour(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:00Z}"


def _any_of(column: str, names: Iterable[str]) -> str:
    said = " OR ".join(f"lower({column}) LIKE :{name} ESCAPE '!'" for name in names)
    return said or "1 = 0"


def _literal(word: str) -> str:
    """Take a word of the settings as it is written, where LIKE has signs of its own."""
    for sign in "!%_":
        word = word.replace(sign, f"!{sign}")
    return word
