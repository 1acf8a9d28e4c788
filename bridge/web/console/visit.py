"""One request of one person, and the page they get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bridge.errors import BridgeError
from bridge.flow.staffing import Person, Unknown
from bridge.ports import Store
from bridge.vocabulary.console import Account, SignedIn, Trace
from bridge.web.console.parts import MOUNT, Console

LONGEST_FIELD = 4000
SECTIONS = (
    "queue",
    "conversations",
    "requests",
    "desk",
    "figures",
    "duty",
    "setup",
    "people",
    "audit",
)  # what the navigation names


class Wrong(BridgeError):
    """What a form holds cannot be done; the message says why."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A request whose sender is known, whose role was checked and whose form is their own."""

    request: Request
    console: Console
    session: SignedIn
    templates: Environment
    form: FormData

    @property
    def me(self) -> Account:
        return self.session.account

    @property
    def person(self) -> Person:
        return Person(self.me, address_of(self.request), self.console.undo)

    @property
    def store(self) -> Store:
        return self.console.handling.store

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query_params

    @property
    def part(self) -> bool:
        """Whether a part of a page is asked for, to be put into the one that is shown."""
        return "hx-request" in self.request.headers

    def path(self, name: str) -> str:
        return str(self.request.path_params[name])

    def field(self, name: str, longest: int = LONGEST_FIELD) -> str:
        """A form field as text, without what no text holds; files and absent fields are ""."""
        value = self.form.get(name, "")
        return value.replace("\x00", "").strip()[:longest] if isinstance(value, str) else ""

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        return HTMLResponse(self.render(template, **values), status)

    def render(self, template: str, **values: Any) -> str:
        console = self.console
        return self.templates.get_template(template).render(
            me=self.me,
            csrf=self.session.csrf,
            now=console.handling.clock.now(),
            cities=self.cities,
            settings=console.settings,
            desks=[city_id for city_id in console.desks if self.me.serves(city_id)],
            path=self.request.url.path,
            sections=SECTIONS,
            query=dict(self.query),
            **values,
        )

    @property
    def cities(self) -> dict[str, str]:
        """The cities this person works for, by id."""
        known = self.console.handling.jurisdictions
        return {city.id: city.name for city in known.values() if self.me.serves(city.id)}

    def city(self) -> str:
        """The city that a page is asked for, else the first of this person's."""
        asked = self.query.get("city", "")
        if asked in self.cities:
            return asked
        mine = next(iter(self.cities), "")
        if not mine:
            raise Unknown("there is no city here")
        return mine

    def zone(self, city_id: str) -> str:
        city = self.console.handling.jurisdictions.get(city_id)
        return city.time_zone if city else "UTC"

    def see(self, city_id: str) -> None:
        """Raises Unknown for a thing of a city this person does not work for."""
        if not self.me.serves(city_id):
            raise Unknown("there is no such thing")

    async def looked(self, subject: str, subject_id: str, **detail: str) -> None:
        """Keeps that this person looked at somebody's data."""
        await self.trace("looked", subject, subject_id, **detail)

    async def trace(self, action: str, subject: str = "", subject_id: str = "", **detail: str) -> None:
        entry = Trace(action, subject, subject_id, detail, self.me.id, self.me.name, address_of(self.request))
        await self.console.handling.store.write(lambda tx: tx.console.audit(entry))


def address_of(request: Request) -> str:
    return request.client.host if request.client else ""


def to(path: str, **query: str) -> Response:
    """After a change: to the page that shows it."""
    asked = f"?{urlencode(query)}" if query else ""
    return RedirectResponse(f"{MOUNT}{path}{asked}", 303)
