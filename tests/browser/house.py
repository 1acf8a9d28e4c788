"""A city hall: a running bridge among its providers, and a browser in front of its console."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Browser, Page

from bridge.demo.show import CITY, Town, town
from bridge.vocabulary import Draft, Guess, Place
from bridge.vocabulary.console import Account, QueueItem, Role
from bridge.web.console import passwords
from bridge.web.console.parts import MOUNT

PASSWORD = "a long enough secret"
OAK = Place("412 Oak St", 40.3474, -99.51217, 20, "house number")
UNDO = "OPEN311_BRIDGE_CONSOLE__UNDO_SECONDS"


@dataclass
class House:
    """The bridge, the browser, and what went wrong in its pages."""

    town: Town
    browser: Browser
    residents: int = 100
    faults: list[str] = field(default_factory=list)

    @property
    def store(self):  # the bridge's own
        return self.town.bridge.store

    def url(self, path: str) -> str:
        return f"{self.town.url}{MOUNT}{path}"

    async def clerk(self, role: Role = "admin", **options: object) -> Page:
        """A page of somebody who has just signed in through the form."""
        email = f"clerk{self.residents}@city.example"
        self.residents += 1
        kept = await passwords.make_hash(PASSWORD)
        made = Account("", email, "Ana Ruiz", role, password_hash=kept)
        await self.store.write(lambda tx: tx.console.add_account(made))
        page = await self.visitor(**options)
        await page.goto(self.url("/login"))
        await page.fill("#email", email)
        await page.fill("#password", PASSWORD)
        await page.press("#password", "Enter")
        await page.wait_for_url("**/queue")
        return page

    async def visitor(self, **options: object) -> Page:
        context = await self.browser.new_context(**{"viewport": {"width": 1280, "height": 860}, **options})  # type: ignore[arg-type]
        page = await context.new_page()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda said: self.faults.append(said.text) if said.type == "error" else None)
        return page

    async def waiting(
        self, words: str = "the lamp by the school is dark"
    ) -> tuple[QueueItem, Callable[[], list[str]]]:
        """A report of a new resident's that waits for a person, understood but for its service; and what the
        resident has heard."""
        phone = self.town.phone("sms", self.residents)
        self.residents += 1
        await phone.say("can I talk to a person")
        await phone.hear()
        number = phone.number  # type: ignore[attr-defined]
        rows = await self.store.read(lambda tx: tx.console.queue((), "", "human"))
        task = next(row for row in rows if row.address == number)
        guesses = (Guess("street-light", 0.4), Guess("graffiti", 0.2))
        draft = Draft(words=(words,), guesses=guesses, service_code="street-light", place=OAK)
        await self.store.write(lambda tx: tx.console.keep_draft(task.id, draft))
        return task, phone.messages  # type: ignore[attr-defined]


@contextlib.asynccontextmanager
async def house(models_dir: Path, browser: Browser) -> AsyncIterator[House]:
    """Undoing is possible for half a second, so that what a clerk does is seen soon."""
    before = os.environ.get(UNDO)
    os.environ[UNDO] = "0.5"
    try:
        async with town(models_dir, 0, lambda _: None) as here:
            yield House(here, browser)
    finally:
        os.environ.pop(UNDO)
        if before:
            os.environ[UNDO] = before


__all__ = ["CITY", "OAK", "PASSWORD", "House", "house"]
