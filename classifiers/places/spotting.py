"""Names of the city itself that the extractor passed over: its landmarks and streets, looked for by name.

"on goffe near ella grasso" names two streets only to those who know the city. A street's name that is an
everyday word too ("church", "state") counts only joined to another street: "between church and state".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import product

from bridge.vocabulary import Mention, MentionKind
from classifiers.gazetteer import Gazetteer, StreetMatch
from classifiers.places import grammar
from classifiers.places.shapes import mention
from classifiers.places.words import SUFFIXES, fold

_WORD = re.compile(r"[^\W_](?:[\w'’-]*\w)?\.?")
_PLACE_WORD = re.compile(
    r"(?:\b(?:on|at|near|by|behind|of|between|and|from|to|towards?|off|onto|along|outside|opposite|beside|past|in|across|down|up|"
    r"calle|en|de|frente\s+al?|cerca\s+del?|detr[aá]s\s+del?|entre|y|con|al|del|desde|hasta)\s+(?:the\s+|la\s+|el\s+)?"
    r"|[&@/+(]\s*|(?:^|[.!?;:,]\s+))$",
    re.IGNORECASE,
)
_NUMBER_BEFORE = re.compile(
    r"(?<![\w$.:,-])#?\d{1,5}[a-z]?(?:\s?-\s?\d{1,5})?\s+(?:[nsew]\.?\s+)?$", re.IGNORECASE
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
_LONGEST, _MOST_WORDS, _LOOK_BACK = 5, 400, 18


@dataclass(frozen=True, slots=True)
class _Spotted:
    mention: Mention
    everyday: bool


def with_known_names(
    gazetteer: Gazetteer, text: str, mentions: Sequence[Mention], everyday: Collection[str]
) -> tuple[Mention, ...]:
    """The mentions, and beside them the landmarks and streets of the city said after a word of place."""
    words = [(m.start(), m.end()) for m in _WORD.finditer(text)][:_MOST_WORDS]
    spotted, i = [], 0
    while i < len(words):
        found = _name_at(gazetteer, text, words[i : i + _LONGEST], mentions, everyday)
        if found:
            spotted.append(found)
        i += max(1, sum(start < found.mention.end for start, _ in words[i:])) if found else 1
    return _kept(gazetteer, text, mentions, spotted)


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
    if not number and not _PLACE_WORD.search(before):
        return None
    for _, end in reversed(words):
        said = mention(text, start, end, "street")
        if "\n" in said.text or any(grammar.overlap(said, m) for m in mentions):
            continue
        if not number and gazetteer.has_landmark(said.text):
            return _Spotted(mention(text, start, end, "landmark"), False)
        if _may_be_street(said.text) and gazetteer.has_street(said.text):
            kind: MentionKind = "address" if number else "street"
            first = start - len(number[0]) if number else start
            return _Spotted(mention(text, first, end, kind), all(w in everyday for w in fold(said.text).split()))
    return None


def _may_be_street(name: str) -> bool:
    words = fold(name).split()
    if not words or words[0] in _EDGE or words[-1] in _EDGE:
        return False
    return len("".join(words)) > 2 and not (len(words) == 1 and words[0] in SUFFIXES)


def _kept(
    gazetteer: Gazetteer, text: str, mentions: Sequence[Mention], spotted: Sequence[_Spotted]
) -> tuple[Mention, ...]:
    """All but the everyday words that no other street of the text speaks for, by meeting them."""
    weak = [s.mention for s in spotted if s.everyday]
    sure = sorted([*mentions, *(s.mention for s in spotted if not s.everyday)], key=lambda m: m.start)
    streets = [s for m in sure if m.kind in _ROADS for s in gazetteer.streets(m.text)]
    met = [m for m in weak if _meets(gazetteer, gazetteer.streets(m.text), streets)]
    everything = sorted([*mentions, *(s.mention for s in spotted)], key=lambda m: m.start)
    stretched = {m for j in grammar.joined(text, everything) if j.mention.kind == "stretch" for m in j.streets}
    return tuple(m for m in everything if m not in weak or m in met or m in stretched)


def _meets(gazetteer: Gazetteer, ones: Sequence[StreetMatch], others: Sequence[StreetMatch]) -> bool:
    return any(gazetteer.crossings(a.street.id, b.street.id) for a, b in product(ones, others))
