"""media revoke, media sweep: links to residents' photos and recordings, taken back."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from bridge import logs
from bridge.app import SystemClock
from bridge.app.database import open_beside
from bridge.cli.terminal import DEFAULT_CONFIG, ConfigFile, one_line, say, settings_of
from bridge.errors import SettingsError
from bridge.flow import media
from bridge.store.blobs import FolderBlobs
from config.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Photos and recordings of residents.")


@app.command("revoke")
def revoke(
    links: Annotated[list[str], typer.Argument(help="Links, or their last part.")],
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Lets links show nothing from now on; the files themselves are deleted by `media sweep`."""
    logs.configure("error")
    with one_line():
        asyncio.run(_revoke(settings_of(config), [link.rstrip("/").rpartition("/")[2] for link in links]))
    say(f"{len(links)} revoked")


@app.command("sweep")
def sweep(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Deletes the files whose links were all revoked more than an hour ago; the bridge does so every day."""
    logs.configure("error")
    with one_line():
        say(f"{asyncio.run(_sweep(settings_of(config)))} files deleted")


async def _revoke(settings: Settings, tokens: list[str]) -> None:
    store = open_beside(settings, SystemClock())
    try:
        gone = await store.write(lambda tx: [tx.revoke(token) for token in tokens])
    finally:
        await store.close()
    if not all(gone):
        raise SettingsError(f"there is no file of the name {tokens[gone.index(False)]}")


async def _sweep(settings: Settings) -> int:
    store = open_beside(settings, SystemClock())
    try:
        return await media.sweep(store, FolderBlobs(settings.data_dir / "blobs"), SystemClock().now())
    finally:
        await store.close()
