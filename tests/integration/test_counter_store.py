"""Counters on each real database, beside the same count in plain Python."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.errors import Refused
from domain.jobs.page_counters.request import CountRequest
from domain.jobs.page_counters.rules import Rules
from domain.jobs.page_counters.service import PageCounters
from domain.operating.run import Summary
from domain.page_hits.combined import PageHit
from fakes.supplier_import import FakeRun
from infra.sql.counters.intake import SqlHitIntake
from infra.sql.counters.store import SqlCounterStore
from infra.sql.engine import make_engine
from servers import KINDS, database
from servers.access import Access

HOUR, DAY = 3_600_000_000, 86_400_000_000
END_OF_TIME = 253_402_300_799_999_999
"""The last instant of the year 9999 in UTC: in the shop's zone it is none any more."""
RULES = Rules(
    lag=timedelta(minutes=2),
    ahead=timedelta(minutes=5),
    closed_after=timedelta(days=31),
    statuses=(200, 304),
    bots=("bot", "100%_!"),
    static=(".css", "_logo.png"),
)
PATHS = ("/", "/reifen/1", "/a.CSS", "/x_logo.png", "/xxlogo.png", "/größe", "/Reifen/1", "/q'q")
AGENTS = ("Mozilla", "GoogleBot/2", "100%_! sure", "100 percent", "mozilla")


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A row of pagehit, less its id."""

    ts: int
    path: str = "/"
    article_id: int | None = None
    session: str = "s"
    agent: str = "Mozilla"
    status: int = 200
    age: int = HOUR

    @property
    def kind(self) -> str:
        if self.agent in {"GoogleBot/2", "100%_! sure"}:
            return "bot"
        if self.path in {"/a.CSS", "/x_logo.png"}:
            return "static"
        return "page" if self.status in RULES.statuses else "error"


@dataclass
class Hits:
    """The table of hits, and the job on it."""

    url: str
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Berlin"))
    rules: Rules = RULES

    def __post_init__(self) -> None:
        self.now = int(datetime.now(UTC).timestamp() * 1_000_000) - HOUR

    def come(self, *hits: Hit, first_id: int | None = None) -> None:
        """Insert them, written so long ago as their age says; ``now`` is an hour ago."""
        names = "ts, path, article_id, session, agent, status, inserted_at"
        rows = [
            (h.ts, h.path, h.article_id, h.session, h.agent, h.status, self.now + HOUR - h.age)
            for h in hits
        ]
        with Access(self.url) as access:
            if first_id is None:
                access.many(f"INSERT INTO pagehit ({names}) VALUES (?, ?, ?, ?, ?, ?, ?)", rows)  # noqa: S608 - our own words
                return
            numbered = [(first_id + n, *row) for n, row in enumerate(rows)]
            access.many(
                f"INSERT INTO pagehit (id, {names}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - our own words
                numbered,
            )

    def count(self, **asked: Any) -> Summary:
        engine = make_engine(self.url)
        try:
            store = SqlCounterStore(engine, engine, self.rules)
            counters = PageCounters(store, self.rules, self.zone)
            return counters(CountRequest(**asked), FakeRun())
        finally:
            engine.dispose()

    def shown(self, table: str) -> dict[tuple[str, str, str], tuple[int, int]]:
        with Access(self.url) as access:
            rows = access.rows(f'SELECT bucket, kind, "key", hits, visitors FROM {table}')  # noqa: S608 - our own words
        return {(bucket, kind, key): (hits, seen) for bucket, kind, key, hits, seen in rows}

    def expected(self, hits: Sequence[Hit]) -> dict[str, dict[tuple[str, str, str], Any]]:
        """The same by a loop over all hits."""
        counts: dict[str, Counter[tuple[str, str, str]]] = defaultdict(Counter)
        seen: dict[tuple[str, ...], set[str]] = defaultdict(set)
        for hit in hits:
            when = datetime.fromtimestamp(hit.ts / 1_000_000, UTC)
            day = str(when.astimezone(self.zone).date())
            keys = [("counter_hourly", f"{when:%Y-%m-%dT%H:00Z}", hit.kind, "")]
            keys.append(("counter_daily", day, hit.kind, ""))
            if hit.kind == "page":
                keys.append(("counter_daily", day, "path", hit.path))
                if hit.article_id is not None:
                    keys.append(("counter_daily", day, "article", str(hit.article_id)))
            for table, *key in keys:
                counts[table][(key[0], key[1], key[2])] += 1
                if hit.kind == "page" and hit.session:
                    seen[(table, *key)].add(hit.session)
        return {
            table: {key: (n, len(seen[(table, *key)])) for key, n in found.items()}
            for table, found in counts.items()
        }


@pytest.fixture(params=KINDS)
def hits(request: pytest.FixtureRequest) -> Iterator[Hits]:
    with database(request.param) as url:
        yield Hits(url)


def some(randomly: random.Random, count: int, *, around: int, over: int) -> list[Hit]:
    return [
        Hit(
            ts=around - randomly.randrange(over),
            path=randomly.choice(PATHS),
            article_id=randomly.choice((None, 1, 2)),
            session=randomly.choice(("", "a", "b", "c", "ß")),
            agent=randomly.choice(AGENTS),
            status=randomly.choice((200, 200, 304, 404)),
        )
        for _ in range(count)
    ]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kolkata"])
def test_counts_are_those_of_a_loop_over_all_hits_however_late_they_come(
    hits: Hits, zone: str
) -> None:
    randomly, hits.zone = random.Random(zone), ZoneInfo(zone)  # noqa: S311 - the same each time
    come: list[Hit] = []
    for _ in range(3):  # each time some are of days that were counted before
        new = some(randomly, 150, around=hits.now, over=3 * DAY)
        hits.come(*new)
        come += new
        hits.count()

    expected = hits.expected(come)
    assert hits.shown("counter_daily") == expected["counter_daily"]
    assert hits.shown("counter_hourly") == expected["counter_hourly"]
    assert hits.count().units == ()


@pytest.mark.parametrize("day", [date(2024, 3, 31), date(2024, 10, 27)])
def test_a_day_of_another_length_holds_just_its_own_hours(hits: Hits, day: date) -> None:
    noon = int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()) * 1_000_000
    come = [Hit(ts=noon + hour * HOUR, session=f"{hour}") for hour in range(-40, 40)]
    hits.come(*come)

    hits.count()

    assert hits.shown("counter_daily") == hits.expected(come)["counter_daily"]
    hours = {date(2024, 3, 31): 23, date(2024, 10, 27): 25}
    assert hits.shown("counter_daily")[str(day), "page", ""] == (hours[day],) * 2


def test_a_hit_that_is_still_fresh_waits_and_keeps_nothing_before_it_waiting(hits: Hits) -> None:
    hits.come(Hit(ts=hits.now), Hit(ts=hits.now), Hit(ts=hits.now, age=0))

    first = hits.count()
    again = hits.count()
    with Access(hits.url) as access:
        access.execute("UPDATE pagehit SET inserted_at = inserted_at - ?", HOUR)
    later = hits.count()

    assert [told.items["counted"] for told in (first, again, later)] == [2, 0, 1]


def test_an_id_that_becomes_visible_late_is_still_counted(hits: Hits) -> None:
    hits.come(Hit(ts=hits.now - HOUR, age=0), first_id=11)  # 10 is not committed yet
    assert hits.count().items["counted"] == 0
    hits.come(Hit(ts=hits.now - HOUR), first_id=10)
    with Access(hits.url) as access:
        access.execute("UPDATE pagehit SET inserted_at = inserted_at - ?", HOUR)

    assert hits.count().items["counted"] == 2


@pytest.mark.parametrize("before", [0, 90])
def test_a_log_that_is_loaded_twice_at_once_goes_in_once(hits: Hits, before: int) -> None:
    engine = make_engine(hits.url)
    intake = SqlHitIntake(engine)
    hit = PageHit(ts=hits.now, path="/", session="s", agent="", status=200)
    if before:
        intake.store("log:1", [hit], 0, before)
    intake.store("log:1", [hit], before, 100)

    with pytest.raises(Refused, match="being loaded by another"):
        intake.store("log:1", [hit], before, 100)

    with Access(hits.url) as access:
        assert access.rows("SELECT COUNT(*) FROM pagehit") == [(1 + bool(before),)]
    assert intake.offset("log:1") == 100
    engine.dispose()


def test_gaps_in_ids_broken_hits_and_late_ones_are_each_told(hits: Hits) -> None:
    hits.come(Hit(ts=hits.now), first_id=5)
    hits.count()
    ahead, old = hits.now + DAY, hits.now - 40 * DAY
    hits.come(Hit(ts=hits.now), first_id=1_000)
    hits.come(
        Hit(ts=ahead),
        Hit(ts=hits.now, path=""),
        Hit(ts=-5),
        Hit(ts=2**62),
        Hit(ts=END_OF_TIME),
        first_id=2_000_000,
    )
    hits.come(Hit(ts=old), Hit(ts=old), first_id=3_000_000)

    told = hits.count()

    assert told.items == {"counted": 1, "late": 2, "rejected": 5}
    day = str(datetime.fromtimestamp(old / 1e6, hits.zone).date())
    late = {key: n for key, n in hits.shown("counter_daily").items() if key[1] == "late"}
    assert late == {(day, "late", ""): (2, 0)}
    assert sum(n for (_, kind, _), (n, _) in hits.shown("counter_hourly").items() if kind) == 2


def test_a_closed_day_takes_its_late_hits_in_when_it_is_rebuilt(hits: Hits) -> None:
    old = hits.now - 40 * DAY
    come = [Hit(ts=old, session="a"), Hit(ts=old, session="b"), Hit(ts=hits.now)]
    hits.come(come[0])
    hits.count()
    hits.come(*come[1:])
    hits.count()
    day = datetime.fromtimestamp(old / 1e6, hits.zone).date()

    rebuilt, again = hits.count(rebuild_from=day), hits.count(rebuild_from=day)

    assert [unit.name for unit in rebuilt.units] == [str(day)]
    assert again.units == ()
    assert hits.shown("counter_daily") == hits.expected(come)["counter_daily"]


def test_after_a_change_of_the_rules_a_rebuilt_day_follows_them(hits: Hits) -> None:
    hits.come(Hit(ts=hits.now), Hit(ts=hits.now, path="/reifen/1"))
    hits.count()
    hits.rules = Rules(
        **{**vars(RULES), "static": ("/1",)}  # a path's end
    )
    today = datetime.fromtimestamp(hits.now / 1e6, hits.zone).date()

    hits.count(rebuild_from=today)

    assert hits.shown("counter_daily") == {
        (str(today), "page", ""): (1, 1),
        (str(today), "path", "/"): (1, 1),
        (str(today), "static", ""): (1, 0),
    }
