"""Rows for reports, and the least that their jobs could do; run as a child, prints seconds.

``licences URL COUNT`` | ``hits URL COUNT`` | ``forget URL`` | ``one-scan URL`` | ``straight URL``
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text

from infra.sql.address import MARIADB
from infra.sql.engine import kind_of, make_engine, writing

_DIGITS = " UNION ALL ".join(f"SELECT {digit} AS n" for digit in range(10))
_NUMBERS = f"""
    WITH d AS ({_DIGITS}), n AS (
        SELECT 1 + f.n + 10 * e.n + 100 * c.n + 1000 * b.n + 10000 * a.n + 100000 * g.n AS i
        FROM d AS g, d AS a, d AS b, d AS c, d AS e, d AS f
    )
"""  # noqa: S608 - our own words
_HITS = f"""
    INSERT INTO pagehit (ts, path, article_id, session, agent, status, inserted_at) {_NUMBERS}
    SELECT :newest - (:count - i) * (86400000000 {{divided}} :count),
        CASE WHEN i % 7 = 0 THEN '/css/' || CAST(i % 50 AS {{cast}}) || '.css'
            ELSE '/reifen/sommer/' || CAST(i * 919 % 5000 AS {{cast}}) || '-r16' END,
        CASE WHEN i % 7 = 0 THEN NULL ELSE i * 919 % 5000 END,
        CAST(i * 37 % 60000 AS {{cast}}) || '-6f1ed002ab5595859014ebf0951522',
        CASE WHEN i % 8 = 0
            THEN 'Mozilla/5.0 (compatible; Googlebot/2.' || CAST(i % 40 AS {{cast}}) || ')'
            ELSE 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)'
            || ' Chrome/' || CAST(i % 400 AS {{cast}}) || '.0.1700.77 Safari/537.36' END,
        CASE WHEN i % 20 = 0 THEN 404 ELSE 200 END, :newest
    FROM n WHERE i <= :count ORDER BY i
"""  # noqa: S608 - our own words

_TABLE = """
    CREATE TEMPORARY TABLE bare (
        bucket BIGINT, kind VARCHAR(12), "key" VARCHAR(500), hits BIGINT, visitors BIGINT
    )
"""
_VIEW = "status IN (200, 206, 304) AND lower(agent) NOT LIKE '%bot%' AND path NOT LIKE '%.css'"
_SCAN = """
    INSERT INTO bare
    SELECT ts {{divided}} {span}, '{kind}', {key}, COUNT(*), COUNT(DISTINCT {visitor})
    FROM pagehit {where} GROUP BY 1, 3
"""
_ONE = _SCAN.format(span=86_400_000_000, kind="path", key="path", visitor="session", where="")
_CLASS = """
    CASE WHEN lower(agent) LIKE '%bot%' THEN 'bot' WHEN path LIKE '%.css' THEN 'static'
        WHEN status IN (200, 206, 304) THEN 'page' ELSE 'error' END
"""
_VIEWER = f"CASE WHEN {_VIEW} THEN session END"
_STRAIGHT = (
    _SCAN.format(span=3_600_000_000, kind="hour", key=_CLASS, visitor=_VIEWER, where=""),
    _SCAN.format(span=86_400_000_000, kind="day", key=_CLASS, visitor=_VIEWER, where=""),
    *(
        _SCAN.format(
            span=86_400_000_000, kind="page", key=key, visitor="session", where=f"WHERE {_VIEW}"
        )
        for key in ("path", "CAST(article_id AS {cast})")
    ),
)


def licences(connection: Connection, count: int) -> None:
    """As many customers, each with a licence that ends in a week."""
    until = str(datetime.now(UTC).date() + timedelta(days=6))
    people = """INSERT INTO customer (customer_id, email, name, language, active) VALUES
        (:n, :email, :name, 'de', :active)"""
    theirs = """INSERT INTO minishop_license (license_id, customer_id, valid_until, status)
        VALUES (:n, :n, :until, 'active')"""
    rows = [
        {"n": n, "email": f"c{n}@shop.example", "name": f"Kundin {n}", "active": True}
        for n in range(1, count + 1)
    ]
    connection.execute(text(people), rows)
    connection.execute(text(theirs), [{"n": row["n"], "until": until} for row in rows])


def hits(connection: Connection, count: int) -> None:
    """A day of hits until an hour ago."""
    newest = int((datetime.now(UTC) - timedelta(hours=1)).timestamp() * 1_000_000)
    connection.execute(text(_sql(connection, _HITS)), {"count": count, "newest": newest})


def forget(connection: Connection) -> None:
    """Count all hits again, send all reminders again."""
    tables = ("counter_hourly", "counter_daily", "dwh_watermark", "license_notification")
    for table in tables:
        connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - as above


def bare(connection: Connection, *scans: str) -> None:
    connection.execute(text(_TABLE))
    for scan in scans:
        connection.execute(text(_sql(connection, scan)))


def _sql(connection: Connection, statement: str) -> str:
    apart = kind_of(connection) == MARIADB
    return statement.format(divided="DIV" if apart else "/", cast="CHAR" if apart else "TEXT")


def main() -> None:
    what, url, *count = sys.argv[1:]
    steps = {"licences": licences, "hits": hits}
    with writing(make_engine(url)) as connection:
        began = time.perf_counter()
        if what in steps:
            steps[what](connection, int(count[0]))
        elif what == "forget":
            forget(connection)
        else:
            bare(connection, *((_ONE,) if what == "one-scan" else _STRAIGHT))
        seconds = time.perf_counter() - began
    sys.stdout.write(f"{seconds}\n")


if __name__ == "__main__":
    main()
