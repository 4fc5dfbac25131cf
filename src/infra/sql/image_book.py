"""What became of each article image, in the transaction that settles its message."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from domain.images.ports import Result, Status
from domain.queue.work import Row, Statements
from infra.sql.address import MARIADB, SQLITE
from infra.sql.database_clock import NOW

_MICROSECOND = timedelta(microseconds=1)
_REMOVED_AT_ONCE = 200

_COLUMNS = (
    *("article", "image_key", "image", "position", "status", "reason"),
    *("source_sha256", "width", "height", "renditions", "message_id"),
)
_KEY = ("article", "image_key")

_FIND = """
    SELECT position, status, reason, source_sha256, width, height, renditions, message_id
    FROM article_image WHERE article = :article AND image_key = :image_key {lock}
"""
_DUE = """
    SELECT path FROM image_obsolete WHERE since < {now} - :keep ORDER BY since LIMIT {most}
"""

UNCHANGED, SUPERSEDED = "unchanged", "superseded"


class SqlImageBook:
    """The ImageBook port."""

    def __init__(self, kind: str) -> None:
        self._kind, self._now = kind, NOW[kind]

    def record(
        self, database: Statements, results: Sequence[Result], asked_by: int
    ) -> tuple[Counter[str], Sequence[str]]:
        counts: Counter[str] = Counter()
        new_paths: list[str] = []
        # Sorted, so that two messages with the same images never wait for each other in a ring;
        # of one image the lines stay in their order.
        for result in sorted(results, key=lambda one: (one.line.article, one.line.image)):
            word, paths = self._one(database, result, asked_by)
            counts[word] += 1
            new_paths += paths
        return counts, new_paths

    def obsolete(self, database: Statements, keep: timedelta) -> Sequence[str]:
        due = _DUE.format(now=self._now, most=_REMOVED_AT_ONCE)
        found = database.rows(due, keep=keep // _MICROSECOND)
        struck = "DELETE FROM image_obsolete WHERE path = :path"
        return [row["path"] for row in found if database.execute(struck, path=row["path"])]

    def _one(
        self, database: Statements, result: Result, asked_by: int
    ) -> tuple[str, Sequence[str]]:
        line = result.line
        key = {"article": line.article, "image_key": _digest(line.image)}
        lock = "" if self._kind == SQLITE else "FOR UPDATE"
        old = database.row(_FIND.format(lock=lock), **key)
        if old is not None and old["message_id"] > asked_by:
            self._strike(database, _paths(result) - set(json.loads(old["renditions"]).values()))
            return SUPERSEDED, ()
        new = _row(result, old)
        if old is not None and all(old[name] == value for name, value in new.items()):
            return UNCHANGED, ()
        row = {**key, "image": line.image, **new, "message_id": asked_by}
        database.execute(self._upsert(), **row)
        return result.status.value, self._exchanged(database, old, new)

    def _exchanged(
        self, database: Statements, old: Row | None, new: Mapping[str, Any]
    ) -> Sequence[str]:
        """Note what is no longer shown, and take off the notes what is shown again."""
        before = set(json.loads(old["renditions"]).values()) if old else set()
        after = set(json.loads(new["renditions"]).values())
        self._strike(database, before - after)
        for path in sorted(after - before):
            database.execute("DELETE FROM image_obsolete WHERE path = :path", path=path)
        return sorted(after - before)

    def _strike(self, database: Statements, paths: set[str]) -> None:
        for path in sorted(paths):
            database.execute(self._note(), path=path)

    # --- dialects ---------------------------------------------------------------------------------

    def _upsert(self) -> str:
        """Insert or overwrite, unless a later message was faster."""
        names, marks = ", ".join(_COLUMNS), ", ".join(f":{name}" for name in _COLUMNS)
        rest = [name for name in _COLUMNS if name not in _KEY]
        insert = f"INSERT INTO article_image ({names}, at) VALUES ({marks}, {self._now})"  # noqa: S608 - our own names
        if self._kind == MARIADB:
            # From left to right: what decides stands last.
            guard = "message_id <= VALUES(message_id)"
            sets = [f"{name} = IF({guard}, VALUES({name}), {name})" for name in ("at", *rest)]
            return f"{insert} ON DUPLICATE KEY UPDATE {', '.join(sets)}"
        sets = [f"{name} = excluded.{name}" for name in ("at", *rest)]
        return (
            f"{insert} ON CONFLICT (article, image_key) DO UPDATE SET {', '.join(sets)}"
            " WHERE article_image.message_id <= excluded.message_id"
        )

    def _note(self) -> str:
        note = f"INSERT INTO image_obsolete (path, since) VALUES (:path, {self._now})"  # noqa: S608 - our own
        if self._kind == MARIADB:
            return f"{note} ON DUPLICATE KEY UPDATE since = since"
        return f"{note} ON CONFLICT DO NOTHING"


def _row(result: Result, old: Row | None) -> Mapping[str, Any]:
    """What the row is to say; a failure leaves in place what is shown."""
    said = {
        "position": result.line.position,
        "status": result.status.value,
        "reason": result.reason,
    }
    if result.shown is not None:
        paths = json.dumps(dict(sorted(result.shown.renditions.items())))
        shown = result.shown
        return {
            **said,
            "source_sha256": shown.source_sha256,
            "width": shown.width,
            "height": shown.height,
            "renditions": paths,
        }
    if old is None or result.status is Status.REMOVED:
        return {**said, "source_sha256": None, "width": None, "height": None, "renditions": "{}"}
    kept = ("source_sha256", "width", "height", "renditions")
    return {**said, **{name: old[name] for name in kept}}


def _paths(result: Result) -> set[str]:
    return set(result.shown.renditions.values()) if result.shown else set()


def _digest(image: str) -> str:
    return hashlib.sha256(image.encode("utf-8", "surrogatepass")).hexdigest()
