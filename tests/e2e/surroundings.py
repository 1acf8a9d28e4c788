"""A killable bridge between the providers' stand-ins and a city, all of which outlive it."""

from __future__ import annotations

import contextlib
import random
import socket
import sqlite3
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg

from bridge.demo.providers import FOLDER, MAILBOX, NUMBER, Providers, providers
from tests.e2e.city import City, city
from tests.e2e.process import BridgeProcess, Main, serve
from tests.e2e.waiting import PATIENCE_SECONDS, until

OPEN_WORK = " UNION ALL ".join(
    f"SELECT id, kind, attempts, due_at, lease, error FROM {table} WHERE state = 'open'"
    for table in ("inbox", "outbox")
)

ACCOUNT = "[[account]]"
ACCOUNTS = ("texts", "mailbox", "bot")
SETTINGS = f"""\
data_dir = "data"
models_dir = "{{models_dir}}"

[database]
url = "{{database}}"

[server]
port = {{web_port}}

[[city]]
id = "fairview"
name = "City of Fairview"
gazetteer = "{FOLDER / "fairview.geojson"}"
profile = "city.toml"
api_key = {{{{ env = "CITY_KEY" }}}}
poll_seconds = {{poll_seconds}}
settle_seconds = 1
hold_seconds = 0.3
news_in_one_minutes = 0
carrier_notice = false
twin_metres = 0

[[account]]
id = "texts"
channel = "sms"
city = "fairview"
account_sid = "{{sid}}"
auth_token = {{{{ env = "DEMO_TWILIO_TOKEN" }}}}
number = "{NUMBER}"
public_url = "http://127.0.0.1:{{web_port}}"
api_url = "{{twilio_url}}"
timeout_seconds = 2

[[account]]
id = "mailbox"
channel = "mail"
city = "fairview"
addresses = ["{MAILBOX}"]
listen_port = {{smtp_port}}
reply_key = {{{{ env = "DEMO_REPLY_KEY" }}}}
relay_port = {{relay_port}}
relay_tls = "none"
timeout_seconds = 5

[[account]]
id = "bot"
channel = "chat"
city = "fairview"
bot_token = {{{{ env = "DEMO_BOT_TOKEN" }}}}
api_url = "{{telegram_url}}"
poll_seconds = 2
timeout_seconds = 5
"""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a bridge lives among, and the bridge, not yet started: one process, or on PostgreSQL (`database`) one
    of each of `roles`. `data` is its data directory."""

    bridge: BridgeProcess
    providers: Providers
    city: City
    data: Path
    url: str
    database: str = ""
    processes: Sequence[BridgeProcess] = ()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the bridge's database as they are now."""
        if self.database:
            with psycopg.connect(self.database) as connection:
                return connection.execute(query.encode()).fetchall()
        with contextlib.closing(sqlite3.connect(f"file:{self.data / 'bridge.db'}?mode=ro", uri=True)) as database:
            return database.execute(query).fetchall()

    async def quiet(self, seconds: float = PATIENCE_SECONDS) -> None:
        """Waits until the bridge has nothing left to handle or to send. Raises AssertionError with what it has."""
        try:
            await until(lambda: not self.rows(OPEN_WORK), seconds)
        except TimeoutError:
            raise AssertionError(f"still open: {self.rows(OPEN_WORK)}") from None


@contextlib.asynccontextmanager
async def surroundings(
    folder: Path,
    models_dir: Path,
    main: Main = serve,
    accounts: Sequence[str] = ACCOUNTS,
    database: str = "",
    roles: Sequence[str] = ("",),
    poll_seconds: float = 0.5,
) -> AsyncIterator[Surroundings]:
    """Providers, a city, and a bridge with settings for those of them in `folder`; killed at the end if it still
    runs. `roles` are those of each of its processes, as ROLES in the environment tells them. The city is asked
    for news every `poll_seconds`."""
    web_port, smtp_port, city_port = unused_port(), unused_port(), unused_port()
    async with providers(web_port) as made, city(folder / "city", city_port) as its_city:
        made = replace(made, smtp_port=smtp_port)
        written = SETTINGS.format(
            models_dir=models_dir,
            database=database,
            web_port=web_port,
            poll_seconds=poll_seconds,
            smtp_port=smtp_port,
            relay_port=made.mail.port,
            sid=made.twilio.account_sid,
            twilio_url=made.twilio.url,
            telegram_url=made.telegram.url,
        )
        (folder / "city.toml").write_text(its_city.profile)
        head, *blocks = written.split(ACCOUNT)
        wanted = [block for block in blocks if block.splitlines()[1] in {f'id = "{name}"' for name in accounts}]
        (folder / "bridge.toml").write_text(ACCOUNT.join([head, *wanted]))
        secrets = {**made.environ, "CITY_KEY": its_city.key}
        processes = [
            BridgeProcess(folder / "bridge.toml", {**secrets, "ROLES": role}, main, f"bridge{number or ''}")
            for number, role in enumerate(roles)
        ]
        url = f"http://127.0.0.1:{web_port}"
        try:
            yield Surroundings(processes[0], made, its_city, folder / "data", url, database, processes)
        finally:
            for process in processes:
                if process.alive:
                    process.kill()
                    await process.dead()


def unused_port() -> int:
    """A loopback port nobody listens on, below those the system gives to outgoing connections: a server that
    is killed and comes back must find its port free."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
