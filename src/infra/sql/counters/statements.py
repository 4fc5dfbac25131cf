"""The statements of a recount: hits into a temporary table of numbers, counted from there.

Agents, paths and visitors are numbered first: each is judged once, not with every hit, and
numbers are grouped several times as fast as texts.
"""

from __future__ import annotations

POSITION = """
    SELECT (SELECT last_id FROM dwh_watermark WHERE name = 'pagehit') AS last_id,
        (SELECT MAX(id) FROM pagehit) AS newest_id, {now} AS now
"""
# From the newest hit downwards: no more rows are looked at than came within the lag.
READY = """
    SELECT id FROM pagehit WHERE id > :after AND inserted_at <= :now - :lag
    ORDER BY id DESC LIMIT 1
"""

_SOUND = "path <> '' AND ts >= 0 AND ts <= inserted_at + :ahead"
QUARTERS = f"""
    SELECT ts {{divided}} 900000000 AS quarter, COUNT(*) AS hits,
        SUM(CASE WHEN {_SOUND} THEN 0 ELSE 1 END) AS rejected
    FROM pagehit WHERE id > :after AND id <= :upto GROUP BY ts {{divided}} 900000000
"""  # noqa: S608 - our own words

LENGTHS = (12, 17, 64, 255, 500)
"""Of texts in temporary tables: those of the tables that they are compared with."""

TABLES = (
    "CREATE TEMPORARY TABLE agent_class (agent {text_255} NOT NULL PRIMARY KEY, bot INTEGER)",
    "CREATE TEMPORARY TABLE path_class (no {serial}, path {text_500} NOT NULL UNIQUE, static INT)",
    "CREATE TEMPORARY TABLE visitor (no {serial}, session {text_64} NOT NULL UNIQUE)",
    """
    CREATE TEMPORARY TABLE counted (
        hour BIGINT NOT NULL, of_day INTEGER NOT NULL, kind VARCHAR(12) NOT NULL,
        path INTEGER NOT NULL, article BIGINT, visitor INTEGER
    )
    """,
    *(
        f"""
        CREATE TEMPORARY TABLE {table} (
            bucket {{text_17}} NOT NULL, kind {{text_12}} NOT NULL, "key" {{text_500}} NOT NULL,
            hits BIGINT NOT NULL, visitors BIGINT NOT NULL, PRIMARY KEY (bucket, kind, "key")
        )
        """
        for table in ("new_hourly", "new_daily")
    ),
)
EMPTIED = ("counted", "visitor", "path_class", "agent_class")

_RANGE = f"ts >= :first AND ts < :behind AND id <= :upto AND {_SOUND}"

CLASSES = {
    "agent_class": f"""
        INSERT INTO agent_class (agent, bot)
        SELECT agent, CASE WHEN {{bots}} THEN 1 ELSE 0 END
        FROM (SELECT DISTINCT agent FROM pagehit WHERE {_RANGE}) AS known
    """,  # noqa: S608 - our own words
    "path_class": f"""
        INSERT INTO path_class (path, static)
        SELECT path, CASE WHEN {{static}} THEN 1 ELSE 0 END
        FROM (SELECT DISTINCT path FROM pagehit WHERE {_RANGE}) AS known
    """,  # noqa: S608 - our own words
    "visitor": f"""
        INSERT INTO visitor (session)
        SELECT DISTINCT session FROM pagehit WHERE {_RANGE} AND session <> ''
    """,  # noqa: S608 - our own words
}

COUNTED = f"""
    INSERT INTO counted (hour, of_day, kind, path, article, visitor)
    SELECT h.ts {{divided}} 3600000000,
        CASE WHEN h.ts >= :begins AND h.ts < :ends THEN 1 ELSE 0 END,
        CASE WHEN a.bot = 1 THEN 'bot' WHEN p.static = 1 THEN 'static'
            WHEN h.status IN ({{statuses}}) THEN 'page' ELSE 'error' END,
        p.no, h.article_id,
        CASE WHEN a.bot = 0 AND p.static = 0 AND h.status IN ({{statuses}}) THEN v.no END
    FROM (
        SELECT ts, status, article_id, agent, path, session FROM pagehit WHERE {_RANGE}
    ) AS h
    JOIN agent_class AS a ON a.agent = h.agent
    JOIN path_class AS p ON p.path = h.path
    LEFT JOIN visitor AS v ON v.session = h.session
"""  # noqa: S608 - our own words

SUMS = (
    """
    INSERT INTO new_hourly (bucket, kind, "key", hits, visitors)
    SELECT {hour}, kind, '', hits, visitors FROM (
        SELECT hour, kind, COUNT(*) AS hits, COUNT(DISTINCT visitor) AS visitors
        FROM counted GROUP BY hour, kind
    ) AS sums
    """,
    """
    INSERT INTO new_daily (bucket, kind, "key", hits, visitors)
    SELECT :day, kind, '', COUNT(*), COUNT(DISTINCT visitor)
    FROM counted WHERE of_day = 1 GROUP BY kind
    """,
    """
    INSERT INTO new_daily (bucket, kind, "key", hits, visitors)
    SELECT :day, 'path', p.path, sums.hits, sums.visitors FROM (
        SELECT path, COUNT(*) AS hits, COUNT(DISTINCT visitor) AS visitors
        FROM counted WHERE of_day = 1 AND kind = 'page' GROUP BY path
    ) AS sums JOIN path_class AS p ON p.no = sums.path
    """,
    """
    INSERT INTO new_daily (bucket, kind, "key", hits, visitors)
    SELECT :day, 'article', CAST(article AS {cast}), COUNT(*), COUNT(DISTINCT visitor)
    FROM counted WHERE of_day = 1 AND kind = 'page' AND article IS NOT NULL GROUP BY article
    """,
)

FORGET_HOURS = "DELETE FROM new_hourly WHERE bucket >= :first_hour AND bucket < :behind_hour"

TALLY = """
    SELECT kind, hits, visitors FROM new_daily
    WHERE bucket = :day AND "key" = '' ORDER BY kind
"""
BEFORE = """
    SELECT COALESCE(SUM(hits), 0) FROM counter_daily
    WHERE bucket = :day AND "key" = '' AND kind <> 'late'
"""
CHANGED = """
    SELECT (SELECT COUNT(*) FROM counter_daily WHERE bucket = :day)
        <> (SELECT COUNT(*) FROM new_daily WHERE bucket = :day)
    OR EXISTS (
        SELECT 1 FROM counter_daily AS o
        LEFT JOIN new_daily AS n ON n.bucket = o.bucket AND n.kind = o.kind AND n."key" = o."key"
            AND n.hits = o.hits AND n.visitors = o.visitors
        WHERE o.bucket = :day AND n.bucket IS NULL
    )
"""

REPLACED = (
    "DELETE FROM counter_hourly WHERE bucket >= :first_hour AND bucket < :behind_hour",
    "DELETE FROM counter_daily WHERE bucket = :day AND (kind <> 'late' OR :complete = 1)",
)
SHOWN = (
    "INSERT INTO counter_hourly SELECT * FROM new_hourly",
    "INSERT INTO counter_daily SELECT * FROM new_daily",
)
LATE = (
    """
    UPDATE counter_daily SET hits = hits + :hits
    WHERE bucket = :day AND kind = 'late' AND "key" = ''
    """,
    "INSERT INTO counter_daily VALUES (:day, 'late', '', :hits, 0)",
)
WATERMARK = (
    """
    UPDATE dwh_watermark SET last_id = :last_id, run_id = :run_id,
        last_ts = COALESCE((SELECT MAX(ts) FROM pagehit WHERE id = :last_id), last_ts)
    WHERE name = 'pagehit'
    """,
    """
    INSERT INTO dwh_watermark (name, last_id, last_ts, run_id) VALUES ('pagehit', :last_id,
        COALESCE((SELECT MAX(ts) FROM pagehit WHERE id = :last_id), 0), :run_id)
    """,
)
