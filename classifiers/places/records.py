"""What a gazetteer is made of: the records that every form of source is read into."""

from __future__ import annotations

import re
from dataclasses import dataclass

from classifiers.places.geometry import Line, Point


@dataclass(frozen=True, slots=True)
class StreetLine:
    """A stretch of a street; `low` and `high` are the house numbers at its start and end, where known."""

    name: str
    line: Line
    low: int | None = None
    high: int | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AddressPoint:
    """A house number with its place. `street` may drag a city behind it; `loose` says it is a report's pin."""

    low: int
    high: int
    street: str
    at: Point
    district: str = ""
    loose: bool = False


@dataclass(frozen=True, slots=True)
class Landmark:
    """A named place that is no street. `radius_m` is how far it reaches from its middle."""

    name: str
    at: Point
    radius_m: float = 40.0
    aliases: tuple[str, ...] = ()
    category: str = ""
    address: str = ""
    loose: bool = False


@dataclass(frozen=True, slots=True)
class Area:
    """A city's boundary, or one of its districts."""

    name: str
    boundary: bool
    rings: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class CrossingPin:
    """A report's pin on "Elm St & University Pl"; either name may drag a city behind it."""

    one: str
    two: str
    at: Point


@dataclass(frozen=True, slots=True)
class Asset:
    """A thing with a number on it: a pole, a hydrant, a motorway exit ("exit"), a mile marker ("mile")."""

    kind: str
    number: str
    at: Point


Record = StreetLine | AddressPoint | CrossingPin | Landmark | Area | Asset

_NUMBER = re.compile(
    r"\s*#?(\d{1,6})[a-zA-Z]?(?:\s*(?:[-–/&]|\band\b|\by\b)\s*#?(\d{1,6})[a-zA-Z]?)?(?:\s+1/2)?\b[\s,]*(.*)",
    re.DOTALL,
)


def house_number(text: str) -> tuple[int, int, str] | None:
    """Splits "22-26 Elm St" into 22, 26 and "Elm St"; None when it starts with no number."""
    match = _NUMBER.match(text)
    if not match or not match[3]:
        return None
    low = int(match[1])
    high = int(match[2]) if match[2] else low
    if match[2] and len(match[2]) < len(match[1]):  # "122-26" means 122 to 126
        high = int(match[1][: -len(match[2])] + match[2])
    return (low, high, match[3].strip()) if high >= low else (low, low, match[3].strip())
