"""Which of a text's mentions say where it is, best kind of evidence first, and what they say together.

Coordinates, a house number, a corner or stretch, two streets said apart, a landmark on a street, a landmark,
a street: the first kind that resolves is the answer; weaker mentions only choose between its candidates.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, islice

from bridge.vocabulary import Mention, MentionKind
from classifiers.gazetteer import Gazetteer
from classifiers.places import coordinates, evidence, geometry, numbered, pluscodes, resolve, shapes, towns
from classifiers.places.coordinates import Spotted
from classifiers.places.geometry import Point
from classifiers.places.grammar import Joined
from classifiers.places.records import house_number
from classifiers.places.resolve import Found
from classifiers.places.words import fold

_CONTEXT_M = 400.0
_SAME_PLACE_M = 150.0
_LAST_PLACE_M = 500.0
_NEARNESS = re.compile(
    r"(?:[\s,.()-]|\b(?:near|by|at|close|to|corner|corners|intersection|intersections|of|with|in|front|across|from|just|right|"
    r"around|and|on|the|next|opposite|side|street|north|south|east|west|northbound|southbound|eastbound|westbound|[nsew]b|bound|lanes?|cerca|con|en|la|el|de|esquina|casi|junto|frente|a)\b)*",
    re.IGNORECASE,
)
_LISTED = re.compile(r"\s*,?\s*(?:and|y|n|e)\s+(?:the\s+|la\s+)?", re.IGNORECASE)
_CORNER_CUE = re.compile(
    r"corner|intersection|junction|crosswalk|light|sign|\b(?:at|on|near|by|of|in|en|location:?)\s+(?:the\s+|la\s+)?$|@\s*$"
    r"|\b(?:esquina|cruce|intersecci[oó]n|sem[aá]foro)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d]")
_AREA_BEHIND = re.compile(r"\W*(?:the\s+)?(?:area|vicinity|neighbou?rhood)s?\b", re.IGNORECASE)
_AREA_BEFORE = re.compile(
    r"\b(?:area|vicinity|neighbou?rhood|somewhere|zona|alrededores)\s+(?:(?:of|near|around|by|on|at|del?|cerca)\s+)?(?:the\s+|la\s+)?$",
    re.IGNORECASE,
)
_APART = re.compile(r"\b(?:from|to)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reading:
    """A text with its mentions, to be resolved against one gazetteer."""

    gazetteer: Gazetteer
    text: str
    said: Sequence[Joined]

    def of_kind(self, *kinds: MentionKind) -> list[Mention]:
        return [j.mention for j in self.said if j.mention.kind in kinds]


def places(reading: Reading) -> list[Found]:
    """The places a text may mean, by its best kind of evidence; none when nothing resolves."""
    unknown_town = bool(_other_towns(reading))
    for kind in _EVIDENCE:
        if found := kind(reading):
            doubted = [unknown_town or (kind in _DOUBTED and _contradicted(reading, f)) for f in found]
            return [replace(f, vague=f.vague or doubt) for f, doubt in zip(found, doubted, strict=True)]
    return []


def elsewhere(reading: Reading) -> bool:
    """Whether a place is said to be in a known town that is not this one: "500 Main St Houston TX"."""
    return any(evidence.is_town(town) for town in _other_towns(reading))


def _other_towns(reading: Reading) -> list[str]:
    """The towns said behind places, with their state or postcode, that are neither this city nor in it."""
    gazetteer, placed = reading.gazetteer, reading.of_kind("address", "intersection", "street", "block")
    if not gazetteer.knows_city():
        return []
    said = [town for m in placed if (town := towns.behind(reading.text, m))]
    return [town for town in said if not (gazetteer.is_city(town) or gazetteer.district_named(town))]


def settled(reading: Reading, found: Sequence[Found], near: Point | None = None) -> list[Found]:
    """Best first; of several places those another mention speaks for, and one of those that are the same.

    Where several are left, the only one near the sender's last place is meant.
    """
    if len(found) > 1:
        context = [c for j in reading.said for c in _alone(reading.gazetteer, j)]
        told = [f for f in found if _in_said_district(reading, f)]
        found = told or [f for f in found if any(_backs(c, f) for c in context)] or found
    ranked: list[Found] = []
    for f in sorted(found, key=lambda f: (-f.score, f.accuracy_m)):
        if not any(geometry.metres(f.at, g.at) < _SAME_PLACE_M for g in ranked):
            ranked.append(f)
    beside = [f for f in ranked if near and geometry.metres(f.at, near) <= _LAST_PLACE_M]
    if len(ranked) > 1 and len(beside) == 1:
        return [replace(beside[0], why=f"{beside[0].why}, near the last place")]
    return ranked


def _in_said_district(reading: Reading, found: Found) -> bool:
    """Whether the words name the district of a place: its address's own, or one on the map."""
    districts = [found.district, *reading.gazetteer.districts(found.at)]
    return any(name and _is_said(name, reading.text) for name in districts)


def _is_said(district: str, text: str) -> bool:
    said = f" {fold(text)} "
    return any(f" {fold(part)} " in said for part in district.split("/"))


def _alone(gazetteer: Gazetteer, said: Joined) -> list[Found]:
    match said.mention.kind, [m.text for m in said.streets]:
        case "landmark", _:
            return resolve.landmark(gazetteer, said.mention.text)
        case "street", _:
            return resolve.street(gazetteer, said.mention.text)
        case "intersection", [one, two]:
            return resolve.intersection(gazetteer, one, two)
    return []


def _backs(context: Found, found: Found) -> bool:
    reach = min(_CONTEXT_M, context.accuracy_m + 200)
    return context.streets != found.streets and geometry.metres(context.at, found.at) <= reach


def _contradicted(reading: Reading, found: Found) -> bool:
    """Whether another street is named that runs nowhere near."""
    return any(_runs_elsewhere(reading, mention, found) for mention in reading.of_kind("street"))


def _far_from_others(reading: Reading, found: Sequence[Found]) -> bool:
    """Whether a house number is one place of many: streets named before it, and several that run nowhere near."""
    if not found or reading.said[0].mention.kind == "address":
        return False
    streets = [m for j in reading.said for m in (j.streets or (j.mention,)) if m.kind == "street"][:12]
    others = [f for f in found if sum(_runs_elsewhere(reading, m, f) for m in streets) > 2]
    return len(others) == len(found)


def _runs_elsewhere(reading: Reading, street: Mention, found: Found) -> bool:
    streets = resolve.streets_of(reading.gazetteer, street.text)
    lines = [r.line for m in streets for r in reading.gazetteer.lines(m.street.id)]
    return bool(lines) and min(geometry.nearest_on(line, found.at)[1] for line in lines) > _CONTEXT_M


# ----------------------------------------------------------------------------- kinds of evidence, best first


def _by_coordinates(reading: Reading) -> list[Found]:
    spotted = [s for m in reading.of_kind("coordinates") for s in coordinates.spot(m.text)]
    return [f for s in spotted for f in _spotted(reading.gazetteer, s)]


def _spotted(gazetteer: Gazetteer, spotted: Spotted) -> list[Found]:
    """The place of coordinates, of a plus code near the city, or of the words a map link looks for."""
    if spotted.at:
        return [point(gazetteer, spotted.at, spotted.accuracy_m)]
    if pluscodes.is_code(spotted.words):
        area = pluscodes.decode(spotted.words, gazetteer.middle)
        return [point(gazetteer, area.at, max(spotted.accuracy_m, area.reach_m), "plus code")] if area else []
    return _looked_for(gazetteer, spotted.words)


def _looked_for(gazetteer: Gazetteer, words: str) -> list[Found]:
    """What a map link looks for: a corner, a house number or a landmark; vague when in an unknown town."""
    said, _, town = (part.strip() for part in words.partition(","))
    ours = not town or gazetteer.is_city(town.split(",")[0]) or gazetteer.district_named(town.split(",")[0])
    if not ours and evidence.is_town(town.split(",")[0]):
        return []
    return [replace(f, vague=f.vague or not ours) for f in _named_by_link(gazetteer, said)]


def _named_by_link(gazetteer: Gazetteer, said: str) -> list[Found]:
    one, corner, two = (part.strip() for part in said.partition("&"))
    if corner:
        return resolve.intersection(gazetteer, one, two)
    if house_number(said):
        return resolve.address(gazetteer, said)
    return resolve.landmark(gazetteer, said) or resolve.street(gazetteer, said)


def point(gazetteer: Gazetteer, at: Point, accuracy_m: float, why: str = "coordinates") -> Found:
    """Coordinates as said; the other way round when only so they lie in the city."""
    swapped = (at[1], at[0])
    if not gazetteer.contains(at) and gazetteer.contains(swapped):
        at, why = swapped, f"{why}, the other way round"
    near = gazetteer.nearest_address(at)
    return Found(at, f"near {near[0]}" if near else f"{at[0]:.5f}, {at[1]:.5f}", accuracy_m, why)


def _by_address(reading: Reading) -> list[Found]:
    found = [f for m in reading.of_kind("address") for f in resolve.address(reading.gazetteer, m.text)]
    found = [f for f in found if not f.vague]
    if _far_from_others(reading, found):
        return [replace(f, vague=True) for f in found]
    said = [d for d in reading.gazetteer.district_names if _is_said(d, reading.text)] if found else []
    elsewhere_here = [bool(said and f.district and not _is_said(f.district, reading.text)) for f in found]
    return [replace(f, vague=doubted) for f, doubted in zip(found, elsewhere_here, strict=True)]


def _by_corner(reading: Reading) -> list[Found]:
    gazetteer = reading.gazetteer
    on = [s for m in reading.of_kind("street") for s in resolve.streets_of(gazetteer, m.text)]
    found: list[Found] = []
    for j in reading.said:
        match j.mention.kind, [m.text for m in j.streets]:
            case "intersection", [one, two]:
                doubted = not _corner_said(reading.text, *j.streets) or _is_area(
                    reading.text, j.mention, j.mention
                )
                found += [replace(f, vague=doubted) for f in resolve.intersection(gazetteer, one, two)]
            case "stretch", [one, two]:
                found += resolve.stretch(gazetteer, one, two, on)
            case "block", _:
                found += resolve.block(gazetteer, j.mention.text)
    return found


def _corner_said(text: str, one: Mention, two: Mention) -> bool:
    """Whether "X and Y" is said as a corner: "pothole Elm and 3rd"; "Elm and Oak need plowing" lists streets."""
    listed = _LISTED.fullmatch(text, one.end, two.start)
    said_last = shapes.CLAUSE_ENDS.match(text, two.end)
    return (
        not listed
        or one.start < 4
        or bool(said_last or _CORNER_CUE.search(text, max(0, one.start - 30), one.start))
    )


def _is_area(text: str, first: Mention, last: Mention) -> bool:
    """Whether some words only tell the part of town: "in the Oak St and Elm St area"."""
    before = _AREA_BEFORE.search(text, max(0, first.start - 30), first.start)
    return bool(before or _AREA_BEHIND.match(text, last.end))


def _by_two_streets(reading: Reading) -> list[Found]:
    """Streets said apart that meet: "on Goffe near Ella Grasso"; vague when more than nearness is between."""
    streets = reading.of_kind("street", "highway")[:5]
    named = [(m, resolve.streets_of(reading.gazetteer, m.text)) for m in streets]
    for (one, ones), (two, twos) in combinations([pair for pair in named if pair[1]], 2):
        if found := resolve.corner(reading.gazetteer, ones, twos):
            between = reading.text[one.end : two.start]
            beside = _NEARNESS.fullmatch(between) and (not _APART.search(between) or "across" in between)
            listed = len(named) > 2 and not _WORD.search(between)
            beside = beside and not listed and not _is_area(reading.text, one, two)
            why = "where two named streets meet"
            return [replace(f, accuracy_m=max(60.0, f.accuracy_m), why=why, vague=not beside) for f in found]
    return []


def _by_asset(reading: Reading) -> list[Found]:
    return [f for m in reading.of_kind("pole") for f in numbered.asset(reading.gazetteer, m.text)]


def _by_marker(reading: Reading) -> list[Found]:
    """An exit or a mile marker of the highways that are named."""
    said = reading.of_kind("highway")
    roads = [m.text for m in said if not numbered.is_marker(m.text)]
    return [
        f for m in said if numbered.is_marker(m.text) for f in numbered.marker(reading.gazetteer, m.text, roads)
    ]


def _by_landmark_on_street(reading: Reading) -> list[Found]:
    gazetteer = reading.gazetteer
    names = [m.text for m in reading.of_kind("street")] + [
        parts[2] for m in reading.of_kind("address") if (parts := house_number(m.text))
    ]
    streets = [s for name in names for s in resolve.streets_of(gazetteer, name)]
    marks = [f for m in reading.of_kind("landmark") for f in resolve.landmark(gazetteer, m.text)]
    return resolve.beside(gazetteer, streets, marks) if streets and marks else []


def _by_landmark(reading: Reading) -> list[Found]:
    marks = (resolve.landmark(reading.gazetteer, m.text) for m in reading.of_kind("landmark"))
    return next(filter(None, marks), [])


def _by_street(reading: Reading) -> list[Found]:
    houses = (resolve.address(reading.gazetteer, m.text) for m in reading.of_kind("address"))
    streets = [*reading.of_kind("street", "highway", "block"), *(m for j in reading.said for m in j.streets)]
    roads = (m for m in streets if not numbered.is_marker(m.text))
    named = (resolve.street(reading.gazetteer, m.text) for m in islice(roads, 6))
    return next(filter(None, houses), []) or next(filter(None, named), [])


_EVIDENCE: tuple[Callable[[Reading], list[Found]], ...] = (
    _by_coordinates,
    _by_asset,
    _by_address,
    _by_corner,
    _by_two_streets,
    _by_marker,
    _by_landmark_on_street,
    _by_landmark,
    _by_street,
)
_DOUBTED = (_by_corner, _by_two_streets)
