"""Runs the migrations on the connection that ``infra.sql.migrate`` hands over."""

from __future__ import annotations

from alembic import context

# SQLite changes a table by copying it: the batch mode of a migration does that.
context.configure(connection=context.config.attributes["connection"], render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
