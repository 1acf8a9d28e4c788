"""work: what was given up, and trying it again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import typer

from bridge import logs
from bridge.app import SystemClock
from bridge.cli.opened import opened
from bridge.cli.terminal import DEFAULT_CONFIG, ConfigFile, one_line, say, settings_of
from bridge.errors import SettingsError
from bridge.ports import Transaction

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="Messages and reports on their way: what waits, what was given up.")


@app.command("list")
def list_work(config: ConfigFile = DEFAULT_CONFIG, limit: int = 50) -> None:
    """Says how much waits, and lists what was given up, with the reason."""
    logs.configure("error")
    with one_line():
        now = SystemClock().now()
        backlog, dead = _run(config, lambda tx: (tx.backlog(now), tx.dead(limit)))
        for name, queue in backlog.queues.items():
            waits = f"{queue.open} wait, the oldest since {queue.oldest_seconds:.0f} s"
            say(f"{name:<8} {waits}; {queue.dead} given up")
        say(f"{'staff':<8} {backlog.staff_tasks} tasks are open")
        for row in dead:
            say(f"{row.id}  {row.created_at:%Y-%m-%d %H:%M}  {row.queue}/{row.kind}  {row.about}  {row.error}")


@app.command("replay")
def replay(row_ids: list[str], config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Tries rows again that were given up; a running bridge does so at once or within a minute."""
    logs.configure("error")
    with one_line():
        for row_id in row_ids:
            if not _run(config, lambda tx, row_id=row_id: tx.replay(row_id)):  # type: ignore[misc]
                raise SettingsError(f"{row_id}: nothing of that id was given up")
            say(f"{row_id} is tried again")


def _run(config: Path, work: Callable[[Transaction], T]) -> T:
    async def run() -> T:
        async with opened(settings_of(config)) as store:
            return await store.write(work)

    return asyncio.run(run())
