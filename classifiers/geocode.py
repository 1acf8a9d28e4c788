"""From the words of a message, or a pin, to places in one city: the bridge's Locator.

`PlaceLocator` lets the extractor find the mentions, resolves each against the gazetteer, lets them speak for
one another ("5th" and "the library" together are a point), and says whether the resident must be asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations, islice
from typing import Protocol

from bridge.vocabulary import Located, Mention, MentionKind, Pin, Place
from classifiers.gazetteer import Gazetteer
from classifiers.places import coordinates, geometry, grammar, resolve, spotting
from classifiers.places.geometry import Point
from classifiers.places.grammar import Joined
from classifiers.places.resolve import Found

ASK_ABOVE_M = 75.0
"""A place less sure than this is never used without asking."""

MOST_CANDIDATES = 3
_SAME_PLACE_M = 150.0
_CONTEXT_M = 400.0
_CERTAIN = 0.8


class Extractor(Protocol):
    """Finds the mentions of a text; `classifiers.addresses.load` gives one."""

    def atoms(self, text: str, language: str = "en") -> tuple[Mention, ...]: ...


class PlaceLocator:
    """Locates texts and pins in the city of one gazetteer (the `bridge.ports.Locator` protocol)."""

    def __init__(self, gazetteer: Gazetteer, extractor: Extractor) -> None:
        self._gazetteer, self._extractor = gazetteer, extractor

    def locate(self, text: str, language: str = "en") -> Located:
        """The mentions of a text and at most three places it may mean, best first. Never raises."""
        atoms = spotting.with_known_names(self._gazetteer, text, self._extractor.atoms(text, language))
        said = grammar.joined(text, atoms)
        mentions = tuple(j.mention for j in said)
        groups = next((g for tier in _TIERS if (g := tier(self._gazetteer, said))), [])
        found = [f for group in groups for f in group]
        inside = [f for f in found if self._gazetteer.contains(f.at)]
        if found and not inside:
            return Located(mentions, outside=True)
        candidates = _ranked(_settled(inside, self._context(said)))
        return Located(mentions, tuple(_place(f) for f in candidates[:MOST_CANDIDATES]), _must_ask(candidates))

    def at(self, pin: Pin) -> Place | None:
        """The place of a pin with the nearest known address; None outside the city's boundary."""
        point = (pin.lat, pin.long)
        if not self._gazetteer.contains(point):
            return None
        near = self._gazetteer.nearest_address(point)
        address = pin.label or (f"near {near[0]}" if near and near[1] > 30 else near[0] if near else "")
        return Place(address, pin.lat, pin.long, pin.accuracy_m or 15.0, "pin", "pin")

    def _context(self, said: Sequence[Joined]) -> list[Found]:
        """What the weaker mentions of a text say: landmarks and streets beside the one that counts."""
        return [f for j in said for f in _alone(self._gazetteer, j)]


def _alone(gazetteer: Gazetteer, said: Joined) -> list[Found]:
    match said.mention.kind:
        case "landmark":
            return resolve.landmark(gazetteer, said.mention.text)
        case "street":
            return resolve.street(gazetteer, said.mention.text)
        case "intersection":
            return resolve.intersection(gazetteer, *(m.text for m in said.streets))
    return []


def _place(found: Found) -> Place:
    lat, long = (round(v, 6) for v in found.at)
    return Place(found.address, lat, long, round(found.accuracy_m, 1), found.why)


def _must_ask(candidates: Sequence[Found]) -> bool:
    if len(candidates) != 1:
        return True
    return candidates[0].accuracy_m > ASK_ABOVE_M or candidates[0].score < _CERTAIN


def _ranked(found: Sequence[Found]) -> list[Found]:
    """Best first, one of several that are the same place."""
    ranked: list[Found] = []
    for f in sorted(found, key=lambda f: -f.score):
        if not any(geometry.metres(f.at, g.at) < _SAME_PLACE_M and f.accuracy_m >= g.accuracy_m for g in ranked):
            ranked.append(f)
    return ranked


def _settled(found: list[Found], context: Sequence[Found]) -> list[Found]:
    """Of several places, those another mention of the same text speaks for; all when none is."""
    if len(found) < 2:
        return found
    backed = [f for f in found if any(_backs(c, f) for c in context)]
    return backed if 0 < len(backed) < len(found) else found


def _backs(context: Found, found: Found) -> bool:
    return context.streets != found.streets and geometry.metres(context.at, found.at) <= min(
        _CONTEXT_M, context.accuracy_m + 200
    )


# ----------------------------------------------------------------------------- kinds of evidence, best first

Groups = list[list[Found]]
Tier = Callable[[Gazetteer, Sequence[Joined]], Groups]


def _of_kind(said: Sequence[Joined], *kinds: MentionKind) -> list[str]:
    return [j.mention.text for j in said if j.mention.kind in kinds]


def _by_coordinates(gazetteer: Gazetteer, said: Sequence[Joined]) -> Groups:
    points = [s.at for text in _of_kind(said, "coordinates") for s in coordinates.spot(text) if s.at]
    return [[_found_point(gazetteer, p)] for p in points]


def _found_point(gazetteer: Gazetteer, at: Point) -> Found:
    """Coordinates as said; the other way round when only so they lie in the city."""
    swapped = (at[1], at[0])
    if not gazetteer.contains(at) and gazetteer.contains(swapped):
        at, why = swapped, "coordinates, the other way round"
    else:
        why = "coordinates"
    near = gazetteer.nearest_address(at)
    address = f"near {near[0]}" if near else f"{at[0]:.5f}, {at[1]:.5f}"
    return Found(at, address, 15.0, why)


def _by_address(gazetteer: Gazetteer, said: Sequence[Joined]) -> Groups:
    found = [resolve.address(gazetteer, text) for text in _of_kind(said, "address")]
    return [group for group in found if group and not group[0].why.startswith("no such")]


def _by_corner(gazetteer: Gazetteer, said: Sequence[Joined]) -> Groups:
    on = [s for text in _of_kind(said, "street") for s in resolve.streets_of(gazetteer, text)]
    found = []
    for j in said:
        sides = [m.text for m in j.streets]
        match j.mention.kind:
            case "intersection":
                found.append(resolve.intersection(gazetteer, *sides))
            case "stretch":
                found.append(resolve.stretch(gazetteer, *sides, on))
            case "block":
                found.append(resolve.block(gazetteer, j.mention.text))
    return [group for group in found if group]


def _by_two_streets(gazetteer: Gazetteer, said: Sequence[Joined]) -> Groups:
    """Streets said apart that meet: "on Goffe near Ella Grasso"."""
    named = [resolve.streets_of(gazetteer, text) for text in _of_kind(said, "street", "highway")][:5]
    for one, two in combinations([s for s in named if s], 2):
        if found := resolve.corner(gazetteer, one, two):
            return [
                [replace(f, accuracy_m=max(60.0, f.accuracy_m), why="where two named streets meet") for f in found]
            ]
    return []


def _by_landmark_on_street(gazetteer: Gazetteer, said: Sequence[Joined]) -> Groups:
    streets = [s for text in _of_kind(said, "street") for s in resolve.streets_of(gazetteer, text)]
    marks = [f for text in _of_kind(said, "landmark") for f in resolve.landmark(gazetteer, text)]
    found = resolve.beside(gazetteer, streets, marks) if streets and marks else []
    return [found] if found else []


def _by_landmark(gazetteer: Gazetteer, said: Sequence[Joined]) -> Groups:
    return [g for text in _of_kind(said, "landmark") if (g := resolve.landmark(gazetteer, text))][:1]


def _by_street(gazetteer: Gazetteer, said: Sequence[Joined]) -> Groups:
    numbered = [g for text in _of_kind(said, "address") if (g := resolve.address(gazetteer, text))]
    plain = (g for text in _of_kind(said, "street", "highway") if (g := resolve.street(gazetteer, text)))
    return numbered[:1] or list(islice(plain, 1))


_TIERS: tuple[Tier, ...] = (
    _by_coordinates,
    _by_address,
    _by_corner,
    _by_two_streets,
    _by_landmark_on_street,
    _by_landmark,
    _by_street,
)
