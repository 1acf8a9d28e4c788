"""Names of the city itself that the extractor passed over: its landmarks and streets, looked for by name.

"on goffe near ella grasso" names two streets only to those who know the city. A street's name that is an
everyday word too ("church", "state") counts only joined to another street: "between church and state".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import islice, product

from bridge.vocabulary import Mention, MentionKind
from classifiers.gazetteer import Gazetteer
from classifiers.places import geometry, grammar, shapes
from classifiers.places.shapes import mention
from classifiers.places.words import SUFFIXES, fold

_WORD = re.compile(r"[^\W_](?:[\w'’-]*\w)?\.?")
_PLACE_WORD = re.compile(
    r"(?:\b(?:on|at|near|by|behind|of|between|and|from|to|towards?|off|onto|along|outside|opposite|beside|past|in|across|down|up|"
    r"where|meets|crosses|x|n|"
    r"calle|en|de|frente\s+al?|cerca\s+del?|detr[aá]s\s+del?|entre|y|con|al|del|desde|hasta)\s+(?:the\s+|la\s+|el\s+)?"
    r"|[&@/+(]\s*|(?:^|[.!?;:,]\s+))$",
    re.IGNORECASE,
)
_NUMBER_BEFORE = re.compile(
    r"(?<![\w$.:,-])#?\d{1,5}[a-z]?(?:\s?-\s?\d{1,5})?\s+(?:[nsew]\.?\s+)?$", re.IGNORECASE
)
_NUMBER_PLACE = re.compile(
    r"(?:\b(?:at|front\s+of|near|by|behind|outside|opposite|across\s+from|next\s+to|to|from|live\s+at|address(?:\s+is)?:?|en|al?|del?)"
    r"|[@,:;.!?\n(]|\s[-–]|^)\s*$",
    re.IGNORECASE,
)
_MEETS = re.compile(r"\s*(?:(?:and|at|x|n|y|con)\s+|[&@/+])", re.IGNORECASE)
_WITH_A_NUMBER = re.compile(
    r"\s+(?:and|y|con|esquina\s+con)\s+(?:la\s+|calle\s+)?(\d{1,3})(?=\s*(?:$|[.,:;!?()\n])|\s+(?:desde|hace|hay|en|por|que|no|"
    r"est[aá]|since|is|has|by|there)\b)",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"\b(?:an?|the|these|those|about|over|with|has|have|and|une?|los|las|unos|unas)\s+$", re.IGNORECASE
)
_EDGE = frozenset(
    [
        "the",
        "a",
        "an",
        "of",
        "and",
        "or",
        "at",
        "on",
        "in",
        "to",
        "for",
        "by",
        "from",
        "with",
        "is",
        "are",
        "was",
        "my",
        "your",
        "our",
        "this",
        "that",
        "it",
        "la",
        "el",
        "y",
        "de",
        "en",
    ]
)
_ROADS = ("street", "highway")
_PLACES = (*_ROADS, "address", "block", "landmark", "coordinates")
_ON = re.compile(r"\b(?:(?:on|off|along|down|up|at|en|por)\s+|(?:en|por|sobre)\s+la\s+)$", re.IGNORECASE)
_ONE_DIGIT = re.compile(r"#?\d\s")
_THE = re.compile(r"\b(?:the|el|la|al|del)\s+$", re.IGNORECASE)
_PASSES_M = 150.0
_LONGEST, _MOST_WORDS, _LOOK_BACK = 5, 400, 18


@dataclass(frozen=True, slots=True)
class _Spotted:
    mention: Mention
    everyday: bool


def with_known_names(
    gazetteer: Gazetteer, text: str, mentions: Sequence[Mention], everyday: Collection[str]
) -> tuple[Mention, ...]:
    """The mentions, and beside them the landmarks and streets of the city said after a word of place."""
    mentions = [_as_known(gazetteer, text, m) for m in mentions]
    words = [(m.start(), m.end()) for m in _WORD.finditer(text)][:_MOST_WORDS]
    spotted, i = [], 0
    while i < len(words):
        found = _name_at(gazetteer, text, words[i : i + _LONGEST], mentions, everyday)
        if found:
            spotted.append(found)
        i += max(1, sum(start < found.mention.end for start, _ in words[i:])) if found else 1
    spotted += _numbered_corners(gazetteer, text, [*mentions, *(s.mention for s in spotted)])
    whole = [s.mention for s in spotted if s.mention.kind == "landmark"]
    rest = [m for m in mentions if not any(grammar.overlap(m, w) for w in whole)]
    return _kept(gazetteer, text, rest, spotted)


def _as_known(gazetteer: Gazetteer, text: str, m: Mention) -> Mention:
    """A landmark that looks like a street: "Dog Park"."""
    taken_for = m.kind == "street" and gazetteer.has_landmark(m.text) and not gazetteer.has_street(m.text)
    return mention(text, m.start, m.end, "landmark") if taken_for else m


def _name_at(
    gazetteer: Gazetteer,
    text: str,
    words: Sequence[tuple[int, int]],
    mentions: Sequence[Mention],
    everyday: Collection[str],
) -> _Spotted | None:
    """The longest known name that begins with the first of some words."""
    start = words[0][0]
    before = text[max(0, start - _LOOK_BACK) : start]
    number = _NUMBER_BEFORE.search(before)
    placed = bool(number or _PLACE_WORD.search(before))
    for _, end in reversed(words):
        if not placed and not _MEETS.match(text, end):
            continue
        said = mention(text, start, end, "street")
        others = [m for m in mentions if grammar.overlap(said, m)]
        if "\n" in said.text or not all(_completes(said, m) for m in others) or _is_town(text, said, mentions):
            continue
        if placed and not number and gazetteer.has_landmark(said.text):
            return _Spotted(mention(text, start, end, "landmark"), False)
        if others:
            continue
        if not number and _THE.search(before) and gazetteer.has_landmark_kind(said.text):
            return _Spotted(mention(text, start, end, "landmark"), True)
        if _may_be_street(said.text) and gazetteer.has_street(said.text):
            kind: MentionKind = "address" if number else "street"
            first = start - len(number[0]) if number else start
            plain = all(w in everyday for w in fold(said.text).split())
            if number and not _may_be_numbered(text, first, end, plain):
                continue
            plain = (plain and not number) or not placed
            return _Spotted(mention(text, first, end, kind), plain)
    return None


def _numbered_corners(gazetteer: Gazetteer, text: str, said: Sequence[Mention]) -> list[_Spotted]:
    """The streets said by their number alone that meet one said before them: "elm con 4"."""
    found = []
    for m in said:
        number = _WITH_A_NUMBER.match(text, m.end) if m.kind == "street" else None
        other = mention(text, *number.span(1), "street") if number else None
        if other and not any(grammar.overlap(other, each) for each in said) and _meet(gazetteer, m, other):
            found.append(_Spotted(other, False))
    return found


def _completes(said: Mention, m: Mention) -> bool:
    """Whether a landmark was only found in part: "escuela" of "escuela Lincoln"."""
    return m.kind == "landmark" and said.start <= m.start and m.end <= said.end and said.text != m.text


def _is_town(text: str, said: Mention, mentions: Sequence[Mention]) -> bool:
    """Whether a name stands where a town does: behind an address and a comma, or before a state or postcode."""
    behind = any(text[m.end : said.start].strip() == "," for m in mentions if m.end < said.start)
    return behind or bool(shapes.STATE_OR_CODE.match(text, said.end)) or shapes.is_state(said.text)


def _may_be_numbered(text: str, start: int, end: int, plain: bool) -> bool:
    """Whether a number before a street's name can be a house number: not "an 18 wheeler", "2 oak trees"."""
    before = text[max(0, start - _LOOK_BACK) : start]
    if _COUNTED.search(before):
        return False
    said_so = _NUMBER_PLACE.search(before) and not _ONE_DIGIT.match(text, start)
    return not plain or bool(said_so or shapes.CLAUSE_ENDS.match(text, end))


def _may_be_street(name: str) -> bool:
    words = fold(name).split()
    if not words or words[0] in _EDGE or words[-1] in _EDGE:
        return False
    return len("".join(words)) > 2 and not (len(words) == 1 and words[0] in SUFFIXES)


def _kept(
    gazetteer: Gazetteer, text: str, mentions: Sequence[Mention], spotted: Sequence[_Spotted]
) -> tuple[Mention, ...]:
    """All but the everyday words that nothing else in the text speaks for."""
    weak = [s.mention for s in spotted if s.everyday]
    sure = [*mentions, *(s.mention for s in spotted if not s.everyday)]
    everything = sorted([*sure, *weak], key=lambda m: m.start)
    stretched = {m for j in grammar.joined(text, everything) if j.mention.kind == "stretch" for m in j.streets}
    cornered = {m for j in grammar.joined(text, everything) for m in j.streets if _meet(gazetteer, *j.streets)}
    kept = [m for m in weak if m in stretched or m in cornered or _spoken_for(gazetteer, m, sure)]
    if not kept and not any(m.kind in _PLACES for m in sure):
        on = (m for m in weak if m.kind == "landmark" or _ON.search(text, max(0, m.start - _LOOK_BACK), m.start))
        kept = list(islice(on, 1))
    return tuple(m for m in everything if m in sure or m in kept)


def _spoken_for(gazetteer: Gazetteer, weak: Mention, sure: Sequence[Mention]) -> bool:
    """Whether a street meets another street that is named, or passes a landmark that is."""
    if weak.kind != "street":
        return False
    if any(_meet(gazetteer, weak, m) for m in sure if m.kind in _ROADS):
        return True
    ones = gazetteer.streets(weak.text)
    marks = [k for m in sure if m.kind == "landmark" for k in gazetteer.landmarks(m.text)[:3]]
    lines = [r.line for a in ones for r in gazetteer.lines(a.street.id)] if marks else []
    return any(geometry.nearest_on(line, k.at)[1] <= k.radius_m + _PASSES_M for line, k in product(lines, marks))


def _meet(gazetteer: Gazetteer, one: Mention, two: Mention) -> bool:
    """Whether two streets cross, as far as the map knows."""
    pairs = product(gazetteer.streets(one.text), gazetteer.streets(two.text))
    return any(gazetteer.crossings(a.street.id, b.street.id) for a, b in pairs)
