"""Intake until durable, per channel, against the least that could do it: one request or mail, one committed row.

python -m tests.bench.intake            prints a table; every ratio is of the same run
"""

from __future__ import annotations

import asyncio
import multiprocessing
import secrets
import sqlite3
import statistics
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import SplitResult, urlencode, urlsplit

import aiosmtplib
from aiosmtpd.smtp import SMTP, Envelope, Session
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from twilio.request_validator import RequestValidator

import channels
from bridge import logs
from bridge.app import SystemClock
from bridge.demo.loopback import served
from bridge.demo.providers import free_port
from bridge.flow import alarms
from bridge.flow.intake import accepting
from bridge.flow.jurisdiction import Jurisdiction
from bridge.flow.settling import Handling
from bridge.store.sqlite import SqliteStore
from bridge.store.wake import EmbeddedWake
from bridge.web.site import site
from config.catalog import load_catalog
from config.settings import EMERGENCY

RUNS = 3
REQUESTS, AT_ONCE = 2000, 32
MAILS, MAILS_AT_ONCE = 160, 8
ROUNDS = 7  # of mails to one and to the other in turn; a busy machine slows both
SID, TOKEN = "AC" + "0" * 32, "t" * 32
PUBLIC, HOOK = "https://bridge.example", "/hooks/sms/texts"


class Floor:
    """One table, one connection, one commit a row: what any durable intake pays."""

    def __init__(self, folder: Path) -> None:
        self._db = sqlite3.connect(folder / "floor.db", isolation_level=None, check_same_thread=False)
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE row (raw BLOB)")

    def commit(self, raw: bytes) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        self._db.execute("INSERT INTO row VALUES (?)", (raw,))
        self._db.execute("COMMIT")


def handling(store: SqliteStore) -> Handling:
    """What intake needs of a city: the words it knows an emergency by, and where the others are stored."""
    city = Jurisdiction(
        id="fairview",
        name="City of Fairview",
        endpoint=None,  # type: ignore[arg-type]  # nothing here is handled, only taken in
        locator=None,  # type: ignore[arg-type]
        bind_classifier=None,  # type: ignore[arg-type]
        detect=lambda _text, _language: "en",
        alarms=alarms.load(sorted(EMERGENCY.glob("*.toml"))),
    )
    accounts = ("texts", "mailbox")
    return Handling(store, SystemClock(), load_catalog(), {city.id: city}, dict.fromkeys(accounts, (city.id,)))


Signed = tuple[bytes, str]
"""The body of a webhook, and its signature."""


def rate(url: str, requests: list[Signed]) -> float:
    """Webhooks a second that are answered 200, `AT_ONCE` of them under way on connections that are kept. Runs in a
    process of its own: what the client costs is no part of either rate."""
    return asyncio.run(_posted(urlsplit(url), requests))


async def _posted(url: SplitResult, requests: list[Signed]) -> float:
    waiting = iter(requests)

    async def connection() -> None:
        reader, writer = await asyncio.open_connection(url.hostname, url.port)
        for body, signature in waiting:
            head = (
                f"POST {HOOK} HTTP/1.1\r\nHost: {url.netloc}\r\nX-Twilio-Signature: {signature}\r\n"
                f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            writer.write(head.encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 200"), answer
            length = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length"))
            await reader.readexactly(int(length.partition(b":")[2]))
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(connection() for _ in range(AT_ONCE)))
    return len(requests) / (time.perf_counter() - began)


def signed(count: int) -> list[Signed]:
    """So many texts, signed as Twilio signs."""
    sign = RequestValidator(TOKEN).compute_signature
    forms = [_form(number) for number in range(count)]
    return [(urlencode(form).encode(), sign(PUBLIC + HOOK, form)) for form in forms]


async def texts(folder: Path) -> tuple[float, float]:
    """(signed SMS webhooks a second, bare routes a second)."""
    floor = Floor(folder)

    async def bare(request: Request) -> Response:
        floor.commit(await request.body())
        return Response()

    store = SqliteStore(folder / "bridge.db", SystemClock(), EmbeddedWake())
    kind = channels.REGISTRY["sms"]
    settings = kind.settings(
        account_sid=SID, auth_token=SecretStr(TOKEN), number="+15550100311", public_url=PUBLIC
    )
    channel = kind.create("texts", settings, SystemClock(), None)
    bare_app = Starlette(routes=[Route(HOOK, bare, methods=["POST"])])
    rates = []
    for app in (site([channel], accepting(handling(store)), {}), bare_app):
        async with served(app) as url:
            loop = asyncio.get_running_loop()
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as client:
                await loop.run_in_executor(client, rate, url, signed(AT_ONCE))  # connections and caches are warm
                rates.append(await loop.run_in_executor(client, rate, url, signed(REQUESTS)))
    await channel.close()
    await store.close()
    return rates[0], rates[1]


def _form(number: int) -> dict[str, str]:
    sid = f"SM{secrets.token_hex(16)}"
    sender = f"+1555{number % 500:07d}"
    return {
        "MessageSid": sid,
        "AccountSid": SID,
        "From": sender,
        "To": "+15550100311",
        "Body": "pothole on Main and 4th",
    }


async def mails(folder: Path) -> tuple[float, float]:
    """(mails a second over SMTP, mails a second to a bare handler)."""
    floor = Floor(folder)

    class Bare:
        async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
            floor.commit(envelope.original_content or b"")
            return "250 OK"

    port, bare_port = free_port(), free_port()
    store = SqliteStore(folder / "bridge.db", SystemClock(), EmbeddedWake())
    kind = channels.REGISTRY["mail"]
    settings = kind.settings(addresses=("report@fairview.example",), listen_port=port, relay_tls="none")
    channel = kind.create("mailbox", settings, SystemClock(), None)
    running = asyncio.create_task(channel.run(accepting(handling(store))))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Bare(), loop=loop), "127.0.0.1", bare_port)
    await asyncio.sleep(0.5)
    rounds = [(await _mailed(port), await _mailed(bare_port)) for _ in range(ROUNDS)]
    ours, bare = (statistics.median(rates) for rates in zip(*rounds, strict=True))
    running.cancel()
    server.close()
    await channel.close()
    await store.close()
    return ours, bare


async def _mailed(port: int) -> float:
    """Mails a second over connections that are kept, as a mail server keeps them."""
    per_connection = MAILS // MAILS_AT_ONCE

    async def connection(number: int) -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client:
            for index in range(per_connection):
                await client.send_message(_letter(number * per_connection + index))

    began = time.perf_counter()
    await asyncio.gather(*(connection(number) for number in range(MAILS_AT_ONCE)))
    return MAILS / (time.perf_counter() - began)


def _letter(number: int) -> EmailMessage:
    letter = EmailMessage()
    letter["From"], letter["To"] = f"resident{number}@residents.example", "report@fairview.example"
    letter["Subject"], letter["Message-ID"] = "Street light out", f"<{secrets.token_hex(8)}@residents.example>"
    letter.set_content("The street light in front of 412 Oak St has been dark for a week.\n\nKind regards\nAda")
    return letter


def main() -> None:
    logs.configure("error")
    print(f"{'intake until durable':<24}{'bridge':>10}{'floor':>10}{'ratio':>8}{'to reach':>10}")
    for name, measure, wanted in (("SMS webhook, signed", texts, 0.5), ("SMTP", mails, 0.6)):
        for _ in range(RUNS):
            with tempfile.TemporaryDirectory() as folder:
                ours, floor = asyncio.run(measure(Path(folder)))
            print(f"{name:<24}{ours:>8.0f}/s{floor:>8.0f}/s{ours / floor:>8.2f}{wanted:>10.2f}")


if __name__ == "__main__":
    main()
