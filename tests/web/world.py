"""A console before a small city whose classifier knows three words and whose gazetteer two places.

The store, the flow and the console are the real ones; the ends (channel, city, understanding) are twins in memory.
"""

from __future__ import annotations

import itertools
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.routing import Mount

from bridge.errors import Permanent
from bridge.flow import dispatch, handling
from bridge.flow.intake import accepting
from bridge.flow.jurisdiction import Jurisdiction
from bridge.flow.settling import Handling
from bridge.ports import Transaction
from bridge.store.sqlite import SqliteStore
from bridge.store.wake import EmbeddedWake
from bridge.vocabulary import (
    Attachment,
    Classified,
    Earlier,
    Guess,
    Inbound,
    InboundKind,
    Located,
    Outbound,
    Pin,
    Place,
    Policy,
    Receipt,
    Sent,
    Service,
    Submission,
    ToStaff,
)
from bridge.vocabulary.console import Account, QueueItem, Role, SignedIn
from bridge.web.console import passwords
from bridge.web.console.app import console_app
from bridge.web.console.guard import COOKIE, hashed
from bridge.web.console.parts import MOUNT, Console
from config.catalog import load_catalog
from config.settings import ConsoleSettings

CITY, OTHER_CITY = "fairview", "riverton"
PASSWORD = "a long enough secret"
SERVICES = (
    Service("pothole", "Pothole"),
    Service("light", "Street light out"),
    Service("dumping", "Illegal dumping"),
)
OAK = Place("412 Oak St", 40.35, -99.51, 20, "house number")
ELM = Place("7 Elm St", 40.351, -99.512, 20, "house number")


@dataclass
class Clock:
    time: datetime = datetime(2026, 11, 23, 15, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


class Words:
    """Implements bridge.ports.Classifier: sure of a service whose word is said, of nothing else."""

    def classify(self, text: str, language: str) -> Classified:
        for word, code in (("hole", "pothole"), ("lamp", "light"), ("couch", "dumping")):
            if word in text.lower():
                return Classified((Guess(code, 0.9), Guess("dumping", 0.05)), 1.0)
        return Classified((Guess("pothole", 0.3), Guess("light", 0.2)), 1.0)

    def classify_parts(self, text: str, parts: Sequence[tuple[int, int]], language: str) -> list[Classified]:
        return [self.classify(said, language) for said in (text, *(text[start:end] for start, end in parts))]


class Places:
    """Implements bridge.ports.Locator."""

    def locate(self, text: str, language: str, last: Place | None = None) -> Located:
        known = [place for place in (OAK, ELM) if place.address.split()[1].lower() in text.lower()]
        return Located(candidates=tuple(known), ask=False)

    def at(self, pin: Pin) -> Place | None:
        return replace(OAK, lat=pin.lat, long=pin.long) if 40 < pin.lat < 41 else None


@dataclass
class City:
    """Takes every report, or refuses while `refusing`."""

    taken: list[Submission] = field(default_factory=list)
    refusing: bool = False

    async def services(self) -> Sequence[Service]:
        return SERVICES

    async def submit(self, submission: Submission) -> Receipt:
        if self.refusing:
            raise Permanent("refused", words="api_key=SECRETSECRET1 is not valid")
        self.taken.append(submission)
        return Receipt(str(1000 + len(self.taken)))


@dataclass
class Channel:
    """Keeps what was said."""

    said: list[Outbound] = field(default_factory=list)

    async def send(self, message: Outbound, earlier: Earlier | None = None) -> Sent:
        self.said.append(message)
        return Sent(f"out{len(self.said)}")


@dataclass
class World:
    clock: Clock
    store: SqliteStore
    city: City
    channel: Channel
    handling: Handling
    dispatch: dispatch.Dispatch
    app: Starlette
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    async def hears(self, text: str, sender: str = "+15550101", name: str = "", files: Sequence[str] = ()) -> None:
        """A resident writes, and everything that follows at once happens."""
        number = next(self.numbers)
        message = Inbound(
            "texts",
            "sms",
            InboundKind.MESSAGE,
            f"k{number}",
            sender,
            sender,
            self.clock.time,
            text=text,
            sender_name=name,
            attachments=tuple(Attachment("image/jpeg", f"m/{n}", n) for n in files),
        )
        await accepting(self.handling)([message])
        await self.settle()

    async def settle(self) -> None:
        await handling.look(self.handling)
        await handling.look_at_timers(self.handling)
        await dispatch.look(self.dispatch)

    async def passes(self, seconds: float) -> None:
        self.clock.time += timedelta(seconds=seconds)
        await self.settle()

    async def tasks(self) -> tuple[QueueItem, ...]:
        return await self.store.read(lambda tx: tx.console.queue(()))

    async def stuck(self, text: str = "a lamp is dark somewhere", sender: str = "+15550101") -> QueueItem:
        """A report whose place the resident cannot tell, handed over to staff."""
        for words in (text, "no idea", "really no idea"):
            await self.hears(words, sender)
        found = [task for task in await self.tasks() if task.address == sender]
        assert found, "the bridge did not hand it over"
        return found[-1]

    async def task_in(self, city_id: str) -> QueueItem:
        """A task of another city."""
        task = await self.stuck(sender=f"+1555{next(self.numbers):07d}")

        def move(tx: Transaction) -> None:
            conversation = tx.conversation(task.conversation_id)
            tx.add_staff_task(replace(conversation, city_id=city_id), ToStaff("human", "of the other city"), None)

        await self.store.write(move)
        return next(task for task in await self.tasks() if task.city_id == city_id)

    async def account(self, role: Role, cities: tuple[str, ...] = ()) -> Account:
        made = Account(
            "",
            f"{role}{next(self.numbers)}@city.example",
            f"{role.title()} Reed",
            role,
            cities,
            password_hash=await _hash(),
        )
        return await self.store.write(lambda tx: tx.console.add_account(made))

    def visitor(self) -> httpx.AsyncClient:
        """A browser that is not signed in."""
        transport = httpx.ASGITransport(app=self.app, client=("192.0.2.7", 1))
        return httpx.AsyncClient(transport=transport, base_url="http://console.example", follow_redirects=False)

    async def clerk(self, role: Role = "agent", cities: tuple[str, ...] = ()) -> Clerk:
        """Somebody who signed in a moment ago."""
        account, token = await self.account(role, cities), secrets.token_hex(8)
        until = self.clock.time + timedelta(hours=10)
        session = SignedIn(hashed(token), account, secrets.token_hex(8), self.clock.time, self.clock.time, until)
        await self.store.write(lambda tx: tx.console.open_session(session, "192.0.2.7"))
        browser = self.visitor()
        browser.cookies.set(COOKIE, token)
        return Clerk(browser, account, session.csrf)

    async def through_the_door(self, role: Role = "agent") -> Clerk:
        """Somebody who signs in with their password."""
        account = await self.account(role)
        browser = self.visitor()
        page = await browser.get(f"{MOUNT}/login")
        answer = await browser.post(
            f"{MOUNT}/login",
            data={"email": account.email, "password": PASSWORD, "token": field_of(page.text, "token")},
        )
        assert answer.status_code == 303, answer.text
        return Clerk(browser, account, field_of((await browser.get(f"{MOUNT}/me")).text, "csrf"))


_kept: list[str] = []


async def _hash() -> str:
    if not _kept:
        _kept.append(await passwords.make_hash(PASSWORD))
    return _kept[0]


@dataclass
class Clerk:
    """Somebody signed in."""

    browser: httpx.AsyncClient
    account: Account
    csrf: str = ""

    async def get(self, path: str, **query: str) -> httpx.Response:
        return await self.browser.get(f"{MOUNT}{path}", params=query)

    async def post(self, path: str, csrf: str | None = None, **form: str) -> httpx.Response:
        """Sends a form as the page would have, or with a token of the caller's."""
        token = self.csrf if csrf is None else csrf
        return await self.browser.post(f"{MOUNT}{path}", data={**form, "csrf": token})


def field_of(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found, f"the page has no field {name}"
    return found[1]


def make(folder: Path, **settings: object) -> World:
    clock = Clock()
    store = SqliteStore(folder / "bridge.db", clock, EmbeddedWake())
    city, channel = City(), Channel()
    jurisdictions = {}
    for city_id in (CITY, OTHER_CITY):
        jurisdictions[city_id] = Jurisdiction(
            id=city_id,
            name=f"City of {city_id.title()}",
            endpoint=city,  # type: ignore[arg-type]  # it is asked no more than this
            locator=Places(),
            bind_classifier=lambda _: Words(),
            detect=lambda text, known: known or "en",
            policy=Policy(),
        )
        jurisdictions[city_id].offer(SERVICES)
    work = Handling(store, clock, load_catalog(), jurisdictions, {"texts": (CITY,)})
    console = Console(
        handling=work,
        settings=ConsoleSettings(**settings),  # type: ignore[arg-type]  # checked by the model
        secret=b"0" * 32,
        catalog=work.catalog,
        public_url="http://console.example",
        city_settings={CITY: {"endpoint": "https://city.example"}},
        learns=True,
    )
    app = Starlette(routes=[Mount(MOUNT, console_app(console))])
    dispatching = dispatch.Dispatch(work, {"texts": channel})  # type: ignore[dict-item]  # it only sends
    return World(clock, store, city, channel, work, dispatching, app)
