"""Batch files taken in (CR-001), and what became of each article image (images.update).

Instants are microseconds since 1970 by the database's clock, as in the queue's tables.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, text

from infra.sql.metadata import METADATA
from infra.sql.queue.tables import DatabaseNow
from infra.sql.tables import ARTICLE_NO, LONG_TEXT

SHA256 = String(64)

IMAGE_BATCH_FILE = Table(
    "image_batch_file",
    METADATA,
    Column("sha256", SHA256, primary_key=True),
    Column("name", String(255), nullable=False),
    # queued, failed; `images` are the lines queued (ROWS is a word of MariaDB)
    Column("status", String(12), nullable=False),
    Column("images", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    Column("batches", Integer, nullable=False),
    Column("run_id", String(36), nullable=False),
    Column("message", Text, nullable=False, server_default=text("''")),
    Column("at", BigInteger, nullable=False, server_default=DatabaseNow()),
)

# An image is found by the digest of what it is called: an address may be longer than a key.
ARTICLE_IMAGE = Table(
    "article_image",
    METADATA,
    Column("article", ARTICLE_NO, primary_key=True),
    Column("image_key", SHA256, primary_key=True),
    Column("image", String(1000), nullable=False),
    Column("position", Integer),
    # done, failed, waiting (tried again by itself), removed
    Column("status", String(12), nullable=False),
    Column("reason", Text, nullable=False),
    # What is shown, which a later failure leaves in place.
    Column("source_sha256", SHA256),
    Column("width", Integer),
    Column("height", Integer),
    Column("renditions", LONG_TEXT, nullable=False),
    # The message that last decided; an older one does not count any more.
    Column("message_id", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False, server_default=DatabaseNow()),
    Index(None, "status"),
)

# Files of the media folder that no row shows any more, deleted when pages have forgotten them.
IMAGE_OBSOLETE = Table(
    "image_obsolete",
    METADATA,
    Column("path", String(255), primary_key=True),
    Column("since", BigInteger, nullable=False, server_default=DatabaseNow()),
)
