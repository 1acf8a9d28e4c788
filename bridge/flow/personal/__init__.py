"""Personal data in a resident's words: found, masked for the public description, and whose it is.

    published       words as a city may show them, and the contact of who wrote them
    find            phone numbers, e-mail addresses, names that a text introduces as such, number plates
    masked          the words with each replaced by what it was: "[phone]"
    own_contact     what the resident says of themselves, as GeoReport contact fields; nobody else's ever

A city publishes descriptions; these rules rather mask once too often than once too seldom, but a house number, a
date, a case number or a street named after someone is none. Names are masked after words that introduce them,
not wherever a capital stands: "Rosa Parks Ave" is a place. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from bridge.flow.personal.found import Personal, PersonalKind
from bridge.flow.personal.names import names
from bridge.flow.personal.numbers import emails, phones
from bridge.flow.personal.plates import plates
from bridge.vocabulary import Service

__all__ = ["Personal", "about_vehicles", "find", "masked", "own_contact", "published"]

CONTACT_FIELD: Mapping[PersonalKind, str] = {"phone": "phone", "email": "email"}


def published(text: str, service: Service | None) -> tuple[str, dict[str, str]]:
    """The text masked for a service, and the resident's own contact that was in it."""
    found = find(text, with_plates=not (service and about_vehicles(service)))
    return masked(text, found), own_contact(text, found)


def find(text: str, *, with_plates: bool = True) -> tuple[Personal, ...]:
    """What is personal in a text, in its order, nothing twice. `with_plates` False: number plates stay."""
    found = [*emails(text), *phones(text), *names(text), *(plates(text) if with_plates else ())]
    kept: list[Personal] = []
    for each in sorted(found, key=lambda one: (one.start, -one.end)):
        if not kept or each.start >= kept[-1].end:
            kept.append(each)
    return tuple(kept)


def masked(text: str, found: Sequence[Personal]) -> str:
    """The text with each found part replaced by its kind in brackets."""
    for each in reversed(found):
        text = f"{text[: each.start]}[{each.kind}]{text[each.end :]}"
    return text


def own_contact(text: str, found: Sequence[Personal]) -> dict[str, str]:
    """The resident's own data by GeoReport contact field."""
    contact: dict[str, str] = {}
    for each in found:
        words = text[each.start : each.end]
        if not each.own:
            continue
        if each.kind == "name":
            first, _, last = words.partition(" ")
            contact.setdefault("first_name", first)
            contact.update({"last_name": last} if last and "last_name" not in contact else {})
        elif each.kind in CONTACT_FIELD:
            contact.setdefault(CONTACT_FIELD[each.kind], words)
    return contact


_VEHICLES = re.compile(
    r"\b(vehicles?|cars?|autos?|automobiles?|trucks?|parking|parked|tow(ing)?|taxis?|scooters?|boats?|trailers?|"
    r"speeding|veh[ií]culos?|coches?|carros?|estacionamiento|estacionad\w+|gr[uú]a)\b",
    re.IGNORECASE,
)


def about_vehicles(service: Service) -> bool:
    """Whether a service is about vehicles: its reports keep the plates they name."""
    return bool(_VEHICLES.search(f"{service.service_name} {service.group}"))
