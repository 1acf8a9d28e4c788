"""Which store and which wake engine: SQLite for one process, PostgreSQL for many."""

from __future__ import annotations

from bridge.errors import SettingsError
from bridge.ports import Clock, Store, Wake
from bridge.store.sqlite import SqliteStore
from bridge.store.wake import EmbeddedWake
from config.settings import Settings

SQLITE = b"SQLite format 3\0"  # how its files begin (https://www.sqlite.org/fileformat.html)


def open_database(settings: Settings, clock: Clock) -> tuple[Store, Wake]:
    """The store that the bridge works on, brought to the newest schema. Raises SettingsError."""
    if settings.postgresql_url:
        return _shared(settings.postgresql_url, clock, serves=True)
    wake = EmbeddedWake()
    return SqliteStore(settings.database_path, clock, wake), wake


def open_beside(settings: Settings, clock: Clock) -> Store:
    """The store for a command beside a bridge that may be running. Raises SettingsError where there is none."""
    if settings.postgresql_url:
        return _shared(settings.postgresql_url, clock, serves=False)[0]
    if not settings.database_path.is_file():
        raise SettingsError(f"{settings.database_path} is not there: serve once before")
    with settings.database_path.open("rb") as file:
        if file.read(len(SQLITE)) not in (SQLITE, b""):
            raise SettingsError(f"{settings.database_path} is no SQLite database: restore a backup")
    return SqliteStore(settings.database_path, clock, EmbeddedWake(), alone=False)


def _shared(url: str, clock: Clock, *, serves: bool) -> tuple[Store, Wake]:
    # Not at the top: a bridge on SQLite starts without loading the driver and procrastinate.
    from sqlalchemy.exc import OperationalError

    from bridge.store.jobs import ProcrastinateWake
    from bridge.store.postgresql import PostgresStore

    wake = ProcrastinateWake(url, clock)
    try:
        return PostgresStore(url, clock, wake, migrate=serves, holds=serves), wake
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise SettingsError(f"database.url: cannot be reached ({reason})") from None
