"""What speaks for a mention beyond the recogniser's word: a street type, a number, a word of place before it.

The recogniser generalises from invented names, so to it any unknown word may be a street. A street said
without its type is believed only behind a word of place, or joined to a street that has one, and never when
it is an everyday word. A landmark must say what kind of thing it is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import lru_cache

from bridge.vocabulary import Mention, MentionKind
from classifiers.places import shapes
from classifiers.places.invented import lines
from classifiers.places.words import ORDINALS, STRONG_SUFFIXES, SUFFIXES, fold

_ORDINAL = re.compile(r"\d{1,3}(?:st|nd|rd|th)")
_NUMBER = re.compile(
    r"#?\s?\d{1,6}[a-z]?(?:\s?[-–/]\s?\d{1,6}[a-z]?)?(?:\s+1/2)?\s+(?:(?:de\s+)?la\s+)?", re.IGNORECASE
)
_BEHIND_NUMBER = re.compile(r".+?(?:\s|,\s?)(?:#|n[uú]m(?:ero)?\.?\s|no\.?\s)?\s*\d{1,5}", re.IGNORECASE)
_ON = re.compile(
    r"\b(?:on|off(?:\s+of)?|along|down|up|onto|corner\s+of|intersection\s+of|length\s+of|end\s+of|en|por|calle|sobre|"
    r"esquina\s+de)\s+(?:the\s+|la\s+|el\s+)?$",
    re.IGNORECASE,
)
_AT = re.compile(
    r"(?:\b(?:at|in\s+front\s+of|outside(?:\s+of)?|near|by|behind|opposite|across\s+from|next\s+to|address(?:\s+is)?:?|"
    r"live\s+at|house|en|frente\s+al?|direcci[oó]n\s+es)\s+|@\s*|^\s*)$",
    re.IGNORECASE,
)
_BESIDE = re.compile(
    r"\b(?:in\s+front\s+of|behind|next\s+to|near|across\s+(?:the\s+street\s+)?from|by|outside(?:\s+of)?|opposite|beside|past|"
    r"around\s+(?:from\s+)?|frente\s+al?|enfrente\s+del?|(?:de)?tr[aá]s\s+del?|atr[aá]s\s+del?|(?:de)?bajo\s+(?:del?\s+)?|contra\s?esquina\s+del?|"
    r"cerca\s+del?|al\s+lado\s+del?|junto\s+al?)\s*"
    r"(?:the\s+|la\s+|el\s+)?$",
    re.IGNORECASE,
)
_CORNER = re.compile(
    r"\b(?:corner|corners|intersection|junction|light|crosswalk|esquina|cruce|sem[aá]foro)\s+(?:of|at|on|de|en)\s+"
    r"(?:the\s+|la\s+)?$|\b(?:at|en)\s+(?:the\s+|la\s+)?$|@\s*$",
    re.IGNORECASE,
)
_SPANISH_TYPE = re.compile(r"(?:calle|avenida|avda|av|bulevar|carretera|camino|autopista)\b", re.IGNORECASE)
_LOOK_BACK = 30
_BESIDE_STRETCH = 16


def believed(
    text: str, single: Sequence[Mention], bonds: Sequence[MentionKind | None], everyday: Collection[str]
) -> list[Mention]:
    """The mentions with enough evidence; `bonds[i]` says what mentions i and i + 1 would make together."""
    strong = [has_own(text, m, everyday) for m in single]
    for i, bond in enumerate(bonds):
        pair, own = single[i : i + 2], strong[i : i + 2]
        if bond == "stretch" and _stretch(single, strong, i):
            strong[i : i + 2] = [True, True]
        elif bond == "intersection" and (any(own) or _corner(text, pair, everyday)):
            strong[i : i + 2] = [o or _is_name(m.text) for o, m in zip(own, pair, strict=True)]
    return [m for m, enough in zip(single, strong, strict=True) if enough]


def _corner(text: str, pair: Sequence[Mention], everyday: Collection[str]) -> bool:
    """Whether two streets said without their types are said to be a corner."""
    if not _CORNER.search(text[max(0, pair[0].start - _LOOK_BACK) : pair[0].start]):
        return False
    return all(not m.text.islower() or not all(w in everyday for w in fold(m.text).split()) for m in pair)


def _stretch(single: Sequence[Mention], strong: Sequence[bool], i: int) -> bool:
    """Whether "between A and B" is a stretch: of a street said beside it, or of names that are no towns."""
    one, two = single[i : i + 2]
    before, behind = single[max(0, i - 1) : i], single[i + 2 : i + 3]
    near = [m for m in before if strong[i - 1] and one.start - m.end < _BESIDE_STRETCH]
    near += [m for m in behind if strong[i + 2] and m.start - two.end < _BESIDE_STRETCH]
    if any(typed(m.text) for m in near):
        return True
    return not any(m.text.islower() or is_town(m.text) or not _is_name(m.text) for m in (one, two))


def is_town(name: str) -> bool:
    """Whether a name is a well-known town's."""
    return fold(name) in _towns()


@lru_cache(maxsize=1)
def _towns() -> frozenset[str]:
    return frozenset(fold(town) for town in lines("towns.txt"))


def has_own(text: str, m: Mention, everyday: Collection[str]) -> bool:
    """Whether a mention is believable by itself."""
    before = text[max(0, m.start - _LOOK_BACK) : m.start]
    match m.kind:
        case "street":
            if typed(m.text):
                return shapes.may_be_street(text, m)
            return _bare_street(m.text, before, everyday)
        case "address":
            return _address(text, m, before, everyday)
        case "block":
            return bool(re.search(r"\d00", m.text)) and bool(re.search(r"[^\W\d]{3}", m.text))
        case "highway":
            return shapes.is_highway(m.text)
        case "landmark":
            return _landmark(m.text, before)
    return True


def typed(name: str) -> bool:
    """Whether a street's name has a type ("Ave"), is a number ("5th") or begins with a Spanish type."""
    words = fold(name).split()
    if _SPANISH_TYPE.match(name) and len(words) > 1:
        return True
    if any(w in STRONG_SUFFIXES for w in words[1:]) and len("".join(words)) > 3:
        return True
    if len(words) > 1 and words[-1] in SUFFIXES and not name.islower():
        return True
    return bool(words and _ORDINAL.fullmatch(words[-1])) or (len(words) == 2 and words[0] == "avenue")


def _is_name(name: str) -> bool:
    return any(len(word) > 2 and any(c.isalpha() for c in word) for word in fold(name).split())


def _bare_street(name: str, before: str, everyday: Collection[str]) -> bool:
    words = fold(name).split()
    if not _is_name(name) or not _ON.search(before) or len(words) > 3:
        return False
    return all(w in ORDINALS for w in words) or not all(w in everyday for w in words)


def _address(text: str, m: Mention, before: str, everyday: Collection[str]) -> bool:
    number = _NUMBER.match(m.text)
    if number is None:
        return bool(_SPANISH_TYPE.match(m.text) and _BEHIND_NUMBER.fullmatch(m.text))
    street = m.text[number.end() :]
    if typed(street):
        name = street if _SPANISH_TYPE.match(street) else street.rsplit(None, 1)[0]
        return not shapes.counts_things(text, m.start, name, everyday)
    first = fold(street).split()[:1]
    return bool(first and len(first[0]) > 2 and first[0] not in everyday and _AT.search(before))


def _landmark(name: str, before: str) -> bool:
    words = fold(name).split()
    if not words:
        return False
    if len(words) == 1 or name.islower():
        return bool(_BESIDE.search(before)) and any(w in _kinds() for w in words)
    return any(w in _kinds() for w in words)


_NO_KINDS = frozenset(
    ("the", "la", "el", "high", "first", "shopping", "home", "bus", "community", "golf", "parking", "post")
)


@lru_cache(maxsize=1)
def _kinds() -> frozenset[str]:
    """The words that say what kind of landmark something is."""
    kinds = [fold(kind).split() for kind in lines("landmarks.txt") + lines("es_landmarks.txt")]
    return frozenset(word for words in kinds for word in (words[0], words[-1])) - _NO_KINDS
