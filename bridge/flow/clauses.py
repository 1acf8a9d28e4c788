"""Where a message may be cut in two problems, and what its words say for and against that. Pure, of words alone.

"Pothole by the broken street light" is not cut at all: only the end of a sentence, a line, a comma, or "and" parts
two problems. The weights are log-odds, set by hand beside those of what the parts are about (understanding.py).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import NamedTuple

FEWEST_WORDS = 1, 2  # of the first part and the second
MOST_CUTS = 6  # the likeliest of a text, as each part costs a millisecond

ANOTHER_FOLLOWS = 2.0  # a word or a list says that it is another thing
ALSO = 1.5  # "somebody also left ...", "... is out too"
AT_TWO_PLACES = 0.8  # each part names its own
ENDED = 0.5  # a full stop or a line is between them, not a comma or "and"
REFERS_BACK = -0.7  # "it ...", "next to ..."
FEW_WORDS = -1.8  # in the second part
LENGTH, USUAL = -1.2, 80.0  # for each e-fold of so many characters: who writes more tells a story
FEW = 3  # words

_BREAK = re.compile(
    r"(?P<end>[.;!?]+\s+|\s*\n\s*)|(?P<comma>,\s+)"
    r"|\s+(?=(?:and|y|e|&|[+/]|plus|also|another|separately|tambi[eé]n|adem[aá]s|otr[oa]|por|2[.)])\s)",
    re.IGNORECASE,
)
_ANOTHER = re.compile(
    r"(?:(?:oh|ah)[, ]\s*)?(?:(?:and|y|e),?\s+)?(?:(?:please|por favor),?\s+)?"
    r"(?:(?:on |yet )?another (?:thing|problem|issue|note)|another(?=:)|in addition(?: to (?:that|this))?|"
    r"additionally|on top of that|second(?:ly)?(?=[:,])|separate(?:ly| from (?:that|this))|plus|next(?=,)|"
    r"besides(?: (?:that|this))?|by the way|btw|p\.?s\b\.?|(?:report|problem|issue|number) (?:2|two)(?=:)|"
    r"while (?:you(?:'re|r| are)|i(?:'m| am)) (?:at it|here)|not related|unrelated|"
    r"also|i(?:'d| would| want to)? also (?:like to |want to )?(?:report|mention)|"
    r"tambi[eé]n(?: (?:quisiera|quiero) reportar)?|adem[aá]s(?: de (?:eso|esto))?|asimismo|"
    r"(?:a ?parte|asunto aparte)(?: de (?:eso|esto))?|otr[oa] (?:cosa|problema|asunto)|por cierto|de paso|"
    r"p\.?d\b\.?|cambiando de tema|se me olvidaba|(?:reporte|problema) (?:2|dos)(?=:)|"
    r"otr[oa](?=:)|segundo(?=[:,])|por otr[oa] (?:lado|parte)|ya que est[aá]n?|no tiene (?:nada )?que ver)\b"
    r"[\s,:.]*(?:(?:but|pero|please|por favor)\s+)?",
    re.IGNORECASE,
)
_ADVERB = re.compile(r"(?:also|tambi[eé]n|adem[aá]s)\s*", re.IGNORECASE)
_ASIDE = re.compile(r"(?:oh|ah),? (?:and |y )?", re.IGNORECASE)
_LISTED = re.compile(r"(?:[-*•–]|2[.)])\s*", re.IGNORECASE)
_ALSO = re.compile(
    r"(?:\S+\s+){1,3}(?:also|another|tambi[eé]n|tampoco|adem[aá]s|otr[oa])\b|"
    r".*\b(?:too|as well|either|tambi[eé]n|tampoco)\W*$",
    re.IGNORECASE | re.DOTALL,
)
_SEVERAL = re.compile(
    r"\b(?:two|2|couple of|few|dos|par de|varias|varios)\s+"
    r"(?:(?:different|separate|other)\s+)?"
    r"(?:things|problems|issues|complaints|requests|reports|cosas|problemas|quejas|reportes|asuntos)\b",
    re.IGNORECASE,
)
_AND = re.compile(r"(?:and|y|e|&|[+/])\s+", re.IGNORECASE)
_REFERS_BACK = re.compile(
    r"(?:it|its|it'?s|this|that|that'?s|they|them|these|those|he|she|which|who|if|so|because|cause|but|please|as|how|"
    r"why|when|then|not|very|(?:an? )?(?:\w+ )?hazard|no(?=\s+one)|"
    r"[eé]st[aeo]s?|es[aeo]s?|ell[oa]s?|que|porque|pero|si|cuando|favor|muy|"
    r"near|next to|close to|behind|beside|between|opposite|in front|cerca|junto|frente|entre|detr[aá]s|"
    r"the worst|lo peor|sorry|thanks?|gracias|perd[oó]n|"
    r"(?:the|la|el) (?:whole )?(?:street|road|area|place|corner|calle|zona|esquina)(?! ?(?:light|lamp|sign)))\b",
    re.IGNORECASE,
)
_SAYS_MORE = re.compile(
    r"(?:now|is|are|was|were|has|have|had|would|could|can|will|only|therefore|people|"
    r"ahora|luego|est[aá]n?|son|era|la gente|"
    r"at|on|in|of|off|from|to|for|since|with|without|along|across|outside|under|after|"
    r"en|de|del|al|desde|con|sin|para|por)\b",
    re.IGNORECASE,
)
_SHORTENED = re.compile(r"\b(?:st|ave|av|rd|blvd|dr|ln)$", re.IGNORECASE)
_NO_NAME = (
    r"(?!(?:January|February|March|April|May|June|July|August|September|October|November|December|"
    r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|I)\b)"
)
_NO_COUNT = r"(?!\s*(?:[:/%]|[ap]m|days?|weeks?|months?|years?|d[ií]as?|semanas?|meses|a[nñ]os?))"
_PLACE = re.compile(
    r"(?i:\b(?:at|on|in|of|by|near|behind|outside|under|off|along|from|to|de|del|en|al|frente a|calle|avenida|"
    r"parque)\s+(?:(?:the|la|el|calle|avenida|parque|number|n[uú]mero)\s+)*)"
    rf"{_NO_NAME}(?P<name>(?:\d{{1,5}}\s+)?[A-Z]\w+|\d{{1,5}}(?:st|nd|rd|th)?\b{_NO_COUNT})"
    r"|\b(?P<house>\d{1,5}\s+[A-Z][a-z]+)\b"
    r"|\b(?i:(?!(?:the|this|my|our|your|an?|in|on|one|same|whole|main|side|dead|bike|bus)\b)"
    r"(?P<street>\w+) (?:st|street|ave|avenue|rd|road|blvd|boulevard|dr|drive|ln|lane|park|square))\b"
    r"|(?i:\b(?:calle|avenida|parque) (?P<calle>\w{3,}))"
)


class Cut(NamedTuple):
    """The two parts, where in the text they stand, and what the words say for two problems (log-odds)."""

    one: str
    two: str
    spans: tuple[tuple[int, int], tuple[int, int]]
    said: float


def cuts(text: str) -> list[Cut]:
    """Where the text may be two problems, the likeliest first."""
    return sorted(_cuts(text), key=lambda cut: -cut.said)[:MOST_CUTS]


def _cuts(text: str) -> Iterator[Cut]:
    end = len(text.rstrip())
    length = LENGTH * math.log(max(1, len(text)) / USUAL)
    for found in _BREAK.finditer(text):
        one, rest = text[: found.start()].strip(), text[found.end() :].strip()
        two, follows = _introduced(found, one, rest)
        if _are_whole(one, two) and not _goes_on(found, one, rest, two):
            said = length + follows + _said(found, one, two)
            yield Cut(one, two, ((0, found.start()), (end - len(two), end)), said)


def _are_whole(one: str, two: str) -> bool:
    return len(one.split()) >= FEWEST_WORDS[0] and len(two.split()) >= FEWEST_WORDS[1]


def _introduced(found: re.Match[str], one: str, rest: str) -> tuple[str, float]:
    """The second part without what introduces it, and what that says."""
    if another := _ANOTHER.match(rest):
        parted = (
            found["end"] or found["comma"] or not _ADVERB.fullmatch(another[0])
        )  # not "the curb also crumbles"
        return rest[another.end() :], ANOTHER_FOLLOWS if parted else 0.0
    mark = _marked(found, rest)
    joined = mark or _AND.match(rest)
    two = rest[joined.end() :] if joined else rest
    if mark or _SEVERAL.search(one):
        return two, ANOTHER_FOLLOWS
    return two, ALSO if _ALSO.match(two) else 0.0


def _marked(found: re.Match[str], rest: str) -> re.Match[str] | None:
    """An "oh and" at the beginning of a sentence, or the mark of a list."""
    if found["end"] and (aside := _ASIDE.match(rest)):
        return aside
    return _LISTED.match(rest) if "\n" in found[0] or rest.startswith("2") else None


def _goes_on(found: re.Match[str], one: str, rest: str, two: str) -> bool:
    """Whether no sentence or name is cut: "the drain is clogged and now ...", "Oak St. and Elm St. is dark"."""
    if _SAYS_MORE.match(two) and (not found["end"] or _SHORTENED.search(one)):
        return True
    return two[:1].isupper() and (not found["end"] or _AND.match(rest) is not None)


def _said(found: re.Match[str], one: str, two: str) -> float:
    return (
        AT_TWO_PLACES * _at_two_places(one, two)
        + ENDED * bool(found["end"])
        + REFERS_BACK * bool(_REFERS_BACK.match(two))
        + FEW_WORDS * (len(two.split()) <= FEW)
    )


def _at_two_places(one: str, two: str) -> bool:
    """Whether each names a place and none names one of the other's."""
    here, there = _places(one, 0), _places(two, 1)
    return bool(here and there) and here.isdisjoint(there)


def _places(text: str, start: int) -> set[str]:
    """The words of the places that a text names from `start` on, in lower case."""
    named = (next(group for group in found.groups() if group) for found in _PLACE.finditer(text, start))
    return {word for name in named for word in name.lower().split()}
