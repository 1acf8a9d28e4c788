"""Where a message may be cut in two problems, and how sure of each part one must be there. Pure, of words alone.

"Pothole by the broken street light" is not cut at all: only the end of a sentence, a line, a comma, or "and" parts
two problems. What stands there weighs: that another thing is said to follow, that each part names its own place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

SHORT = 160  # characters, one segment: who writes more tells a story
FEWEST_WORDS = 1, 2  # of the first part and the second


class Demand(NamedTuple):
    """How sure each part must be, a probability: in a short message, and in a story."""

    short: float
    story: float


BESIDE_A_WORD = Demand(0.25, 0.4)  # where a word or a list says that it is another thing
AT_TWO_PLACES = Demand(0.4, 0.7)  # where each part names its own place
OF_A_CLAUSE = Demand(0.5, 0.7)  # after an empty line, or "and" before a clause of its own
OF_A_SENTENCE = Demand(0.65, 0.7)  # where nothing but a full stop is between them
OF_A_NOUN = Demand(0.75, 1.0)  # where "and" or a comma joins them: "a pothole and a dark lamp"; never in a story
NOWHERE = Demand(1.0, 1.0)

_BREAK = re.compile(
    r"(?P<empty>\s*\n\s*\n\s*)|(?P<stop>[.;!?]+\s+|\s*\n\s*)|(?P<comma>,\s+)"
    r"|\s+(?=(?:and|y|e|&|[+/]|plus|also|another|separately|tambi[eé]n|adem[aá]s|otr[oa]|por|2[.)])\s)",
    re.IGNORECASE,
)
_ANOTHER = re.compile(
    r"(?:(?:oh|ah)[, ]\s*)?(?:(?:and|y|e),?\s+)?(?:(?:please|por favor),?\s+)?"
    r"(?:(?:on |yet )?another (?:thing|problem|issue|note)|another(?=:)|in addition(?: to (?:that|this))?|"
    r"additionally|on top of that|second(?:ly)?(?=[:,])|separately|plus|"
    r"while (?:you(?:'re|r| are)|i(?:'m| am)) (?:at it|here)|not related|unrelated|"
    r"also|i(?:'d| would| want to)? also (?:like to |want to )?(?:report|mention)|"
    r"tambi[eé]n(?: (?:quisiera|quiero) reportar)?|adem[aá]s(?: de (?:eso|esto))?|"
    r"a ?parte(?: de (?:eso|esto))?|otr[oa] (?:cosa|problema|asunto)|"
    r"otr[oa](?=:)|segundo(?=[:,])|por otr[oa] (?:lado|parte)|ya que est[aá]n?|no tiene (?:nada )?que ver)\b"
    r"[\s,:]*(?:(?:but|pero|please|por favor)\s+)?",
    re.IGNORECASE,
)
_ADVERB = re.compile(r"(?:also|tambi[eé]n|adem[aá]s)\s*", re.IGNORECASE)
_ASIDE = re.compile(r"(?:oh|ah),? (?:and |y )?", re.IGNORECASE)
_LISTED = re.compile(r"(?:[-*•–]|2[.)])\s*", re.IGNORECASE)
_SEVERAL = re.compile(
    r"\b(?:two|2|couple of|few|dos|par de|varias|varios)\s+"
    r"(?:(?:different|separate|other)\s+)?"
    r"(?:things|problems|issues|complaints|requests|reports|cosas|problemas|quejas|reportes|asuntos)\b",
    re.IGNORECASE,
)
_AND = re.compile(r"(?:and|y|e|&|[+/])\s+", re.IGNORECASE)
_THERE_IS = re.compile(
    r"(?:there(?: is| are|'s)?|we have|(?:some|any)(?:one|body)(?! should)|hay|alguien|tenemos)\b", re.IGNORECASE
)
_NAMES = re.compile(r"(?:the|my|an?|la|el|los|las|una?|mi)\b", re.IGNORECASE)
_DENIES = re.compile(r"(?:no|se)\b", re.IGNORECASE)
_REQUEST = re.compile(
    r"(?:fix|fill|repair|replace|remove|trim|cut|clean|repaint|pick up|"
    r"arregl|tap|repar|cambi|quit|pod|cort|limpi|pint|recog)(?:[ae]r|[ae]n)?\b",
    re.IGNORECASE,
)
_PREDICATE = re.compile(
    r"\b(?:is|are|isn'?t|aren'?t|was|were|has|have|been|keeps?|won'?t|doesn'?t|needs?|fell|broke|went|"
    r"est[aá]n?|se|no|sirve|necesita|tienen?)\b",
    re.IGNORECASE,
)
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
_THE_ONE = re.compile(
    r"(?:there (?:is|are|was) )?(?:the|my|el|la|los|las|mi)\s+(?P<of>(?:[\w'-]+\s+){0,2}?[\w'-]+)", re.IGNORECASE
)
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
    """The two parts, how sure of each one must be (a probability), and where in the text they stand."""

    one: str
    two: str
    sure: float
    spans: tuple[tuple[int, int], tuple[int, int]]


def cuts(text: str) -> Iterator[Cut]:
    """Where the text may be two problems, in its order."""
    end = len(text.rstrip())
    for found in _BREAK.finditer(text):
        one, rest = text[: found.start()].strip(), text[found.end() :].strip()
        two, demand = _demand(found, one, rest)
        sure = demand.short if len(text) <= SHORT else demand.story
        if sure < 1.0 and _are_whole(one, two) and not _goes_on(one, two):
            yield Cut(one, two, sure, ((0, found.start()), (end - len(two), end)))


def _are_whole(one: str, two: str) -> bool:
    return len(one.split()) >= FEWEST_WORDS[0] and len(two.split()) >= FEWEST_WORDS[1]


def _demand(found: re.Match[str], one: str, rest: str) -> tuple[str, Demand]:
    """The second part without what introduces it, and what this place demands of both."""
    ended = bool(found["stop"] or found["empty"])
    if another := _ANOTHER.match(rest):
        two = rest[another.end() :]
        within = not ended and not found["comma"] and _ADVERB.fullmatch(another[0])  # "the curb also crumbles"
        return two, NOWHERE if within and not _begins_a_clause(two) else BESIDE_A_WORD
    mark = (_ASIDE.match(rest) if ended else None) or (_LISTED.match(rest) if _may_list(found, rest) else None)
    if mark:
        return rest[mark.end() :], BESIDE_A_WORD
    joined = _AND.match(rest)
    two = rest[joined.end() :] if joined else rest
    if not ended and _SAYS_MORE.match(two):
        return two, NOWHERE
    if (joined or not ended) and two[:1].isupper():  # "Oak St. and Elm St" is where one thing is
        return two, NOWHERE
    if _SEVERAL.search(one):
        return two, BESIDE_A_WORD
    if _at_two_places(one, two):
        return two, AT_TWO_PLACES
    return two, _demand_of_words(found, two, bool(joined))


def _may_list(found: re.Match[str], rest: str) -> bool:
    return "\n" in found[0] or rest.startswith("2")


def _demand_of_words(found: re.Match[str], two: str, joined: bool) -> Demand:
    if found["empty"] or (joined and _begins_a_clause(two)):
        return OF_A_CLAUSE
    if joined or found["comma"]:
        return OF_A_NOUN
    return OF_A_SENTENCE if _THERE_IS.match(two) or _NAMES.match(two) else NOWHERE


def _begins_a_clause(two: str) -> bool:
    """ "and a bunch of trash bags" begins none."""
    if _THERE_IS.match(two) or _REQUEST.match(two):
        return True
    return bool(_NAMES.match(two) or _DENIES.match(two)) and bool(_PREDICATE.search(two))


def _at_two_places(one: str, two: str) -> bool:
    """Whether each names a place and none names one of the other's."""
    here, there = _places(one, 0), _places(two, 1)
    return bool(here and there) and here.isdisjoint(there)


def _places(text: str, start: int) -> set[str]:
    """The words of the places that a text names from `start` on, in lower case."""
    named = (next(group for group in found.groups() if group) for found in _PLACE.finditer(text, start))
    return {word for name in named for word in name.lower().split()}


def _goes_on(one: str, two: str) -> bool:
    """Whether the second part tells more of the first: "it ...", "the sign ..." after a sign was named."""
    if _REFERS_BACK.match(two):
        return True
    named = _THE_ONE.match(two)
    before = set(re.findall(r"\w{3,}", one.lower()))
    return named is not None and not before.isdisjoint(re.findall(r"\w{3,}", named["of"].lower()))
