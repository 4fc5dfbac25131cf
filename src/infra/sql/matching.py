"""Which article of the shop a supplier's article is: by EAN, else by maker and its number.

One that fits several, or none, waits for a person in ``match_review``; names and sizes decide
nothing. A link that stands in ``supplier_article`` is never questioned.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from infra.sql.staging import Staging

# What is known goes before the lines are looked up: most of a change is known. Reviews come back
# by themselves once the shop has an article that may fit.
_CANDIDATE = text(
    """
    INSERT INTO candidate
    SELECT article_no, max(ean) AS ean, max(maker) AS maker, max(maker_no) AS maker_no
    FROM (
        SELECT d.article_no, d.ean, s.maker, s.maker_no
        FROM delta AS d JOIN staged_line AS s
            ON s.place = d.place AND s.article_no = d.article_no AND s.dot = d.dot
        WHERE NOT EXISTS (
            SELECT 1 FROM supplier_article AS known
            WHERE known.supplier_id = :supplier_id AND known.supplier_article_no = d.article_no
        )
        UNION ALL
        SELECT r.supplier_article_no, r.ean, r.maker, r.maker_no
        FROM match_review AS r
        WHERE r.supplier_id = :supplier_id AND (
            EXISTS (SELECT 1 FROM article AS a WHERE a.ean = r.ean)
            OR EXISTS (SELECT 1 FROM article AS a WHERE a.maker_no = r.maker_no)
        ) AND NOT EXISTS (
            SELECT 1 FROM supplier_article AS known
            WHERE known.supplier_id = :supplier_id
            AND known.supplier_article_no = r.supplier_article_no
        )
    ) AS c
    GROUP BY article_no
    """
)

_BY_EAN = text(
    """
    INSERT INTO matched
    SELECT c.article_no, min(a.id) AS article_id, count(*) AS fits, 'ean' AS matched_by
    FROM candidate AS c JOIN article AS a ON a.ean = c.ean
    GROUP BY c.article_no
    """
)

_BY_MAKER = """
    INSERT INTO matched
    SELECT c.article_no, min(a.id), count(*), 'maker_no'
    FROM candidate AS c
    JOIN article AS a ON a.maker_no = c.maker_no AND {} = {}
    WHERE c.article_no NOT IN (SELECT article_no FROM matched)
    GROUP BY c.article_no
    """

_TO_REVIEW = text(
    """
    INSERT INTO to_review
    SELECT c.article_no, c.ean, c.maker, c.maker_no,
        CASE WHEN m.fits IS NULL THEN 'unknown' ELSE 'ambiguous' END AS reason
    FROM candidate AS c
    LEFT JOIN matched AS m ON m.article_no = c.article_no
    LEFT JOIN match_review AS r
        ON r.supplier_id = :supplier_id AND r.supplier_article_no = c.article_no
    WHERE coalesce(m.fits, 0) <> 1 AND r.supplier_id IS NULL
    """
)

_COUNT = text("SELECT count(*) FROM to_review")

_LINK = text(
    """
    INSERT INTO supplier_article
        (supplier_id, supplier_article_no, article_id, matched_by, matched_at)
    SELECT :supplier_id, article_no, article_id, matched_by, :now FROM matched WHERE fits = 1
    ORDER BY article_no
    """
)

_CLOSE = text(
    """
    DELETE FROM match_review
    WHERE supplier_id = :supplier_id AND supplier_article_no IN (
        SELECT article_no FROM matched WHERE fits = 1
    )
    """
)

_QUEUE = text(
    """
    INSERT INTO match_review (supplier_id, supplier_article_no, ean, maker, maker_no, reason,
        import_run_id, queued_at)
    SELECT :supplier_id, article_no, ean, maker, maker_no, reason, :import_run_id, :now
    FROM to_review ORDER BY article_no
    """
)


def match(connection: Connection, supplier_id: int, staging: Staging) -> int:
    """Look for articles for what ``delta`` holds; how many are to be reviewed."""
    who = {"supplier_id": supplier_id}
    connection.execute(_CANDIDATE, who)
    staging.know("candidate")
    makers = (staging.folded.format(maker) for maker in ("a.maker", "c.maker"))
    for statement in (_BY_EAN, text(_BY_MAKER.format(*makers))):
        connection.execute(statement)
    connection.execute(_TO_REVIEW, who)
    return int(connection.execute(_COUNT).scalar_one())


def link(connection: Connection, supplier_id: int, import_run_id: int, now: str) -> None:
    """Write the links found and queue the rest."""
    values = {"supplier_id": supplier_id, "import_run_id": import_run_id, "now": now}
    connection.execute(_LINK, {"supplier_id": supplier_id, "now": now})
    connection.execute(_CLOSE, {"supplier_id": supplier_id})
    connection.execute(_QUEUE, values)
