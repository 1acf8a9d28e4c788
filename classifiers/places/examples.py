"""Makes the extractor's training examples: sentences of the training text with invented places in them.

Everything is drawn from one seeded source of chance, so the same text always gives the same examples.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from classifiers.places.invented import TEXT, Inventor, Piece, SpanishInventor, lines, wording
from classifiers.places.words import fold

Span = tuple[int, int, str]
Message = tuple[str, list[Span]]

CORPUS = TEXT.parent / "corpus" / "en.txt"
"""What residents write, by service; `{place}` stands where they name a place. Lines without it name none."""

_SLOT = re.compile(r"\{(\w+)\}")
_ALONG = re.compile(r"\b(?:on|along|down|up|onto|off|length of|all of|side of|part of|lane of)\s+$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Material:
    """The lines one language's messages are made of."""

    places: Sequence[str]
    follow: Sequence[str]
    nowhere: Sequence[str]


def examples(count: int, seed: int = 311) -> Iterator[Message]:
    """Yields `count` messages with the spans of their places (start, end, label)."""
    chance = random.Random(seed)  # noqa: S311 - repeatable text, not secrets
    english, spanish = Inventor(chance), SpanishInventor(chance)
    corpus = [line for line in CORPUS.read_text(encoding="utf-8").splitlines() if line and line[0] not in "#["]
    kinds = "|".join(kind for kind in english.kinds if kind.islower() and kind[0] != "+")
    landmark = re.compile(rf"\b(?:{kinds})\b", re.IGNORECASE)  # "behind the library" is a place all the same
    placeless = [line for line in corpus if "{" not in line and not landmark.search(line)]
    told = _Material(lines("en.txt"), lines("follow.txt"), lines("nowhere.txt"))
    written = _Material([line for line in corpus if "{place}" in line], placeless, placeless)
    en_es = _Material(lines("es.txt"), lines("es_nowhere.txt"), lines("es_nowhere.txt"))
    for _ in range(count):
        inventor, material = chance.choices(((english, told), (english, written), (spanish, en_es)), (45, 42, 13))[
            0
        ]
        yield _worn(chance, *_message(inventor, material))


def everyday_words() -> list[str]:
    """The words of the training text's sentences, folded: none of them is a street's name without its type."""
    names = ("en.txt", "follow.txt", "nowhere.txt", "es.txt", "es_nowhere.txt")
    text = "\n".join(line for name in names for line in lines(name)) + CORPUS.read_text(encoding="utf-8")
    lower = re.findall(r"(?<![\w{])[^\W\d_A-Z][^\W\d_]*(?![\w}])", text)
    return sorted({fold(word) for word in lower} - {""})


def _message(inventor: Inventor, material: _Material) -> Message:
    kind = inventor.random.random()
    if kind < 0.27:
        count = inventor.random.choice((1, 1, 2, 3))
        placeless = [_fill(inventor, inventor.pick((*material.nowhere, *material.follow))) for _ in range(count)]
        return _jumbled(inventor, placeless) if kind < 0.07 else _join(placeless, _glue(inventor))
    parts = [_fill(inventor, inventor.pick(material.places))]
    if kind < 0.62:
        parts.append(_fill(inventor, inventor.pick(material.follow)))
    if kind < 0.45:
        parts.insert(0, _fill(inventor, inventor.pick(material.follow)))
    if kind > 0.88:
        parts.append(_fill(inventor, inventor.pick(material.places)))
    return _join(parts, _glue(inventor))


def _glue(inventor: Inventor) -> str:
    return inventor.pick((" ", " ", ". ", ". ", ", ", "\n", "! ", "... ", " - "))


def _jumbled(inventor: Inventor, parts: Sequence[Message]) -> Message:
    """Words in no order with odd names among them: unknown words alone make no place."""
    words = " ".join(text for text, _ in parts).split()
    inventor.random.shuffle(words)
    for _ in range(inventor.random.randint(1, 3)):
        words.insert(inventor.random.randint(0, len(words)), inventor.odd())
    return " ".join(words[:30]), []


# ------------------------------------------------------------------------------------------- slots


def _fill(inventor: Inventor, template: str) -> Message:
    """The template with every slot filled, and the spans of what filled them."""
    text, spans = "", []
    for i, part in enumerate(_SLOT.split(template)):
        for words, label in _slot(inventor, part, text) if i % 2 else [(part, "")]:
            start = len(text) + _article(words) * (label == "LANDMARK")
            text += words
            if label:
                spans.append((start, len(text), label))
    return text, spans


def _slot(inventor: Inventor, name: str, before: str) -> list[Piece]:
    match name:
        case "place":
            return _slot(inventor, _place_after(inventor, before), before)
        case "street":
            tail = f"{inventor.pick((' ', ' in ', ', '))}{inventor.town()}" if inventor.chance(0.07) else ""
            return [(inventor.street(), "STREET"), (tail, "")]
        case "bare":
            return [(inventor.street(bare=0.75), "STREET")]
        case "intersection":
            return inventor.intersection()
        case "stretch":
            return inventor.stretch()
        case "corner":
            opening = inventor.pick(("the corner of ", "corner of ", "the intersection of "))
            return [(opening, ""), *inventor.intersection()]
        case "address" | "block" | "landmark" | "highway":
            return [(getattr(inventor, name)(), name.upper())]
        case "n":
            return [(str(inventor.random.randint(1, inventor.random.choice((9, 99, 999, 20000)))), "")]
    return [(getattr(inventor, name)(), "")]


def _place_after(inventor: Inventor, before: str) -> str:
    """What kind of place a sentence goes on with: streets behind "on", anything behind "at"."""
    if _ALONG.search(before):
        return inventor.random.choices(("street", "stretch", "bare", "block", "highway"), (62, 16, 8, 8, 6))[0]
    return inventor.random.choices(
        ("address", "street", "intersection", "corner", "landmark", "block", "highway"), (38, 16, 14, 9, 16, 4, 3)
    )[0]


def _article(words: str) -> int:
    """How many letters of "the library" are not its name."""
    return next((len(a) for a in ("the ", "la ", "el ") if words.lower().startswith(a)), 0)


# ------------------------------------------------------------------------------------- whole messages


def _join(parts: Sequence[Message], glue: str) -> Message:
    text, spans = "", []
    for part, part_spans in parts:
        if text:
            text += " " if text[-1] in ".!?," else glue
        spans += [(s + len(text), e + len(text), label) for s, e, label in part_spans]
        text += part
    return text, spans


def _worn(chance: random.Random, text: str, spans: list[Span]) -> Message:
    """The message as hurried people type it: lower case, capitals, tags, here and there a letter swapped."""
    if chance.random() < 0.12:
        text, spans = _tagged(chance, text, spans)
    case = chance.random()
    if case < 0.34:
        text = text.lower()
    elif case < 0.39:
        text = text.upper()
    elif case < 0.6:
        text = text[:1].upper() + text[1:]
    if chance.random() < 0.2:
        text = _letters_swapped(chance, text)
    return text, spans


def _tagged(chance: random.Random, text: str, spans: list[Span]) -> Message:
    """A tag or two in front of the message and behind it, as in tweets."""
    tags = [chance.choice(wording()["noise"]["tags"]) for _ in range(3)]
    front = f"{tags[0]} " if chance.random() < 0.5 else ""
    spans = [(s + len(front), e + len(front), label) for s, e, label in spans]
    return f"{front}{text} {tags[1]}{chance.choice(('', ' ' + tags[2]))}", spans


def _letters_swapped(chance: random.Random, text: str) -> str:
    at = chance.randrange(max(1, len(text) - 1))
    pair = text[at : at + 2]
    return text[:at] + pair[::-1] + text[at + 2 :] if pair.isalpha() and len(pair) == 2 else text
