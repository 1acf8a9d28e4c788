"""Set-up: services, cities, channels, texts. What the settings file sets is only shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from starlette.responses import Response

from bridge import segments
from bridge.errors import BridgeError
from bridge.flow.jurisdiction import Jurisdiction
from bridge.flow.settling import Handling
from bridge.flow.staffing import Unknown
from bridge.ports import Transaction
from bridge.vocabulary.console import Template
from bridge.web.console.parts import Console
from bridge.web.console.visit import Visit, Wrong, to
from config.catalog import EditedCatalog, GettextCatalog

LANGUAGES = {"en": "English", "es": "Spanish"}
SAMPLES: Mapping[str, str] = {
    "city": "City of Fairview",
    "service": "Street light out",
    "place": "412 Oak St",
    "id": "10001",
    "reference": "B7KQ2M9X",
    "note": "The lamp burns again.",
    "emergency": "911",
    "crisis": "988",
    "hours": "Mon-Fri 8-5",
    "url": "https://city.example/privacy",
    "link": "https://city.example/p/1",
    "date": "12/24",
    "other": "Tree trimming",
    "street": "Oak St",
    "question": "How deep is it?",
    "one": "Pothole",
    "two": "Graffiti",
    "text": "A crew will come this week.",
}


@dataclass(frozen=True, slots=True)
class Message:
    """A text residents read, as it is now in one language."""

    id: str
    text: str
    preview: str
    segments: int
    changed: bool


@dataclass(frozen=True, slots=True)
class ShownCity:
    """A city as its page shows it. `silent_until`: until when it is left alone, None while it answers."""

    name: str
    endpoint: str
    services: int
    languages: tuple[str, ...]
    zone: str
    silent_until: datetime | None
    settings: tuple[tuple[str, str], ...]


async def services(visit: Visit) -> Response:
    city_id = visit.city()
    city = visit.console.handling.jurisdictions[city_id]
    own = await visit.store.read(lambda tx: tx.console.thresholds(city_id))
    rows = sorted(city.services.values(), key=lambda service: (service.group, service.service_name))
    return visit.page(
        "setup_services.html",
        tab="services",
        city_id=city_id,
        rows=rows,
        own=own,
        policy=city.policy,
        oddities=await visit.store.read(lambda tx: tx.oddities(city_id)),
        zone=visit.zone(city_id),
    )


async def set_threshold(visit: Visit) -> Response:
    city_id, code = visit.field("city", 60), visit.field("service_code", 120)
    city = visit.console.handling.jurisdictions.get(city_id)
    if city is None or city_id not in visit.cities or code not in city.services:
        raise Unknown("there is no such service")
    given = visit.field("submit", 10)
    try:
        submit = float(given) / 100 if given else None
    except ValueError:
        raise Wrong("A threshold is a number of percent.") from None
    if submit is not None and not 0 <= submit <= 1:
        raise Wrong("A threshold lies between 0 and 100 percent.")
    work = visit.console.handling
    await work.store.write(lambda tx: tx.console.set_threshold(city_id, code, submit))
    await visit.trace("threshold.set", "service", code, city=city_id, submit=given or "as the city's")
    await take_up(work, visit.console.catalog)
    return to("/setup", city=city_id, saved="yes")


async def cities(visit: Visit) -> Response:
    health = visit.console.circuits()
    now = visit.console.handling.clock.now()
    rows = [
        _shown(city, health.get(city.id, (None,)), visit.console.city_settings.get(city.id, {}))
        for city in visit.console.handling.jurisdictions.values()
        if visit.me.serves(city.id)
    ]
    return visit.page("setup_cities.html", tab="cities", rows=rows, moment=now)


async def channels(visit: Visit) -> Response:
    accounts = [account for account in visit.console.accounts if any(map(visit.me.serves, account.cities))]

    def read(tx: Transaction) -> list[object]:
        return [tx.console.last_heard(account.id) for account in accounts]

    heard = await visit.store.read(read)
    rows = list(zip(accounts, heard, strict=True))
    return visit.page("setup_channels.html", tab="channels", rows=rows, said=visit.query.get("said", ""))


async def send_test(visit: Visit) -> Response:
    """One message to an address of one's own, by the account's own channel."""
    account, address = visit.path("id"), visit.field("address", 200)
    if visit.console.test is None or account not in [known.id for known in visit.console.accounts]:
        raise Unknown("there is no such account")
    try:
        await visit.console.test(account, address)
        said = f"{account} took the test message for {address}."
    except BridgeError as error:
        said = f"{account} did not take it: {error}"
    await visit.trace("channel.tested", "account", account)
    return to("/setup/channels", said=said)


async def words(visit: Visit) -> Response:
    language = visit.query.get("language", "en")
    catalog = _catalog(visit.console)
    chosen = language if language in catalog.written.texts else "en"
    return visit.page(
        "setup_words.html",
        tab="words",
        language=chosen,
        languages=LANGUAGES,
        rows=[_message(catalog, id_, chosen) for id_ in catalog.written.texts["en"]],
        wrong="",
    )


async def preview(visit: Visit) -> Response:
    """How a text would read, and how many segments it takes."""
    text = visit.field("text", 1000)
    fault = _catalog(visit.console).fault(visit.field("message_id", 60), text)
    shown = "" if fault else _filled(text)
    return visit.page("setup_preview.html", fault=fault, preview=shown, segments=segments.count(shown))


async def set_words(visit: Visit) -> Response:
    language, id_, text = visit.field("language", 8), visit.field("message_id", 60), visit.field("text", 1000)
    catalog = _catalog(visit.console)
    fault = catalog.fault(id_, text)
    if fault or language not in catalog.written.texts:
        raise Wrong(f"The text was not kept: {fault or 'there is no such language'}.")
    text = " ".join(text.split())
    own = "" if text == catalog.written.texts[language].get(id_) else text
    work = visit.console.handling
    await work.store.write(lambda tx: tx.console.set_wording(language, id_, own))
    await visit.trace("wording.set", "message", id_, language=language)
    await take_up(work, visit.console.catalog)
    return to("/setup/words", language=language, saved="yes")


async def templates(visit: Visit) -> Response:
    kept = await visit.store.read(lambda tx: tx.console.templates())
    return visit.page("setup_templates.html", tab="templates", rows=kept)


async def keep_template(visit: Visit) -> Response:
    title, text = visit.field("title", 80), visit.field("text", 1000)
    if not title or not text:
        raise Wrong("A template has a title and a text.")
    made = Template(visit.field("id", 40), "", title, text)
    await visit.store.write(lambda tx: tx.console.keep_template(made))
    await visit.trace("template.kept", "template", title)
    return to("/setup/templates", saved="yes")


async def drop_template(visit: Visit) -> Response:
    id_ = visit.path("id")
    await visit.store.write(lambda tx: tx.console.drop_template(id_))
    await visit.trace("template.dropped", "template", id_)
    return to("/setup/templates", saved="yes")


async def take_up(work: Handling, catalog: object) -> None:
    """Puts what was set here into effect in this process; others look now and then."""
    for city in work.jurisdictions.values():
        own = await work.store.read(lambda tx, id_=city.id: tx.console.thresholds(id_))  # type: ignore[misc]
        if own != city.policy.submit_of:
            city.policy = replace(city.policy, submit_of=own)
    if isinstance(catalog, EditedCatalog):
        catalog.edited = await work.store.read(lambda tx: tx.console.wordings())


def _shown(city: Jurisdiction, health: Sequence[datetime | None], plain: Mapping[str, Any]) -> ShownCity:
    return ShownCity(
        name=city.name,
        endpoint="the embedded city" if plain.get("embedded") else str(plain.get("endpoint") or "its profile"),
        services=len(city.services),
        languages=tuple(LANGUAGES.get(code, code) for code in city.languages),
        zone=city.time_zone,
        silent_until=next(iter(health), None),
        settings=tuple((name, _value(value)) for name, value in plain.items() if value not in (None, "", [], {})),
    )


def _value(value: object) -> str:
    """A setting as a person writes it."""
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case list():
            return ", ".join(map(_value, value))
        case dict():
            return "; ".join(f"{name}: {_value(inner)}" for name, inner in value.items())
        case _:
            return str(value)


def _catalog(console: Console) -> EditedCatalog:
    catalog = console.catalog
    if isinstance(catalog, EditedCatalog):
        return catalog
    assert isinstance(catalog, GettextCatalog)
    return EditedCatalog(catalog)


def _message(catalog: EditedCatalog, id_: str, language: str) -> Message:
    written = catalog.written.texts[language].get(id_) or catalog.written.texts["en"][id_]
    text = catalog.edited.get((language, id_), written)
    shown = _filled(text)
    return Message(id_, text, shown, segments.count(shown), text != written)


def _filled(text: str) -> str:
    for name, sample in SAMPLES.items():
        text = text.replace(f"%({name})s", sample)
    return text
