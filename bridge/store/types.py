"""Column types and identifiers that are dear to change later."""

from __future__ import annotations

import itertools
import secrets
import threading
import time
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine


class Json(TypeDecorator[Any]):
    """Plain JSON data: JSONB on PostgreSQL, text on SQLite."""

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(JSONB() if dialect.name == "postgresql" else JSON())


class Timestamp(TypeDecorator[datetime]):
    """An aware UTC datetime. SQLite drops the zone, so it is put back on reading; naive values are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without zone never enters the store")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


_tick = itertools.count()
_tick_lock = threading.Lock()
_last_ms = 0


def new_id(after: str = "") -> str:
    """A 128-bit id in hex: 48 bits of milliseconds, a 16-bit counter, 64 random bits.

    Ids of one process sort in the order they were made, and behind `after`: that is the order of rows in a lane.
    The clock may step back; the ids do not.
    """
    global _last_ms
    with _tick_lock:
        _last_ms = max(_last_ms, time.time_ns() // 1_000_000)
        made = _numbered()
        if made <= after:
            _last_ms = int(after[:12], 16) + 1
            made = _numbered()
        return made + secrets.token_hex(8)


def _numbered() -> str:
    """The ordered half of an id; called under the lock."""
    global _last_ms
    count = next(_tick) & 0xFFFF
    if count == 0xFFFF:
        _last_ms += 1
    return f"{_last_ms:012x}{count:04x}"


def first_id(at: datetime) -> str:
    """What every id made at `at` or later is greater than, and every one made before is less than."""
    return f"{int(at.timestamp() * 1000):012x}"


# Crockford's base 32 without vowel-likes: read aloud, typed on a phone, never a word.
REFERENCE_ALPHABET = "23456789BCDFGHJKMNPQRSTVWXYZ"


def new_reference() -> str:
    """A report's short public reference: 8 characters, 38 bits, random."""
    return "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(8))
