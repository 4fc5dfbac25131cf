"""Statements about snapshots, stages and mails; ``{now}`` is the database's clock."""

from __future__ import annotations

from sqlalchemy import Connection

from infra.sql.address import POSTGRESQL
from infra.sql.engine import kind_of

NEWEST = """
    SELECT snapshot_id, run_id, source, {now} - begun_at AS age FROM driveright_snapshot
    ORDER BY snapshot_id DESC LIMIT 1
"""
STAGES = "SELECT stage, status FROM driveright_run WHERE snapshot_id = :number"

FORGET_STAGED = ("DELETE FROM vehicle_staged", "DELETE FROM vehicle_fitment_staged")
FORGET_PULLED = (
    "DELETE FROM driveright_pulled WHERE snapshot_id = :number",
    "DELETE FROM driveright_quarantine WHERE snapshot_id = :number",
)
FORGET_OLD = (
    "DELETE FROM driveright_difference WHERE snapshot_id < :oldest",
    "DELETE FROM driveright_quarantine WHERE snapshot_id < :oldest",
    "DELETE FROM driveright_pulled WHERE snapshot_id < :oldest",
)
ABANDON = """
    UPDATE driveright_run SET status = 'abandoned' WHERE status NOT IN ('done', 'abandoned')
"""
BEGIN = """
    INSERT INTO driveright_snapshot (snapshot_id, run_id, source) VALUES (:number, :run_id, :source)
"""
WAIT = """
    INSERT INTO driveright_run (snapshot_id, stage, status, run_id)
    VALUES (:number, :stage, 'waiting', :run_id)
"""
TAKE_OVER = "UPDATE driveright_snapshot SET run_id = :run_id WHERE snapshot_id = :number"

START = """
    UPDATE driveright_run SET status = 'running', run_id = :run_id, message = '',
        started_at = {now}, finished_at = NULL
    WHERE snapshot_id = :number AND stage = :stage
"""
FAIL = """
    UPDATE driveright_run SET status = 'failed', message = :message, finished_at = {now}
    WHERE snapshot_id = :number AND stage = :stage
"""
FINISH = """
    UPDATE driveright_run SET status = 'done', message = :message, finished_at = {now}
    WHERE snapshot_id = :number AND stage = :stage
"""

PULLED = """
    SELECT make, vehicles, fitments, rejected, repeated FROM driveright_pulled
    WHERE snapshot_id = :number
"""
DIGESTS = "SELECT {key}, content_hash FROM {table} WHERE snapshot_id = :number"
NOTE_PULLED = """
    INSERT INTO driveright_pulled (snapshot_id, make, vehicles, fitments, rejected, repeated)
    VALUES (:number, :make, :vehicles, :fitments, :rejected, :repeated)
"""
CHECKPOINT = """
    UPDATE driveright_run SET checkpoint = :make WHERE snapshot_id = :number AND stage = 'pull'
"""
LAST_REJECT = "SELECT max(no) FROM driveright_quarantine WHERE snapshot_id = :number"
REJECTS = """
    SELECT vehicle_id, fitment_id, reason, raw FROM driveright_quarantine
    WHERE snapshot_id = :number ORDER BY no LIMIT :most
"""

HAND = "SELECT status FROM driveright_mail WHERE snapshot_id = :number"
SENDING = """
    INSERT INTO driveright_mail (snapshot_id, status, message_id, run_id)
    VALUES (:number, 'sending', :message_id, :run_id)
"""
UNSENT = "DELETE FROM driveright_mail WHERE snapshot_id = :number AND status = 'sending'"
SENT = """
    UPDATE driveright_mail SET status = 'sent', receipt = :receipt WHERE snapshot_id = :number
"""

VERSION = "SELECT version FROM data_version WHERE name = 'vehicles'"
NEXT_VERSION = """
    UPDATE data_version SET version = version + 1, run_id = :run_id, at = {now}
    WHERE name = 'vehicles'
"""
FIRST_VERSION = """
    INSERT INTO data_version (name, version, run_id) VALUES ('vehicles', 1, :run_id)
"""


def know(connection: Connection, *tables: str) -> None:
    """Let PostgreSQL's planner look at what was just filled; the others count by themselves."""
    if kind_of(connection) == POSTGRESQL:
        for table in tables:
            connection.exec_driver_sql(f"ANALYZE {table}")
