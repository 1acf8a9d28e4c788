"""What is odd about what the cities offer: for whoever keeps a city's service list."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from bridge.vocabulary import Oddity
from bridge.web.console.visit import Visit


@dataclass(frozen=True, slots=True)
class Offered:
    """One city: its name, how many services it offers, what is odd about them."""

    id: str
    name: str
    services: int
    oddities: tuple[Oddity, ...]


async def cities(visit: Visit) -> Response:
    known, store = visit.console.handling.jurisdictions, visit.console.handling.store
    found = await store.read(lambda tx: {city_id: tx.oddities(city_id) for city_id in visit.cities})
    shown = [Offered(id, name, len(known[id].services), found[id]) for id, name in visit.cities.items()]
    return visit.page("cities.html", offered=shown)
