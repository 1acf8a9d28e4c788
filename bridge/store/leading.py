"""One process of many does a thing: whoever holds PostgreSQL's advisory lock of that name.

The lock belongs to a connection, so it is free at once when its holder dies. A holder that loses its connection
stops; for a moment two may lead, which the rows make harmless.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import psycopg

log = logging.getLogger(__name__)

AGAIN_SECONDS = 2.0
TRY = "SELECT pg_try_advisory_lock(hashtextextended(%s, 311))"


async def lead(url: str, what: str, work: Callable[[], Awaitable[None]]) -> None:
    """Does `work` for as long as this process holds the lock `what`; tries for it for ever."""
    while True:
        try:
            await _once(url, what, work)
        except (psycopg.Error, OSError) as error:
            log.warning("cannot lead", extra={"what": what, "error": type(error).__name__})
        await asyncio.sleep(AGAIN_SECONDS)


async def _once(url: str, what: str, work: Callable[[], Awaitable[None]]) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True, connect_timeout=5) as connection:
        row = await (await connection.execute(TRY, (what,))).fetchone()
        if not (row and row[0]):
            return
        log.info("leading", extra={"what": what})
        task = asyncio.ensure_future(work())
        try:
            while not task.done():
                await asyncio.wait([task], timeout=AGAIN_SECONDS)
                await connection.execute("SELECT 1")
        finally:
            task.cancel()
            await asyncio.wait([task])
        if not task.cancelled():
            task.result()
