"""Things with a number on them: poles, hydrants and other assets, motorway exits, mile markers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from classifiers.gazetteer import Asset, Gazetteer
from classifiers.places import geometry, resolve
from classifiers.places.resolve import Found

_NUMBER = re.compile(r"(?=[\w-]*\d)[A-Za-z]{0,3}-?[\w-]+$")
_MARKER = re.compile(r"(?P<exit>exit|salida)|(?P<mile>mile|mm|milla)", re.IGNORECASE)
_KINDS = (
    ("hydrant", re.compile(r"hydrant|hidrante", re.IGNORECASE)),
    ("manhole", re.compile(r"manhole|alcantarilla", re.IGNORECASE)),
    ("cabinet", re.compile(r"cabinet", re.IGNORECASE)),
    ("pole", re.compile(r"pole|post|light|lamp|lumina", re.IGNORECASE)),
)
_MARKERS = ("exit", "mile")
_POLE_M, _MARKER_M = 10.0, 150.0
_ONE_PLACE_M, _BESIDE_ROAD_M = 800.0, 400.0


def is_marker(text: str) -> bool:
    """Whether a highway mention is an exit or a mile marker, not the road itself."""
    return bool(_MARKER.match(text))


def asset(gazetteer: Gazetteer, text: str) -> list[Found]:
    """The places of "pole 4471": of the kind that is said, where one of that kind has the number."""
    if not (number := _NUMBER.search(text)):
        return []
    known = [a for a in gazetteer.assets(number[0]) if a.kind not in _MARKERS]
    said = next((kind for kind, pattern in _KINDS if pattern.search(text)), "")
    return [_found(gazetteer, a) for a in ([a for a in known if a.kind == said] or known)]


def _found(gazetteer: Gazetteer, a: Asset) -> Found:
    near = gazetteer.nearest_address(a.at)
    label = f"{a.kind} {a.number}"
    return Found(a.at, f"{label}, near {near[0]}" if near else label, _POLE_M, "number of the asset")


def marker(gazetteer: Gazetteer, text: str, roads: Sequence[str]) -> list[Found]:
    """The places of an exit or a mile marker, on one of some roads when any is named."""
    said, number = _MARKER.match(text), _NUMBER.search(text)
    if not said or not number:
        return []
    known = [a for a in gazetteer.assets(number[0]) if a.kind == said.lastgroup]
    streets = [m.street for road in roads for m in resolve.streets_of(gazetteer, road)]
    lines = [r.line for street in streets for r in gazetteer.lines(street.id)]
    points = [a.at for a in known if not lines or _beside(a, lines)]
    name = f"{said.lastgroup} {known[0].number}" if known else ""
    label = ", ".join([*(street.name for street in streets[:1]), name])
    groups = geometry.clusters(points, _ONE_PLACE_M)  # one exit has a point on either carriageway
    return [Found(geometry.middle(group), label, _reach(group), f"{said.lastgroup} number") for group in groups]


def _beside(a: Asset, lines: Sequence[geometry.Line]) -> bool:
    return any(geometry.nearest_on(line, a.at)[1] <= _BESIDE_ROAD_M for line in lines)


def _reach(group: Sequence[geometry.Point]) -> float:
    middle = geometry.middle(group)
    return max(_MARKER_M, *(geometry.metres(middle, p) for p in group))
