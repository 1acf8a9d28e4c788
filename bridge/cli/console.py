"""console: links for the staff console."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

import typer

from bridge import logs
from bridge.app import SystemClock
from bridge.cli.opened import opened
from bridge.cli.terminal import (
    DEFAULT_CONFIG,
    MODELS,
    ConfigFile,
    ModelsDir,
    one_line,
    progress,
    say,
    settings_of,
)
from bridge.demo import pictures
from bridge.errors import SettingsError
from bridge.vocabulary.console import Invitation
from bridge.web.console.signin import invite
from config.settings import Settings

app = typer.Typer(no_args_is_help=True, help="The staff console.")
LASTS = timedelta(days=3)


@app.command("invite")
def invite_person(
    email: Annotated[str, typer.Argument(help="Of whom; it is asked for at the link when left out.")] = "",
    role: Annotated[Literal["viewer", "agent", "admin"], typer.Option(help="What they may do.")] = "admin",
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Prints a link that makes an account, or sets a new password where there is one. Used once, within 3 days."""
    logs.configure("error")
    with one_line():
        say(asyncio.run(_invite(settings_of(config), email.lower(), role)))


@app.command("screenshots")
def screenshots(
    folder: Annotated[Path, typer.Argument(help="Where the pictures go.")] = Path("docs/console"),
    models: ModelsDir = MODELS,
) -> None:
    """Takes pictures of the main pages of a made-up city, for the documentation. Needs Chromium and Playwright."""
    logs.configure("error")
    with one_line():
        if not pictures.CHROMIUM.exists():
            raise SettingsError(f"{pictures.CHROMIUM} is not there: apt-get install chromium")
        asyncio.run(pictures.take(folder, models.absolute(), progress))


async def _invite(settings: Settings, email: str, role: Literal["viewer", "agent", "admin"]) -> str:
    async with opened(settings) as store:
        known = await store.read(lambda tx: tx.console.account_by_email(email)) if email else None
        expires = SystemClock().now() + LASTS
        if known:
            asked = Invitation(known.email, known.role, expires, known.cities, known.id)
        else:
            asked = Invitation(email, role, expires)
        return f"{settings.public_url}{await invite(store, asked)}"
