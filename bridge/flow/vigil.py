"""Who is told of what is left lying: overdue items, emergencies, silent cities and providers, in one letter.

A department may get the report itself once its deadline has passed. Letters are sent at least once: what was told
is marked only when the mail server has taken it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bridge.errors import BridgeError
from bridge.flow.settling import Handling
from bridge.ports import Mailer
from bridge.vocabulary.console import QueueItem

log = logging.getLogger(__name__)

LONG_OPEN = timedelta(minutes=30)
MOST_LISTED = 50
AT_ONCE = ("emergency", "threat")
OF_A_REPORT = ("no_place", "no_service", "no_answer", "unfinished", "refused", "unsure")

Circuits = Callable[[], Mapping[str, tuple[datetime | None, ...]]]
"""Until when the calls to each city are held back, None for those that are not."""


@dataclass
class Vigil:
    """What it needs, and what it remembers: since when a city is silent, and when the last letter went.

    `fallbacks` maps a city to the address of the department that gets overdue reports.
    """

    handling: Handling
    mailer: Mailer
    addresses: Sequence[str]
    fallbacks: Mapping[str, str]
    circuits: Circuits
    link: str
    refused_keys: Callable[[], Mapping[str, str]] = dict  # cities that refuse our key, and their words
    digest: timedelta = timedelta(minutes=15)
    silent_since: dict[str, datetime] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    last_letter: datetime | None = None


async def look(vigil: Vigil) -> None:
    """Sends what is due to be told."""
    work, now = vigil.handling, vigil.handling.clock.now()
    overdue = await work.store.read(lambda tx: tx.console.unalerted(now, MOST_LISTED))
    refused = vigil.refused_keys()
    standing = [*_refused_keys(refused), *_silent_cities(vigil, refused, now), *await _stuck(vigil, now)]
    vigil.told.intersection_update(standing)  # what is over is told again when it comes again
    troubles = [trouble for trouble in standing if trouble not in vigil.told]
    urgent = any(item.reason in AT_ONCE for item in overdue)
    rested = vigil.last_letter is None or now - vigil.last_letter >= vigil.digest
    if not (overdue or troubles) or not (urgent or rested):
        return
    try:
        if vigil.addresses:
            await _tell(vigil, overdue, troubles)
        for item in overdue:
            await _hand_on(vigil, item)
    except BridgeError as error:
        log.warning("duty letter not sent", extra={"error": str(error)})
        return
    vigil.last_letter = now
    vigil.told.update(troubles)
    ids = [item.id for item in overdue]
    await work.store.write(lambda tx: tx.console.mark_alerted(ids))
    log.info("duty told", extra={"items": len(ids), "troubles": len(troubles)})


def _refused_keys(refused: Mapping[str, str]) -> list[str]:
    """Cities that take no report of ours until somebody mends our key."""
    return [
        f"{city_id} refuses our API key; its reports are held until it is mended. It says: {words}"
        for city_id, words in refused.items()
    ]


def _silent_cities(vigil: Vigil, refused: Mapping[str, str], now: datetime) -> list[str]:
    """Cities whose circuit has been open for long."""
    lines = []
    for city_id, until in vigil.circuits().items():
        if not any(moment and moment > now for moment in until):
            vigil.silent_since.pop(city_id, None)
            continue
        if city_id in refused:
            continue  # it answers, and is told of
        since = vigil.silent_since.setdefault(city_id, now)
        if now - since >= LONG_OPEN:
            lines.append(f"The endpoint of {city_id} has not answered since {since:%Y-%m-%d %H:%M} UTC.")
    return lines


async def _stuck(vigil: Vigil, now: datetime) -> list[str]:
    """Accounts whose messages have not left for long: the provider is down, or has suspended the account."""
    stuck = await vigil.handling.store.read(lambda tx: tx.console.stuck_accounts(now - LONG_OPEN))
    return [
        f"Messages of the account {account} do not leave; the oldest waits since {since:%H:%M} UTC."
        for account, since in stuck
    ]


async def _tell(vigil: Vigil, overdue: Sequence[QueueItem], troubles: Sequence[str]) -> None:
    """One letter to each address. It names no resident: mail is read on many screens."""
    count = len(overdue) + len(troubles)
    lines = [
        f"- {item.reason.replace('_', ' ')}, {item.city_id}: {vigil.link}/queue/{item.id}" for item in overdue
    ]
    text = "\n".join(["These need a person now:", "", *lines, *(f"- {trouble}" for trouble in troubles), ""])
    for address in vigil.addresses:
        await vigil.mailer.send(address, f"Report service: {count} thing{'s' if count != 1 else ''} waiting", text)


async def _hand_on(vigil: Vigil, item: QueueItem) -> None:
    """The report itself, to the department that deals with what the console did not."""
    address = vigil.fallbacks.get(item.city_id, "")
    if not address or item.reason not in OF_A_REPORT:
        return
    draft = item.draft
    words = "\n".join(draft.words) if draft and draft.words else item.note
    place = draft.place.address if draft and draft.place else "not known"
    service = draft.service_code if draft and draft.service_code else "not known"
    text = f"{words}\n\nPlace: {place}\nService: {service}\nWhere it waits: {vigil.link}/queue/{item.id}\n"
    await vigil.mailer.send(address, f"Report from a resident ({item.reason.replace('_', ' ')})", text)
