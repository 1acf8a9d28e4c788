"""Alembic's entry: migrations run inside the transaction `bridge.city.database.migrate` opened."""

from alembic import context

from bridge.city.tables import CITY

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=CITY.metadata,
    render_as_batch=True,  # SQLite alters a table by copying it
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
