"""Backup and restore: one archive of everything that cannot be made again.

    manifest.json     when, of what, and how many rows
    bridge.db         all rows as SQLite, whichever database they came from
    data/…            blobs (photos, models), the embedded cities' databases, the service lists last seen

A backup is taken beside a running bridge, from one snapshot. Settings and secrets are not in it: they are the
operator's, and are kept where those are kept.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from bridge.errors import SettingsError
from bridge.store.moving import file_engine, move, shared_engine
from config.settings import Settings

KEPT = ("blobs", "cities", "services-*.json")
FORMAT = 1


def backup(settings: Settings, archive: Path, now: datetime) -> dict[str, int]:
    """Writes the archive, whole or not at all; how many rows of each table."""
    if archive.exists():
        raise SettingsError(f"{archive} is there already")
    with tempfile.TemporaryDirectory(dir=archive.parent, prefix=".backup-") as scratch:
        folder = Path(scratch)
        counts = _rows(settings, folder / "bridge.db")
        manifest = {"format": FORMAT, "made_at": now.isoformat(), "rows": counts}
        (folder / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        with tarfile.open(folder / "archive", "w:gz", compresslevel=3) as made:
            for name in ("manifest.json", "bridge.db"):
                made.add(folder / name, name)
            for path in _kept(settings.data_dir):
                made.add(_still(path, folder), f"data/{path.relative_to(settings.data_dir).as_posix()}")
        (folder / "archive").rename(archive)
    return counts


def restore(settings: Settings, archive: Path) -> dict[str, int]:
    """Fills an empty database and data folder from an archive. Raises SettingsError where they are not empty, or
    it is no archive of ours."""
    if not settings.postgresql_url and settings.database_path.exists():
        raise SettingsError(f"{settings.database_path} is there already: a backup is restored into an empty place")
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.data_dir, prefix=".restore-") as scratch:
        folder = Path(scratch)
        _unpack(archive, folder)
        for path in sorted((folder / "data").iterdir()) if (folder / "data").is_dir() else ():
            _put(path, settings.data_dir / path.name)
        target = shared_engine(settings.postgresql_url) if settings.postgresql_url else None
        source = file_engine(folder / "bridge.db")
        with contextlib.closing(source.raw_connection()) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        if target is not None:
            counts = move(source, target)
            target.dispose()
        else:
            counts = {}
        source.dispose()
        if target is None:
            (folder / "bridge.db").rename(settings.database_path)
        manifest: dict[str, dict[str, int]] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return counts or manifest["rows"]


def _rows(settings: Settings, copy: Path) -> dict[str, int]:
    """All rows, as a SQLite file of their own."""
    if settings.postgresql_url:
        source, target = shared_engine(settings.postgresql_url), file_engine(copy)
        counts = move(source, target)
        source.dispose()
        target.dispose()
        return counts
    if not settings.database_path.is_file():
        raise SettingsError(f"{settings.database_path} is not there: nothing to back up")
    _copy_file(settings.database_path, copy)
    with contextlib.closing(sqlite3.connect(copy)) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        ours = [name for name in names if not name.startswith(("sqlite_", "said_search", "alembic"))]
        return {name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in ours}  # noqa: S608


def _copy_file(database: Path, copy: Path) -> None:
    """SQLite's own online copy: what is committed when it ends, consistent."""
    with (
        contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as source,
        contextlib.closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)


def _kept(data: Path) -> Iterator[Path]:
    for pattern in KEPT:
        for path in sorted(data.glob(pattern)):
            files = [path] if path.is_file() else sorted(path.rglob("*"))
            yield from (file for file in files if file.is_file() and not file.name.endswith(("-wal", "-shm")))


def _still(path: Path, folder: Path) -> Path:
    """The file itself, or of a database that may be written to meanwhile, a copy."""
    with path.open("rb") as file:
        if path.suffix != ".db" or not file.read(16).startswith(b"SQLite format 3"):
            return path
    copy = folder / "copy.db"
    copy.unlink(missing_ok=True)
    _copy_file(path, copy)
    return copy


def _unpack(archive: Path, folder: Path) -> None:
    try:
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, tarfile.TarError, ValueError) as error:
        raise SettingsError(f"{archive}: is no backup of a bridge ({error})") from None
    if manifest.get("format") != FORMAT:
        raise SettingsError(f"{archive}: was made by another version (format {manifest.get('format')})")


def _put(path: Path, place: Path) -> None:
    """Moves a file or folder; what is there already by the same name stays (blobs are named by what they hold)."""
    if path.is_dir():
        place.mkdir(exist_ok=True)
        for inner in path.iterdir():
            _put(inner, place / inner.name)
    elif not place.exists():
        path.rename(place)
