"""What the finder is measured against: shapes alone, and two libraries for addresses run on whole messages.

For measuring only. pyap is not among the locked dependencies: it brings an old import hook along that newer
Pythons warn of, so it is imported by whoever measures it (`pip install pyap==0.3.1`).
"""

from __future__ import annotations

from collections.abc import Mapping

import usaddress

from bridge.vocabulary import Located, Mention, MentionKind
from classifiers.places import grammar, shapes
from classifiers.places.measure import Locate
from classifiers.places.shapes import mention

_NUMBER = frozenset({"AddressNumber", "AddressNumberPrefix", "AddressNumberSuffix"})
_STREET = frozenset(
    f"{second}StreetName{part}"
    for second in ("", "Second")
    for part in ("", "PreModifier", "PreDirectional", "PreType", "PostType", "PostDirectional")
)
_REST = frozenset({"OccupancyType", "OccupancyIdentifier", "PlaceName"})


def rules_alone(text: str, language: str = "en") -> Located:
    """House numbers, streets with a street type, and highways by their shape, joined into intersections."""
    highways = [m for m in shapes.find(text) if m.kind == "highway"]
    found = grammar.beside(grammar.beside(shapes.addresses(text), highways), shapes.streets(text))
    return Located(tuple(j.mention for j in grammar.joined(text, found)))


def usaddress_alone(text: str, language: str = "en") -> Located:
    """The runs of words that usaddress labels as parts of an address or an intersection."""
    found: list[Mention] = []
    run: list[tuple[int, int, str]] = []
    end = 0
    for token, label in usaddress.parse(text):
        start = text.find(token, end)
        end = start + len(token)
        if label in _NUMBER | _STREET | {"IntersectionSeparator"} or (run and label in _REST):
            run.append((start, end, label))
        else:
            found += _as_mention(text, run)
            run = []
    return Located(tuple(found + _as_mention(text, run)))


def pyap_alone(text: str, language: str = "en") -> Located:
    """The addresses that pyap finds; it wants a town and a state behind each.

    Raises ImportError where it is not installed.
    """
    import pyap  # type: ignore[import-not-found,import-untyped,unused-ignore]

    found = pyap.parse(text, country="US")
    return Located(tuple(mention(text, a.match_start, a.match_end, "address") for a in found))


def _as_mention(text: str, run: list[tuple[int, int, str]]) -> list[Mention]:
    labels = [label for _, _, label in run]
    if not any(label.endswith("StreetName") for label in labels):
        return []
    numbered = any(label in _NUMBER for label in labels)
    kind: MentionKind = (
        "address" if numbered else "intersection" if "IntersectionSeparator" in labels else "street"
    )
    words = text[run[0][0] : run[-1][1]]
    return [mention(text, run[0][0], run[0][0] + len(words.rstrip(" ,.;:")), kind)]


BASELINES: Mapping[str, Locate] = {"rules": rules_alone, "usaddress": usaddress_alone, "pyap": pyap_alone}
"""By name, to be scored by `measure.evaluate_places` on the same rows as the finder."""
