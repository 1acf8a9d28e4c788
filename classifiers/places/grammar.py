"""Joins the atoms the recogniser found into place mentions, and adds what has a fixed shape.

Streets joined by "and", "&", "at" … are an intersection. "between A and B" is a stretch; the street it is a
stretch of stays a mention of its own. State and postcode are cut from an address's end: the postcode is a
mention of its own.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bridge.vocabulary import Mention, MentionKind
from classifiers.places import coordinates, evidence, shapes
from classifiers.places.shapes import mention
from classifiers.places.words import DIRECTIONS, STRONG_SUFFIXES, SUFFIXES, fold


@dataclass(frozen=True, slots=True)
class Joined:
    """A mention, with the streets it is made of when it is an intersection or a stretch."""

    mention: Mention
    streets: tuple[Mention, ...] = ()


_THE = r"(?:the\s+|la\s+|el\s+)?"
_MEETING = (
    r"(?:and|&amp;|&|at|x|n|y|e|con|with|\+|crossing|meets|where\s+it\s+(?:meets|crosses)"
    r"|esquina\s+con|esq\.?(?:\s+con)?)"
)
_JOINT = re.compile(rf"\s*[,.]?\s*(?:(?<!\w){_MEETING}\s+{_THE}|[/&@+]\s*{_THE})", re.IGNORECASE)
_UNTIL = r"(?:to|a|hasta|until|till|thru|through|(?:all\s+the\s+way|up|down)\s+to)"
_BETWEEN_JOINT = re.compile(
    rf"\s*[,.]?\s*(?:(?<!\w)(?:and|&amp;|&|n|y|e|{_UNTIL})\s+{_THE}|[/&-]\s*)", re.IGNORECASE
)
_FROM_JOINT = re.compile(rf"\s*,?\s*(?:(?<!\w){_UNTIL}\s+{_THE}|-\s*)", re.IGNORECASE)
_BETWEEN_WORDS = rf"\b(?:in\s+)?(?:between|betw|btwn|btw|bet|b/w|entre)\.?\s+{_THE}"
_FROM_WORDS = rf"\b(?:from|desde|de)\s+{_THE}"
_BETWEEN, _FROM = (re.compile(words + "$", re.IGNORECASE) for words in (_BETWEEN_WORDS, _FROM_WORDS))
_OPENINGS = (
    (re.compile(_BETWEEN_WORDS, re.IGNORECASE), _BETWEEN_JOINT),
    (re.compile(_FROM_WORDS, re.IGNORECASE), _FROM_JOINT),
)
_OVER = re.compile(rf"\s+(?:at|over|and|&|crosses|crossing)\s+{_THE}|\s*[/@]\s*", re.IGNORECASE)
_WATERS = ("bayou", "creek", "river", "brook", "canal", "stream")
_ROADS = ("street", "highway")
_WITH_STREET = ("address", "block", "street")
_BLOCK_SAID = re.compile(r"\d{1,3}00\s*(?:block|blk)\b", re.IGNORECASE)
_TYPES, _STRONG_TYPES = "|".join(SUFFIXES), "|".join(STRONG_SUFFIXES)
_BEHIND_STRONG_TYPE = re.compile(rf"(.*\w\s+(?i:{_STRONG_TYPES})\b\.?),?\s+([a-z][a-z\s]*)", re.DOTALL)
_BEHIND_TYPE = re.compile(rf"(.*\w\s+(?i:{_TYPES})\b\.?)(?:\s+[A-Z][\w.]*){{1,5}}", re.DOTALL)


def atoms(
    text: str, recognised: Iterable[tuple[int, int, str]], everyday: Collection[str] = ()
) -> tuple[Mention, ...]:
    """The single places of a text, in order: the recogniser's (start, end, label), and those of fixed shape.

    `everyday` are the words that are no street's name without its type.
    """
    fixed = [mention(text, s.start, s.end, "coordinates") for s in coordinates.spot(text)]
    plain = coordinates.without_links(text)
    shaped = shapes.find(plain)
    fixed = beside(fixed, [m for m in shaped if m.kind in ("pole", "relative")])
    found = [m for start, end, label in recognised if (m := _trimmed(plain, start, end, _kind(label), everyday))]
    found = _with_numbers(beside(fixed, found), plain, everyday)
    found = beside(found, [m for m in shaped if m.kind == "highway"])
    typed = shapes.streets(plain, everyday)
    found = [m for m in found if evidence.has_own(plain, m, everyday) or not any(overlap(m, t) for t in typed)]
    found = beside(found, typed)
    bonds = [_bond(plain, one, two) for one, two in pairwise(found)]
    found = evidence.believed(plain, found, bonds, everyday)
    found = beside(found, shapes.numbered_streets(plain))
    found = beside(beside(found, shapes.landmarks(plain)), shaped)
    return tuple(mention(text, m.start, m.end, m.kind) for m in found)


def _with_numbers(found: Sequence[Mention], text: str, everyday: Collection[str]) -> list[Mention]:
    """House numbers by their shape, where the recogniser made something else, or nothing, of them."""
    numbered = shapes.addresses(text, everyday)
    kept = [
        m
        for m in found
        if (m.kind == "address" and evidence.has_own(text, m, everyday))
        or m.kind in ("coordinates", "pole", "block")
        or not any(overlap(m, n) for n in numbered)
    ]
    return beside(kept, numbered)


def joined(text: str, single: Sequence[Mention]) -> list[Joined]:
    """The mentions with neighbouring streets joined into intersections and stretches, in order."""
    made: list[Joined] = []
    i = 0
    while i < len(single):
        kind = _pair_kind(text, single, i)
        pair = tuple(single[i : i + 2]) if kind else ()
        made.append(Joined(_whole(text, kind, *pair), pair) if kind else Joined(single[i]))
        i += len(pair) or 1
    return made


def beside(first: Sequence[Mention], then: Sequence[Mention]) -> list[Mention]:
    """All of `first`, and those of `then` that overlap none of it, in the order of the text."""
    kept = [m for m in then if not any(overlap(m, other) for other in first)]
    return sorted([*first, *kept], key=lambda m: m.start)


def overlap(one: Mention, two: Mention) -> bool:
    """Whether two mentions share a letter."""
    return one.start < two.end and two.start < one.end


def streets_within(whole: Mention) -> list[tuple[int, int]]:
    """Where the two streets of an intersection or a stretch stand in the text; nothing for other kinds."""
    if whole.kind not in ("intersection", "stretch"):
        return []
    start, joints = 0, _JOINT
    for opening, closing in _OPENINGS if whole.kind == "stretch" else ():
        if opened := opening.match(whole.text):
            start, joints = opened.end(), closing
    joint = joints.search(whole.text, start + 1)
    if joint is None:
        return []
    ends = [(start, joint.start()), (joint.end(), len(whole.text))]
    return [(whole.start + s, whole.start + e) for s, e in ends]


def _kind(label: str) -> MentionKind:
    kinds: dict[str, MentionKind] = {
        "ADDRESS": "address",
        "BLOCK": "block",
        "STREET": "street",
        "HIGHWAY": "highway",
    }
    return kinds.get(label, "landmark")


def _trimmed(text: str, start: int, end: int, kind: MentionKind, everyday: Collection[str]) -> Mention | None:
    """The mention without state and postcode, and without words dragged along behind its street type."""
    words = text[start:end]
    tail = shapes.STATE_AND_CODE.search(words) if kind in _WITH_STREET else None
    if tail and evidence.typed(words[: tail.start()]):
        words = words[: tail.start()]
    if kind in _WITH_STREET:
        words = _to_type(words, kind, everyday)
    stripped = words.strip(' \t\r\n,;:!?()[]"“”-*')
    start += words.find(stripped)
    if kind in ("address", "street") and _BLOCK_SAID.match(stripped):
        kind = "block"
    if kind == "street" and re.match(r"#?\s?\d+\s+[^\W\d]", stripped):
        kind = "address"
    if kind == "landmark" and fold(stripped).split()[-1:] and fold(stripped).split()[-1] in STRONG_SUFFIXES:
        kind = "street"
    return mention(text, start, start + len(stripped), kind) if stripped else None


def _to_type(words: str, kind: MentionKind, everyday: Collection[str]) -> str:
    """A street up to its type; an address too, unless a town may follow."""
    ended = fold(words).split()[-1:]
    if ended and (ended[0] in SUFFIXES or ended[0] in DIRECTIONS):
        return words
    if kind == "street" and (town := _BEHIND_TYPE.fullmatch(words)):
        return town[1]
    rest = _BEHIND_STRONG_TYPE.fullmatch(words)
    return rest[1] if rest and all(w in everyday for w in fold(rest[2]).split()) else words


def _pair_kind(text: str, single: Sequence[Mention], i: int) -> MentionKind | None:
    pair = single[i : i + 2]
    return _bond(text, *pair) if len(pair) == 2 else None


def _bond(text: str, one: Mention, two: Mention) -> MentionKind | None:
    """What two neighbouring mentions make together: an intersection, a stretch or nothing."""
    gap = text[one.end : two.start]
    if any(m.kind not in _ROADS for m in (one, two)):
        return "intersection" if _water_crossed(one, two) and _OVER.fullmatch(gap) else None
    opening, joint = _opening(text[max(0, one.start - 30) : one.start])
    if opening and joint.fullmatch(gap):
        return "stretch"
    met = _JOINT.fullmatch(gap) and not (gap.rstrip().endswith("the") and not evidence.typed(two.text))
    return "intersection" if met else None


def _opening(before: str) -> tuple[re.Match[str] | None, re.Pattern[str]]:
    """The words that open a stretch at the end of some text, and what then joins its two ends."""
    if between := _BETWEEN.search(before):
        return between, _BETWEEN_JOINT
    return _FROM.search(before), _FROM_JOINT


def _water_crossed(one: Mention, two: Mention) -> bool:
    """Whether one is a stream and the other a street: "White Oak Bayou at Houston Avenue"."""
    water = [m for m in (one, two) if m.kind == "landmark" and m.text.split()[-1].lower() in _WATERS]
    return len(water) == 1 and any(m.kind in _ROADS for m in (one, two))


def _whole(text: str, kind: MentionKind, one: Mention, two: Mention) -> Mention:
    before = text[max(0, one.start - 30) : one.start]
    opening = _opening(before)[0] if kind == "stretch" else None
    start = one.start - (len(before) - opening.start()) if opening else one.start
    return mention(text, start, two.end, kind)
