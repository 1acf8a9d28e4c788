"""records: hand out, delete, hold."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, TypeVar, get_args

import typer

from bridge import logs
from bridge.cli.opened import opened
from bridge.cli.terminal import DEFAULT_CONFIG, ConfigFile, one_line, say, settings_of
from bridge.errors import Permanent, SettingsError
from bridge.flow.records import Exported, export
from bridge.ports import Transaction
from bridge.store.blobs import FolderBlobs
from bridge.vocabulary import HoldScope, KnownContact, Query

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="What is kept of residents: hand it out, delete it, hold it.")
SCOPES = get_args(HoldScope)

Sender = Annotated[str, typer.Option(help="A resident's number, address or chat id.")]


@app.command("export")
def export_records(
    out: Annotated[Path, typer.Option(help="The folder to make.")],
    config: ConfigFile = DEFAULT_CONFIG,
    since: Annotated[str, typer.Option(help="From this day on (UTC): 2026-01-31.")] = "",
    until: Annotated[str, typer.Option(help="Up to and with this day (UTC).")] = "",
    word: Annotated[str, typer.Option(help="Only what has this word, whatever its case.")] = "",
    sender: Sender = "",
    everything: Annotated[bool, typer.Option("--all", help="Everything that is kept.")] = False,
) -> None:
    """Writes messages and reports with their files into a folder, in formats that any program reads."""
    logs.configure("error")
    with one_line():
        if everything == any((since, until, word, sender)):
            raise SettingsError("say what to export: --since, --until, --word, --sender, or --all alone")
        query = Query(_day(since), _day(until, end=True), word, sender)
        done = asyncio.run(_export(config, query, out))
        say(f"{done.messages} messages, {done.reports} reports, {done.files} files in {out}")


def _day(text: str, *, end: bool = False) -> datetime | None:
    if not text:
        return None
    return datetime.combine(date.fromisoformat(text), time.max if end else time.min, UTC)


async def _export(config: Path, query: Query, out: Path) -> Exported:
    settings = settings_of(config)
    async with opened(settings) as store:
        return await export(store, query, out, FolderBlobs(settings.data_dir / "blobs"))


@app.command("delete")
def delete(
    sender: Annotated[str, typer.Option(help="The resident's number, address or chat id.")],
    config: ConfigFile = DEFAULT_CONFIG,
    reason: Annotated[str, typer.Option(help="Why; it is recorded.")] = "the resident asked",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Deletes what was said with one resident and who they are. Reports stay, without words and contact."""
    logs.configure("error")
    with one_line():
        known = _run(config, lambda tx: tx.contacts(sender))
        if not known:
            raise SettingsError(f"nobody is known as {sender}")
        for contact in known:
            if yes or typer.confirm(f"Delete {_named(contact)}?", err=True):
                say(f"{_named(contact)}: {_deleted(config, contact, reason)} rows deleted")


def _deleted(config: Path, contact: KnownContact, reason: str) -> int:
    try:
        return _run(config, lambda tx: tx.delete_resident(contact.id, reason, getpass.getuser()))
    except Permanent as error:
        raise SettingsError(f"{_named(contact)}: {error}") from None


def _named(contact: KnownContact) -> str:
    return f"{contact.address} ({contact.channel}, {contact.city_id})"


@app.command("hold")
def hold(
    scope: Annotated[str, typer.Argument(help=f"One of {', '.join(SCOPES)}.")],
    target: Annotated[str, typer.Argument(help="The city's id, the resident's address, or the report's id.")] = "",
    config: ConfigFile = DEFAULT_CONFIG,
    reason: Annotated[str, typer.Option(help="The case, for whoever lifts it.")] = "",
) -> None:
    """Keeps everything, a city, a resident or a report from being deleted until the hold is lifted."""
    logs.configure("error")
    with one_line():
        if scope not in SCOPES or (scope == "everything") == bool(target):
            raise SettingsError(f"a hold is on one of {', '.join(SCOPES)}; all but everything need a target")
        for one in _targets(config, scope, target):
            made = _run(config, lambda tx, one=one: tx.set_hold(scope, one, reason, getpass.getuser()))  # type: ignore[misc]
            say(f"{made.id}  {made.scope} {made.target}")


def _targets(config: Path, scope: str, target: str) -> list[str]:
    if scope != "resident":
        return [target]
    known = _run(config, lambda tx: tx.contacts(target))
    if not known:
        raise SettingsError(f"nobody is known as {target}")
    return [contact.id for contact in known]


@app.command("holds")
def holds(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Lists the holds that stand."""
    logs.configure("error")
    with one_line():
        for one in _run(config, lambda tx: tx.holds()):
            what = f"{one.scope} {one.target}".strip()
            say(f"{one.id}  {one.created_at:%Y-%m-%d}  {what}  {one.reason}  by {one.set_by}")


@app.command("lift")
def lift(hold_id: str, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Lifts a hold."""
    logs.configure("error")
    with one_line():
        if not _run(config, lambda tx: tx.lift_hold(hold_id)):
            raise SettingsError(f"{hold_id}: no such hold stands")
        say(f"{hold_id} is lifted")


@app.command("deletions")
def deletions(config: ConfigFile = DEFAULT_CONFIG, limit: int = 50) -> None:
    """Lists what was deleted, newest first: when, how much, why and by whom."""
    logs.configure("error")
    with one_line():
        for one in _run(config, lambda tx: tx.deletions(limit)):
            say(
                f"{one.at:%Y-%m-%d %H:%M}  {one.rows} {one.kind}  {one.cause}  by {one.by}  {one.subject}".rstrip()
            )


def _run(config: Path, work: Callable[[Transaction], T]) -> T:
    async def run() -> T:
        async with opened(settings_of(config)) as store:
            return await store.write(work)

    return asyncio.run(run())
