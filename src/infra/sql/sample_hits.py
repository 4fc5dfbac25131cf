"""The sample shop's page hits: two days until an hour ago, by a few visitors and a bot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, insert, select

from infra.sql.counter_tables import PAGEHIT
from infra.sql.queue.messages import microseconds_of

_HITS, _MINUTES_APART = 500, 6
_PAGES = (
    ("/", None),
    ("/reifen/1", 1),
    ("/reifen/2", 2),
    ("/suche", None),
    ("/css/shop.css", None),
)
_AGENTS = ("Mozilla/5.0 (X11; Linux)", "Mozilla/5.0 (iPhone)", "Googlebot/2.1")
_VISITORS = 37


def add_hits(connection: Connection) -> int:
    """Add them where there are none; gives how many the sample has."""
    if connection.execute(select(PAGEHIT.c.id).limit(1)).first() is None:
        landed = microseconds_of(datetime.now(UTC) - timedelta(hours=1))
        apart = timedelta(minutes=_MINUTES_APART) // timedelta(microseconds=1)
        rows = [_hit(n, landed - (_HITS - n) * apart, landed) for n in range(_HITS)]
        connection.execute(insert(PAGEHIT), rows)
    return _HITS


def _hit(number: int, ts: int, landed: int) -> dict[str, object]:
    path, article = _PAGES[number % 7 % len(_PAGES)]
    return {
        "ts": ts,
        "path": path,
        "article_id": article,
        "session": f"sample-{number * number % _VISITORS}",
        "agent": _AGENTS[number % 11 % len(_AGENTS)],
        "status": 404 if number % 50 == 0 else 200,
        "inserted_at": landed,
    }
