"""Joins the atoms the recogniser found into place mentions, and finds what has a fixed shape.

Streets joined by "and", "&", "at" … are an intersection; "between A and B" with a street beside it is a
stretch. A house number in front of a street the recogniser saw alone makes it an address. State and
postcode are cut from an address's end: the postcode is a mention of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bridge.vocabulary import Mention, MentionKind
from classifiers.places import coordinates, shapes
from classifiers.places.shapes import Part

Atom = tuple[int, int, str]


_THE = r"(?:the\s+|la\s+|el\s+)?"
_JOINT = re.compile(
    rf"\s*[,.]?\s*(?:(?:and|&amp;|&|@|at|x|n|y|e|con|with|\+|crossing|meets|where\s+it\s+meets|and\s+corner\s+of|"
    rf"esquina\s+con|esq\.?(?:\s+con)?|corner(?:\s+of)?|at\s+the\s+(?:corner|intersection)\s+(?:of|with)|"
    rf"(?:near\s+)?(?:the\s+)?intersection\s+(?:of|with))\s+{_THE}|[/&@+]\s*)",
    re.IGNORECASE,
)
_RANGE_JOINT = re.compile(
    rf"\s*[,.]?\s*(?:and|&amp;|&|to|y|e|a|hasta|until|till|/|-|(?:all\s+the\s+way\s+|up\s+|down\s+)to)\s*{_THE}",
    re.IGNORECASE,
)
_BETWEEN = re.compile(rf"\b(?:in\s+)?(?:between|betw|btwn|btw|bet|entre)\.?\s+{_THE}$", re.IGNORECASE)
_FROM = re.compile(rf"\b(?:from|desde|de)\s+{_THE}$", re.IGNORECASE)
_ON = re.compile(r"\s*,?\s*(?:on|of|along|en|de|sobre)\s+(?:the\s+|la\s+|el\s+)?", re.IGNORECASE)
_OPEN = re.compile(r"\s*[,(.:-]?\s*(?:\w+\s+){0,3}$")
_ROADS = ("street", "highway")


def mentions(text: str, atoms: list[Atom]) -> tuple[Mention, ...]:
    """The single place mentions of a text, from the recogniser's atoms (start, end, kind), in order."""
    fixed = shapes.find(text) + [Part(s.start, s.end, "coordinates") for s in coordinates.spot(text)]
    parts = [_trimmed(text, Part(s, e, _kind(kind))) for s, e, kind in atoms]
    parts = _without_overlaps([p for p in fixed if p.kind in ("coordinates", "pole")], parts)
    parts = _without_overlaps(parts, shapes.addresses(text))
    parts = _without_overlaps(parts, [p for p in fixed if p.kind not in ("coordinates", "pole")])
    return tuple(Mention(p.start, p.end, p.kind, text[p.start : p.end]) for p in parts if p.end > p.start)


def joined(text: str, mentions: Sequence[Mention]) -> tuple[Mention, ...]:
    """The mentions with neighbouring streets joined into intersections and stretches, in order."""
    parts = _joined(text, [Part(m.start, m.end, m.kind) for m in sorted(mentions, key=lambda m: m.start)])
    return tuple(Mention(p.start, p.end, p.kind, text[p.start : p.end]) for p in parts)


def _kind(label: str) -> MentionKind:
    kinds: dict[str, MentionKind] = {
        "address": "address",
        "block": "block",
        "street": "street",
        "highway": "highway",
    }
    return kinds.get(label, "landmark")


def _without_overlaps(first: list[Part], then: list[Part]) -> list[Part]:
    """All of `first`, and those of `then` that overlap none of it, in the order of the text."""
    kept = [p for p in then if not any(q.start < p.end and p.start < q.end for q in first)]
    return sorted([*first, *kept], key=lambda p: p.start)


def _trimmed(text: str, part: Part) -> Part:
    words = text[part.start : part.end]
    if part.kind == "address" and (tail := shapes.STATE_AND_CODE.search(words)):
        words = words[: tail.start()]
    stripped = words.strip(' \t\r\n,;:!?()[]"-')
    start = part.start + words.find(stripped) if stripped else part.start
    return replace(part, start=start, end=start + len(stripped))


def _joined(text: str, parts: list[Part]) -> list[Part]:
    joined: list[Part] = []
    i = 0
    while i < len(parts):
        part, taken = _stretch(text, parts, i, joined) or _intersection(text, parts, i) or (parts[i], 1)
        joined.append(part)
        i += taken
    return joined


def _intersection(text: str, parts: list[Part], i: int) -> tuple[Part, int] | None:
    if i + 1 >= len(parts):
        return None
    one, two = parts[i], parts[i + 1]
    gap = text[one.end : two.start]
    if (
        one.kind not in _ROADS
        or two.kind not in _ROADS
        or not _JOINT.fullmatch(gap + ("" if gap[-1:].isspace() else " "))
    ):
        return None
    return Part(one.start, two.end, "intersection"), 2


def _stretch(text: str, parts: list[Part], i: int, done: list[Part]) -> tuple[Part, int] | None:
    """Joins "between A and B" at parts[i] with the street right behind it, or right before it."""
    if i + 1 >= len(parts) or any(p.kind not in _ROADS for p in parts[i : i + 2]):
        return None
    one, two = parts[i], parts[i + 1]
    before = text[max(0, one.start - 30) : one.start]
    opening = _BETWEEN.search(before) or _FROM.search(before)
    if not opening or not _RANGE_JOINT.fullmatch(text[one.end : two.start]):
        return None
    start = one.start - (len(before) - opening.start())
    behind = parts[i + 2] if i + 2 < len(parts) else None
    if behind and behind.kind == "street" and _ON.fullmatch(text[two.end : behind.start]):
        return Part(start, behind.end, "stretch"), 3
    if done and done[-1].kind == "street" and _OPEN.fullmatch(text[done[-1].end : start]):
        return Part(done.pop().start, two.end, "stretch"), 2
    return Part(start, two.end, "stretch"), 2
