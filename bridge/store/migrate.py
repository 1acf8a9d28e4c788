"""Brings a database to the newest schema, from whatever it is, before anything else touches it."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, inspect, text

MIGRATIONS = Path(__file__).with_name("migrations")
TURN = text("SELECT pg_advisory_lock(311)")
TURN_ENDS = text("SELECT pg_advisory_unlock(311)")


def config(engine: Engine | None = None) -> Config:
    """Alembic's configuration without a file of its own."""
    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS))
    made.attributes["engine"] = engine
    return made


def upgrade(engine: Engine) -> None:
    """Runs every migration the database has not seen; each in one transaction. Of many processes one does it."""
    if engine.dialect.name != "postgresql":
        command.upgrade(config(engine), "head")
        return
    with engine.connect() as turn:
        turn.execute(TURN)
        turn.commit()
        command.upgrade(config(engine), "head")
        _add_jobs(turn)
        turn.execute(TURN_ENDS)
        turn.commit()


def _add_jobs(connection: Connection) -> None:
    """procrastinate's own tables, beside ours."""
    from procrastinate.schema import SchemaManager

    if not inspect(connection).has_table("procrastinate_jobs"):
        cursor = connection.connection.cursor()
        cursor.execute(SchemaManager.get_schema())
        cursor.close()
    connection.commit()
