"""Vehicles and the wheels that fit them (CR-012), the snapshots they come from, data versions.

Instants are microseconds since 1970 by the database's clock, as in the queue's tables. Sizes are
in inches and millimetres as the trade writes them: 7.5 x 17, 5/114.3, bore 66.1, offset 35.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

from infra.sql.metadata import METADATA
from infra.sql.queue.tables import DatabaseNow
from infra.sql.tables import LONG_TEXT, NAME

ITEM_ID, DIGEST, RUN_ID = String(64), String(32), String(36)
SNAPSHOT_ID = INSTANT = BigInteger()
SIZE = Numeric(6, 2)

VEHICLE_COLUMNS = (
    *("make", "model", "generation", "year_from", "year_to", "engine"),
    "content_hash",
)
FITMENT_COLUMNS = (
    *("vehicle_id", "axle", "tyre_size", "rim_width", "rim_diameter", "bolt_count"),
    *("bolt_circle", "centre_bore", "offset_mm", "is_original", "content_hash"),
)


def _vehicle() -> tuple[Column[Any], ...]:
    """What live and staged vehicles have in common."""
    return (
        Column("make", NAME, nullable=False),
        Column("model", NAME, nullable=False),
        Column("generation", NAME, nullable=False),
        # Open where nobody knows, or where the car is still built.
        Column("year_from", SmallInteger),
        Column("year_to", SmallInteger),
        Column("engine", String(200), nullable=False),
        Column("content_hash", DIGEST, nullable=False),
    )


def _fitment() -> tuple[Column[Any], ...]:
    """What live and staged fitments have in common."""
    return (
        Column("vehicle_id", ITEM_ID, nullable=False),
        Column("axle", String(5), nullable=False),  # both; front and rear where they differ
        Column("tyre_size", String(40), nullable=False),
        Column("rim_width", SIZE),
        Column("rim_diameter", SIZE),
        Column("bolt_count", SmallInteger),
        Column("bolt_circle", SIZE),
        Column("centre_bore", SIZE),
        Column("offset_mm", SmallInteger),
        Column("is_original", SmallInteger, nullable=False),
        Column("content_hash", DIGEST, nullable=False),
    )


# What the shop entered itself (source 'shop') no sync touches.
VEHICLE = Table(
    "vehicle",
    METADATA,
    Column("vehicle_id", ITEM_ID, primary_key=True),
    Column("source", String(12), nullable=False),
    *_vehicle(),
    Column("updated_at", INSTANT, nullable=False, server_default=DatabaseNow()),
    Index(None, "make", "model"),
)

VEHICLE_FITMENT = Table(
    "vehicle_fitment",
    METADATA,
    Column("fitment_id", ITEM_ID, primary_key=True),
    Column("source", String(12), nullable=False, server_default=text("'driveright'")),
    *_fitment(),
    Index(None, "vehicle_id"),
)

VEHICLE_STAGED = Table(
    "vehicle_staged",
    METADATA,
    Column("snapshot_id", SNAPSHOT_ID, primary_key=True, autoincrement=False),
    Column("vehicle_id", ITEM_ID, primary_key=True),
    *_vehicle(),
    sqlite_with_rowid=False,
)

VEHICLE_FITMENT_STAGED = Table(
    "vehicle_fitment_staged",
    METADATA,
    Column("snapshot_id", SNAPSHOT_ID, primary_key=True, autoincrement=False),
    Column("fitment_id", ITEM_ID, primary_key=True),
    *_fitment(),
    sqlite_with_rowid=False,
)

DRIVERIGHT_SNAPSHOT = Table(
    "driveright_snapshot",
    METADATA,
    Column("snapshot_id", SNAPSHOT_ID, primary_key=True, autoincrement=False),
    Column("run_id", RUN_ID, nullable=False),
    # What it was read from: another file or another setting is another snapshot.
    Column("source", String(64), nullable=False),
    Column("begun_at", INSTANT, nullable=False, server_default=DatabaseNow()),
)

# One row per stage of a snapshot: waiting, running, done, failed, abandoned.
DRIVERIGHT_RUN = Table(
    "driveright_run",
    METADATA,
    Column("snapshot_id", SNAPSHOT_ID, primary_key=True, autoincrement=False),
    Column("stage", String(8), primary_key=True),
    Column("status", String(12), nullable=False),
    # The run that worked on it last, and what it came to: the make, for a pull.
    Column("run_id", RUN_ID, nullable=False),
    Column("checkpoint", NAME, nullable=False, server_default=text("''")),
    Column("message", Text, nullable=False, server_default=text("''")),
    Column("started_at", INSTANT),
    Column("finished_at", INSTANT),
)

DRIVERIGHT_PULLED = Table(
    "driveright_pulled",
    METADATA,
    Column("snapshot_id", SNAPSHOT_ID, primary_key=True, autoincrement=False),
    Column("make", NAME, primary_key=True),
    Column("vehicles", Integer, nullable=False),
    Column("fitments", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    Column("repeated", Integer, nullable=False),
)

# Kinds: vehicle, fitment. How: new, changed, gone, renumbered (the same content by another id).
DRIVERIGHT_DIFFERENCE = Table(
    "driveright_difference",
    METADATA,
    Column("snapshot_id", SNAPSHOT_ID, primary_key=True, autoincrement=False),
    Column("kind", String(8), primary_key=True),
    Column("item_id", ITEM_ID, primary_key=True),
    Column("how", String(12), nullable=False),
    Column("former_id", ITEM_ID),
    sqlite_with_rowid=False,
)

DRIVERIGHT_QUARANTINE = Table(
    "driveright_quarantine",
    METADATA,
    Column("snapshot_id", SNAPSHOT_ID, primary_key=True, autoincrement=False),
    Column("no", Integer, primary_key=True, autoincrement=False),
    Column("make", NAME, nullable=False),
    # Where it could be read: what stands there live is left as it is.
    Column("vehicle_id", ITEM_ID),
    Column("fitment_id", ITEM_ID),
    Column("reason", String(255), nullable=False),
    Column("raw", LONG_TEXT, nullable=False),
)

# sending: about to be handed over, or nobody knows whether it was; sent.
DRIVERIGHT_MAIL = Table(
    "driveright_mail",
    METADATA,
    Column("snapshot_id", SNAPSHOT_ID, primary_key=True, autoincrement=False),
    Column("status", String(12), nullable=False),
    Column("message_id", String(200), nullable=False),
    Column("receipt", Text, nullable=False, server_default=text("''")),
    Column("run_id", RUN_ID, nullable=False),
    Column("at", INSTANT, nullable=False, server_default=DatabaseNow()),
)

# Who builds something of a subject's tables sees by its version whether they changed.
DATA_VERSION = Table(
    "data_version",
    METADATA,
    Column("name", String(40), primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("run_id", RUN_ID, nullable=False),
    Column("at", INSTANT, nullable=False, server_default=DatabaseNow()),
)
