"""messages samples, messages use: what carriers ask before a number may text, and what texting costs."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from string import Template

import typer

from bridge import logs
from bridge.app import SystemClock
from bridge.cli.terminal import DEFAULT_CONFIG, ConfigFile, one_line, say, settings_of
from bridge.errors import SettingsError
from bridge.flow import commands
from bridge.ports import Catalog, Transaction
from bridge.store.sqlite import SqliteStore
from bridge.store.wake import EmbeddedWake
from bridge.vocabulary import Trouble, Used
from config.catalog import load_catalog
from config.settings import CitySettings, Settings

app = typer.Typer(no_args_is_help=True, help="Messages to residents.")

SAMPLES = ("programme", "report.accepted", "ask.place", "status.closed_note", "help", "stopped")
FILLED = {
    "id": "1048",
    "service": "Pothole",
    "place": "412 Oak St",
    "note": "Filled this morning.",
    "status": "closed",
    "date": "11/30",
}


@app.command("samples")
def samples(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Prints what carrier registration (10DLC, toll-free verification) asks for, for each city that is texted."""
    logs.configure("error")
    with one_line():
        settings = settings_of(config)
        texted = [account for account in settings.account if account.channel == "sms"]
        if not texted:
            raise SettingsError("account: there is none of channel sms")
        cities = {city.id: city for city in settings.city}
        for city_id in dict.fromkeys(city for account in texted for city in account.cities):
            say(_registration(settings, cities[city_id], load_catalog()))


def _registration(settings: Settings, city: CitySettings, catalog: Catalog) -> str:
    words = FILLED | {"city": city.name, "emergency": city.emergency_number}
    said = partial(catalog.text, language="en", params=words)
    template = Template(Path(__file__).with_name("registration.txt").read_text(encoding="utf-8"))
    return template.substitute(
        {name: _shouted(words) for name, words in _KEYWORDS.items()},
        city=city.name,
        public_url=settings.public_url,
        welcome=said("welcome"),
        programme=said("programme"),
        stopped=said("stopped"),
        helped=said("help"),
        samples="\n".join(f"{number}. {said(name)}" for number, name in enumerate(SAMPLES, 1)),
    )


_KEYWORDS = {"start": commands.START, "stop": commands.STOP, "help": commands.HELP}


def _shouted(words: commands.Words) -> str:
    """Keywords as carriers write them; what people say in longer words is understood too, and not listed."""
    return ", ".join(sorted(word.upper() for word in words.en | words.es if word.count(" ") < 2 and word != "?"))


@app.command("use")
def use(
    month: str = typer.Option("", help="YYYY-MM; this month when left out."), config: ConfigFile = DEFAULT_CONFIG
) -> None:
    """Prints for each account what it sent in a month, what that cost, and whether it works."""
    logs.configure("error")
    with one_line():
        settings = settings_of(config)
        chosen = month or f"{datetime.now(UTC):%Y-%m}"
        say(f"{'account':<20}{'messages':>9}{'segments':>9}{'of budget':>10}{'cost':>14}  state")
        for account, (used, troubles) in asyncio.run(_used(settings, chosen)).items():
            say(_line(settings, account, used, troubles))


def _line(settings: Settings, account_id: str, used: Used, troubles: tuple[Trouble, ...]) -> str:
    account = next(account for account in settings.account if account.id == account_id)
    budget = getattr(account.settings, "monthly_segments", 0)
    part = f"{used.segments / budget:.0%}" if budget else "-"
    cost = f"{used.price_micros / 1_000_000:.4f} {used.currency}" if used.currency else "-"
    state = ", ".join(f"{t.colour}: {t.reason} {t.code}" for t in troubles) or "green"
    return f"{account_id:<20}{used.messages:>9}{used.segments:>9}{part:>10}{cost:>14}  {state}"


async def _used(settings: Settings, month: str) -> dict[str, tuple[Used, tuple[Trouble, ...]]]:
    store = SqliteStore(settings.database_path, SystemClock(), EmbeddedWake(), alone=False)

    def of(account_id: str, tx: Transaction) -> tuple[Used, tuple[Trouble, ...]]:
        return tx.used(account_id, month), tx.troubles(account_id)

    try:
        return {account.id: await store.read(partial(of, account.id)) for account in settings.account}
    finally:
        await store.close()
