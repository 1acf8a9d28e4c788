"""Open requests close to a place, as the city lists them: for a resident who may be telling of the same thing.

One read, the newest first; a city whose list is longer shows what fits into it. GeoReport v2 has no filter by
distance, so distance is reckoned here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from bridge.open311.endpoint import Endpoint
from bridge.open311.listing import Query, listing
from bridge.vocabulary import ServiceRequest

METRES_A_DEGREE = 111_320.0
SPARE = 3  # reads a minute that are left for following what was filed


@dataclass(frozen=True, slots=True)
class Around:
    """A circle: its middle in WGS84 degrees, its radius in metres."""

    lat: float
    long: float
    metres: float

    def holds(self, row: ServiceRequest) -> bool:
        """Whether the request is within; never for one without coordinates."""
        if row.lat is None or row.long is None:
            return False
        north = (row.lat - self.lat) * METRES_A_DEGREE
        east = (row.long - self.long) * METRES_A_DEGREE * math.cos(math.radians(self.lat))
        return math.hypot(north, east) <= self.metres


async def nearby(
    endpoint: Endpoint, service_code: str, around: Around, since: datetime, until: datetime
) -> tuple[ServiceRequest, ...]:
    """The open ones within the circle. Raises Retryable, Permanent."""
    query = Query(since, until, (service_code,), ("open",), reads=1)
    found = await listing(endpoint, query, spare=SPARE)
    return tuple(
        row
        for row in found.rows
        if row.status == "open"
        and row.service_request_id
        and row.service_code in ("", service_code)
        and around.holds(row)
    )
