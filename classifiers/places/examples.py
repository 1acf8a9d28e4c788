"""Makes the extractor's training examples: sentences of the training text with invented places in them.

Everything is drawn from one seeded source of chance, so the same text always gives the same examples.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

Span = tuple[int, int, str]
Piece = tuple[str, str]
"""Words and the label they carry, "" for words that are no place."""

TEXT = Path(__file__).parent.parent / "training" / "places"

_SLOT = re.compile(r"\{(\w+)\}")
_STATES = ("TX", "CT", "MA", "NE", "NY", "CA", "IL", "OH", "FL", "GA", "tx", "ct", "ma", "Texas", "Mass")
_SUFFIXES = {
    "st": ("St", "St.", "Street", "st", "street", "str"),
    "ave": ("Ave", "Ave.", "Avenue", "ave", "avenue", "Av"),
    "rd": ("Rd", "Rd.", "Road", "rd"),
    "dr": ("Dr", "Dr.", "Drive", "dr"),
    "blvd": ("Blvd", "Blvd.", "Boulevard", "blvd"),
    "ln": ("Ln", "Lane", "ln"),
    "ct": ("Ct", "Ct.", "Court"),
    "pl": ("Pl", "Pl.", "Place"),
    "ter": ("Ter", "Terrace"),
    "pkwy": ("Pkwy", "Parkway"),
    "other": ("Way", "Circle", "Cir", "Square", "Sq", "Trail", "Loop", "Highway", "Hwy", "Park", "Row", "Alley",
              "Wharf", "Green", "Path", "Run", "Point", "Plaza", "Cove", "Ridge", "Crossing", "Freeway", "Fwy",
              "Turnpike", "Extension", "Bend"),
}  # fmt: skip
_SUFFIX_WEIGHTS = {"st": 40, "ave": 22, "rd": 13, "dr": 9, "blvd": 4, "ln": 4, "ct": 2, "pl": 3, "ter": 1,
                   "pkwy": 1, "other": 6}  # fmt: skip
_JOINTS = (
    *[" and "] * 22, *[" & "] * 10, *[" at "] * 5, "/", "/", "/", " / ", " @ ", " @ ", " and the ", " x ",
    " n ", "&", " + ",    " near ", ", ", " by ", " where it meets ", " corner of ",
)  # fmt: skip
_SPANISH_JOINTS = (
    " y ",
    " y ",
    " y ",
    " y la ",
    " con ",
    " con la ",
    " & ",
    " esquina con ",
    " esq. ",
    "/",
    " and ",
)
_STRETCHES = (
    "c between a and b", "c between a & b", "c from a to b", "between a and b on c", "c, between a and b",
    "c btwn a and b", "c (between a and b)", "c from a all the way to b", "c in between a and b",
    "from a to b on c",
)  # fmt: skip
_DIRECTIONS = ("N", "S", "E", "W", "N.", "S.", "E.", "W.", "North", "South", "East", "West", "n", "s", "e", "w")


def _lines(name: str) -> list[str]:
    lines = (TEXT / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@dataclass(frozen=True, slots=True)
class _Stock:
    names: dict[str, list[str]]
    towns: list[str]
    landmarks: list[str]


def _stock() -> _Stock:
    groups = (line.split(":", 1) for line in _lines("names.txt"))
    return _Stock({k: v.split() for k, v in groups}, _lines("towns.txt"), _lines("landmarks.txt"))


class _Writer:
    """Invents places and puts them into sentences."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - repeatable text, not secrets
        self.stock = _stock()

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def pick(self, words: Sequence[str]) -> str:
        return self.random.choice(words.split() if isinstance(words, str) else words)

    def word(self, group: str) -> str:
        return self.pick(self.stock.names[group])

    def base(self) -> str:
        """A street's name without suffix."""
        kind = self.random.choices(
            ("tree", "plain", "surname", "ordinal", "invented", "two", "given", "spanish", "letter"),
            (8, 22, 22, 12, 16, 13, 4, 3, 1),
        )[0]
        match kind:
            case "tree":
                return self.word(self.pick("trees presidents"))
            case "plain":
                return self.word("plain")
            case "surname":
                return self.word("surnames")
            case "ordinal":
                return self.ordinal()
            case "invented":
                return self.invented()
            case "two":
                return self.two_words()
            case "given":
                return self.word("given")
            case "spanish":
                return self.word("spanish")
        return f"Avenue {self.pick('A B C D E H K M')}"

    def ordinal(self) -> str:
        if self.chance(0.25):
            return self.pick("First Second Third Fourth Fifth Sixth Seventh Eighth Ninth Tenth Eleventh Twelfth")
        n = self.random.choice(
            (self.random.randint(1, 12), self.random.randint(1, 99), self.random.randint(1, 160))
        )
        ending = "th" if 10 < n % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
        return f"{n}{ending if self.chance(0.9) else ending.upper()}"

    def invented(self) -> str:
        middle = self.word("syllables") if self.chance(0.35) else ""
        return (self.word("syllables") + middle + self.word("endings")).capitalize()

    def two_words(self) -> str:
        first, second = self.random.choice(
            (("lead", "tail"), ("lead", "surnames"), ("surnames", "tail"), ("plain", "tail"),
             ("given", "surnames"), ("trees", "tail"), ("titles", "given"), ("lead", "plain"))
        )  # fmt: skip
        name = f"{self.word(first)} {self.word(second)}"
        if self.chance(0.15):
            name += f" {self.word('tail')}"
        return name.replace("Saint", self.pick(("St.", "St", "Saint"))).replace(
            "General", self.pick("Gen General")
        )

    def suffix(self) -> str:
        kind = self.random.choices(list(_SUFFIX_WEIGHTS), list(_SUFFIX_WEIGHTS.values()))[0]
        return self.pick(_SUFFIXES[kind])

    def street(self, plain: float = 0.08) -> str:
        """A street's name, without suffix in a `plain` share of cases."""
        before = f"{self.pick(_DIRECTIONS)} " if self.chance(0.13) else ""
        if self.chance(plain):
            return before + self.base()
        after = f" {self.pick('N S E W North South East West NE NW')}" if self.chance(0.02) else ""
        return f"{before}{self.base()} {self.suffix()}{after}"

    def bare(self) -> str:
        return self.street(plain=0.75)

    def number(self) -> str:
        n = self.random.choice(
            (self.random.randint(1, 99), self.random.randint(1, 999), self.random.randint(100, 25000))
        )
        if self.chance(0.07):
            return f"{n}{self.pick(('-', '-', '/', '–', ' - '))}{n + self.random.choice((2, 4, 6, 10, 44))}"
        return f"{n}{self.pick('A B a b')}" if self.chance(0.02) else str(n)

    def address(self) -> str:
        text = f"{self.number()} {self.street(plain=0.14)}"
        if self.chance(0.07):
            unit = self.pick(("apt", "Apt", "#", "unit", "Unit", "Apt."))
            text += f"{self.pick((' ', ', '))}{unit} {self.pick(('2', '4', '12', '3B', 'B', '210'))}"
        return text + self.town_tail() if self.chance(0.3) else text

    def town_tail(self) -> str:
        town = self.pick(self.stock.towns)
        state = f"{self.pick((' ', ', '))}{self.pick(_STATES)}" if self.chance(0.5) else ""
        code = f" {self.random.randint(10000, 99999)}" if self.chance(0.4) else ""
        if self.chance(0.12):
            return code
        return f"{self.pick((' ', ', ', ' in '))}{town}{state}{code}"

    def block(self) -> str:
        n = self.random.randint(1, 99) * 100
        of = self.pick((" block of ", " block ", " blk of ", " Block of ", " block on "))
        return f"{n}{of}{self.street(plain=0.35)}"

    def side(self) -> Piece:
        return (self.highway(), "HIGHWAY") if self.chance(0.08) else (self.street(plain=0.5), "STREET")

    def intersection(self) -> list[Piece]:
        if self.chance(0.08):
            plural = self.pick("Streets streets Sts Avenues Aves")
            return [(self.base(), "STREET"), (self.pick(_JOINTS), ""), (f"{self.base()} {plural}", "STREET")]
        return [self.side(), (self.pick(_JOINTS), ""), self.side()]

    def stretch(self) -> list[Piece]:
        a, b, c = (self.street(plain=p) for p in (0.6, 0.6, 0.15))
        template = self.pick(_STRETCHES)
        named = {"a": (a, "STREET"), "b": (b, "STREET"), "c": (c, "STREET")}
        return [named.get(part, (part, "")) for part in re.split(r"\b([abc])\b", template)]

    def landmark(self) -> str:
        kind = self.pick(self.stock.landmarks)
        if not kind.startswith("+"):
            return ("the " if kind.islower() and self.chance(0.85) else "") + kind
        name = self.pick(
            (self.invented(), self.word("surnames"), self.word("plain"), self.two_words(), self.word("given"))
        )
        return ("the " if self.chance(0.1) else "") + name + kind[1:]

    def highway(self) -> str:
        n = self.pick(("10", "30", "35", "45", "59", "69", "80", "84", "90", "91", "95", "249", "290", "610", "6"))
        stem = self.pick(("I-", "I-", "I", "I ", "Interstate ", "Highway ", "Hwy ", "US ", "US-", "Route ",
                          "Rt ", "SR ", "State Highway ", "SH", "RT", "Beltway ", "Loop "))  # fmt: skip
        way = self.pick((" north", " south", " NB", " SB", " North", " East", " west")) if self.chance(0.2) else ""
        return f"{stem}{n}{way}"

    def fill(self, template: str) -> tuple[str, list[Span]]:
        """The template with every slot filled, and the spans of what filled them."""
        text, spans = "", []
        for i, part in enumerate(_SLOT.split(template)):
            for words, label in self.slot(part) if i % 2 else [(part, "")]:
                start = len(text) + _article(words) * (label == "LANDMARK")
                text += words
                if label:
                    spans.append((start, len(text), label))
        return text, spans

    def slot(self, name: str) -> list[Piece]:
        match name:
            case "address":
                return [(self.address(), "ADDRESS")]
            case "block":
                return [(self.block(), "BLOCK")]
            case "street":
                return [(self.street(), "STREET")]
            case "bare":
                return [(self.bare(), "STREET")]
            case "landmark":
                return [(self.landmark(), "LANDMARK")]
            case "highway":
                return [(self.highway(), "HIGHWAY")]
            case "stretch":
                return self.stretch()
        return self.intersection()


def _article(words: str) -> int:
    """How many letters of "the library" are not its name."""
    return next((len(a) for a in ("the ", "la ", "el ") if words.lower().startswith(a)), 0)


class _SpanishWriter(_Writer):
    """The same places, worded in Spanish."""

    kinds = _lines("es_landmarks.txt")

    def street(self, plain: float = 0.08) -> str:
        if self.chance(0.35):
            return super().street(plain)
        stem = self.pick(
            ("calle", "calle", "Calle", "avenida", "Avenida", "Av.", "Ave", "bulevar", "carretera", "camino")
        )
        if self.chance(0.2):
            name = self.pick(
                "1 2 3 4 5 6 7 8 9 10 12 14 21 Primera Segunda Tercera Cuarta Quinta Sexta Décima 5ta 3ra 8va"
            )
        else:
            name = self.base()
        return f"{stem} {name}"

    def address(self) -> str:
        forms = [f"{self.number()} {self.street(0.14)}", f"{self.number()} de la {self.street(0.14)}"]
        text = self.pick(
            (
                forms[0],
                forms[0],
                forms[1],
                f"{self.street(0.1)} {self.number()}",
                f"{self.street(0.1)} #{self.number()}",
            )
        )
        return text + self.town_tail() if self.chance(0.15) else text

    def intersection(self) -> list[Piece]:
        return [self.side(), (self.pick(_SPANISH_JOINTS), ""), self.side()]

    def stretch(self) -> list[Piece]:
        a, b, c = (self.street(plain=p) for p in (0.4, 0.4, 0.1))
        return [(c, "STREET"), (" entre ", ""), (a, "STREET"), (" y ", ""), (b, "STREET")]

    def block(self) -> str:
        return f"{self.random.randint(1, 60) * 100} de la {self.street(0.2)}"

    def landmark(self) -> str:
        if self.chance(0.35):
            return super().landmark()
        name = self.pick(self.kinds)
        return f"{name} {self.base()}" if self.chance(0.3) else name


# ------------------------------------------------------------------------------------- whole messages


def examples(count: int, seed: int = 311) -> Iterator[tuple[str, list[Span]]]:
    """Yields `count` messages with the spans of their places: labels as in `MentionKind`, in upper case."""
    english, spanish = _Writer(seed), _SpanishWriter(seed + 1)
    lists = {name: _lines(f"{name}.txt") for name in ("en", "es", "follow", "nowhere", "es_nowhere")}
    chance = english.random
    for _ in range(count):
        if chance.random() < 0.16:
            yield _worn(chance, *_message(spanish, lists["es"], lists["es_nowhere"], lists["es_nowhere"]))
        else:
            yield _worn(chance, *_message(english, lists["en"], lists["follow"], lists["nowhere"]))


def _message(writer: _Writer, places: list[str], follow: list[str], nowhere: list[str]) -> tuple[str, list[Span]]:
    kind = writer.random.random()
    if kind < 0.14:
        return " ".join(writer.pick(nowhere + follow) for _ in range(writer.random.choice((1, 1, 2, 3)))), []
    parts = [writer.fill(writer.pick(places))]
    if kind < 0.5:
        parts.append((writer.pick(follow), []))
    if kind < 0.32:
        parts.insert(0, (writer.pick(follow), []))
    if kind > 0.86:
        parts.append(writer.fill(writer.pick(places)))
    return _join(parts, writer.pick((" ", " ", ". ", ". ", ", ", "\n", "! ")))


def _join(parts: list[tuple[str, list[Span]]], glue: str) -> tuple[str, list[Span]]:
    text, spans = "", []
    for part, part_spans in parts:
        if text:
            text += " " if text[-1] in ".!?," else glue
        spans += [(s + len(text), e + len(text), label) for s, e, label in part_spans]
        text += part
    return text, spans


def _worn(chance: random.Random, text: str, spans: list[Span]) -> tuple[str, list[Span]]:
    """The message as hurried people type it: lower case, capitals, here and there a letter swapped."""
    case = chance.random()
    if case < 0.38:
        text = text.lower()
    elif case < 0.43:
        text = text.upper()
    elif case < 0.6:
        text = text[:1].upper() + text[1:]
    if chance.random() < 0.25:
        text = _swap_letters(chance, text)
    return text, spans


def _swap_letters(chance: random.Random, text: str) -> str:
    at = chance.randrange(max(1, len(text) - 1))
    pair = text[at : at + 2]
    return text[:at] + pair[::-1] + text[at + 2 :] if pair.isalpha() and len(pair) == 2 else text
