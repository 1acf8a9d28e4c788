"""A GeoReport v2 client that survives real servers: `Client` is the City port, `Profile` a city's quirks.

profile     the quirk switches, each with its reason
client      the City port
endpoint    reads in any format that works, posts, pace and circuit      exchange   one HTTP call
listing     request lists by time window                                 matching   is this row ours?
form        a submission as a form                                       attributes answers, checked
answers     what an HTTP answer means                                    circuit    pauses and pace
wire        trees to vocabulary          shapes, instants, documents     bytes to trees, and single values
"""

from bridge.open311.client import Client
from bridge.open311.endpoint import Endpoint, SystemClock
from bridge.open311.listing import Listing, Query
from bridge.open311.profile import Profile
from bridge.open311.shown import File

__all__ = ["Client", "Endpoint", "File", "Listing", "Profile", "Query", "SystemClock"]
