"""The lock table's holder and lease.

``since`` and ``lease_until`` are microseconds since 1970 by the database's own clock;
``lease_until`` is NULL where the lease lives elsewhere: in a lock file or in Redis.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cron_lock", sa.Column("host", sa.String(length=120), nullable=True))
    op.add_column("cron_lock", sa.Column("pid", sa.Integer(), nullable=True))
    op.add_column("cron_lock", sa.Column("since", sa.BigInteger(), nullable=True))
    op.add_column("cron_lock", sa.Column("lease_until", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    for column in ("lease_until", "since", "pid", "host"):
        op.drop_column("cron_lock", column)
