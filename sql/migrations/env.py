"""Alembic's entry: runs the versions on the connection that `hunter_pipeline.warehouse.migrate` hands over."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transaction_per_migration=False)
with context.begin_transaction():
    context.run_migrations()
