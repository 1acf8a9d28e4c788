"""A good server imitating bad ones: the faults and quirks real GeoReport servers were seen to have.

For tests, demos and for trying a client before it meets a real city. None of it is reachable unless
`CitySettings.imitate` is set: then it stands in front of the city, asks it for the right answer and spoils
that, so the city itself has not one line of it. What to imitate is chosen for each request by its
`X-Imitate: NAME[=ARGUMENT], …` header, beside what the settings name for every request.

    exchange   what is asked and answered, and the register of quirks
    faults     slow, dead, dropped, throttled, somebody else's page
    manners    how arguments, keys, ids and errors are taken
    shapes     how rows are typed, named and wrapped
    lists      service lists, definitions and discovery as found in the wild
    front      the ASGI front that applies them
"""

from bridge.city.imitation import faults, lists, manners, shapes
from bridge.city.imitation.exchange import QUIRKS, Choose, Chosen, parse
from bridge.city.imitation.front import Imitation, by_header, droppable

__all__ = [
    "QUIRKS",
    "Choose",
    "Chosen",
    "Imitation",
    "by_header",
    "droppable",
    "faults",
    "lists",
    "manners",
    "parse",
    "shapes",
]
