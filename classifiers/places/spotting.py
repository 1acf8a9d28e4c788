"""Names of the city itself that the extractor passed over: its landmarks and streets, looked for by name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bridge.vocabulary import Mention
from classifiers.gazetteer import Gazetteer
from classifiers.places.words import SUFFIXES, fold

_WORD = re.compile(r"[^\W_](?:[\w'’-]*\w)?\.?")
_BEFORE = re.compile(
    r"\b(?:on|at|near|by|behind|of|between|and|from|to|off|onto|along|outside|opposite|beside|past|in|the|corner|calle|en|de|frente\s+a|"
    r"cerca\s+de|detr[aá]s\s+de|entre|y|con|la|el|del|al)\s+$|[&@/]\s*$",
    re.IGNORECASE,
)
LONGEST_NAME = 5


def with_known_names(gazetteer: Gazetteer, text: str, mentions: Sequence[Mention]) -> tuple[Mention, ...]:
    """The mentions, and beside them every landmark and street of the city said after a word of place."""
    words = [(m.start(), m.end()) for m in _WORD.finditer(text)][:400]
    known, i = list(mentions), 0
    while i < len(words):
        found = _name_at(gazetteer, text, words, i, known)
        if found:
            known.append(found)
            i = next((j for j, (start, _) in enumerate(words) if start >= found.end), len(words))
        else:
            i += 1
    return tuple(sorted(known, key=lambda m: m.start))


def _name_at(
    gazetteer: Gazetteer, text: str, words: Sequence[tuple[int, int]], i: int, known: Sequence[Mention]
) -> Mention | None:
    start = words[i][0]
    if any(m.start <= start < m.end for m in known) or not _BEFORE.search(text[max(0, start - 14) : start]):
        return None
    for end in range(min(len(words), i + LONGEST_NAME), i, -1):
        said = text[start : words[end - 1][1]]
        if any(m.start < start + len(said) and start < m.end for m in known) or "\n" in said:
            continue
        if gazetteer.has_landmark(said):
            return Mention(start, start + len(said), "landmark", said)
        if gazetteer.has_street(said) and not _plain_word(said):
            return Mention(start, start + len(said), "street", said)
    return None


_EVERYDAY = (
    "the a an street road main front back center central north south east west park church school state high "
    "court water first second third one two corner side end top bottom middle way"
)
_PLAIN = frozenset(_EVERYDAY.split())


def _plain_word(said: str) -> bool:
    """Whether it is too much an everyday word to be taken for a street's name without its suffix."""
    words = fold(said).split()
    return len(words) == 1 and (words[0] in _PLAIN or words[0] in SUFFIXES or len(words[0]) < 3)
