"""Invents places the way people write them: streets, house numbers, corners, stretches, landmarks, highways."""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

TEXT = Path(__file__).parent.parent / "training" / "places"

Piece = tuple[str, str]
"""Words and the label they carry, "" for words that are no place."""

_NAME_KINDS = {
    "trees": 5, "presidents": 4, "plain": 22, "surnames": 22, "ordinal": 12, "made up": 17, "two words": 13,
    "given": 4, "spanish": 3, "letter": 1,
}  # fmt: skip
_TWO_WORDS = (
    ("lead", "tail"), ("lead", "surnames"), ("surnames", "tail"), ("plain", "tail"), ("given", "surnames"),
    ("trees", "tail"), ("titles", "given"), ("lead", "plain"),
)  # fmt: skip


def lines(name: str) -> list[str]:
    """The lines of a file of the training text, without its comments."""
    text = (TEXT / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@lru_cache(maxsize=1)
def wording() -> dict[str, dict[str, Any]]:
    """The tables of wording.toml."""
    return tomllib.loads((TEXT / "wording.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def names() -> dict[str, list[str]]:
    """The words street names are made of, by group."""
    return {group: words.split() for group, words in (line.split(":", 1) for line in lines("names.txt"))}


class Inventor:
    """Draws places from one source of chance; the same seed gives the same places."""

    landmarks = "landmarks.txt"

    def __init__(self, chance: random.Random) -> None:
        self.random = chance
        self.words: dict[str, Any] = wording()["english"]
        self.kinds = lines(self.landmarks)
        self.towns = lines("towns.txt")

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def pick(self, of: Sequence[str]) -> str:
        return self.random.choice(of)

    def said(self, table: str) -> str:
        return self.pick(self.words[table])

    def name(self, group: str) -> str:
        return self.pick(names()[group])

    # ------------------------------------------------------------------------------------- streets

    def base(self) -> str:
        """A street's name without its suffix."""
        kind = self.random.choices(list(_NAME_KINDS), list(_NAME_KINDS.values()))[0]
        match kind:
            case "ordinal":
                return self.ordinal()
            case "made up":
                return self.made_up()
            case "two words":
                return self.two_words()
            case "letter":
                return f"Avenue {self.pick('ABCDEHKM')}"
        return self.name(kind)

    def ordinal(self) -> str:
        if self.chance(0.25):
            return self.said("written_ordinals")
        n = self.random.randint(1, self.random.choice((12, 12, 99, 160)))
        ending = "th" if 10 < n % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
        return f"{n}{ending}"

    def made_up(self) -> str:
        middle = self.name("syllables") if self.chance(0.35) else ""
        return (self.name("syllables") + middle + self.name("endings")).capitalize()

    def two_words(self) -> str:
        words = [self.name(group) for group in self.random.choice(_TWO_WORDS)]
        if self.chance(0.15):
            words.append(self.name("tail"))
        return " ".join(words).replace("Saint", self.pick(("St.", "St", "Saint")))

    def suffix(self) -> str:
        table = wording()["suffixes"]
        weights = [row[0] for row in table.values()]
        return self.pick(self.random.choices(list(table.values()), weights)[0][1:])

    def street(self, bare: float = 0.04) -> str:
        """A street; without its suffix in a `bare` share of cases."""
        before = f"{self.said('directions')} " if self.chance(0.13) else ""
        if self.chance(bare):
            return before + self.base()
        after = f" {self.said('behind')}" if self.chance(0.02) else ""
        return f"{before}{self.base()} {self.suffix()}{after}"

    def highway(self) -> str:
        heading = self.said("headings") if self.chance(0.2) else ""
        return f"{self.said('highways')}{self.said('highway_numbers')}{heading}"

    # ------------------------------------------------------------------------------- house numbers

    def number(self) -> str:
        n = self.random.randint(1, self.random.choice((99, 999, 999, 25000)))
        if self.chance(0.07):
            return f"{n}{self.pick('--/–')}{n + self.random.choice((2, 4, 6, 10, 44))}"
        return f"{n}{self.pick('ABab')}" if self.chance(0.02) else str(n)

    def address(self) -> str:
        text = f"{self.number()} {self.street(bare=0.05)}"
        if self.chance(0.07):
            text += self.pick((" ", ", ")) + self.said("units")
        return text + self.town_tail() if self.chance(0.3) else text

    def town_tail(self) -> str:
        state = f"{self.pick((' ', ', '))}{self.said('states')}" if self.chance(0.5) else ""
        code = f" {self.random.randint(10000, 99999)}" if self.chance(0.4) else ""
        town = self.pick((" ", ", ", " in ")) + self.pick(self.towns)
        return self.pick((code, f",{code}")) if self.chance(0.12) else f"{town}{state}{code}"

    def block(self) -> str:
        return f"{self.random.randint(1, 99) * 100}{self.said('blocks')}{self.street(bare=0.2)}"

    # -------------------------------------------------------------------------------- more of them

    def side(self, bare: float = 0.45) -> Piece:
        return (self.highway(), "HIGHWAY") if self.chance(0.08) else (self.street(bare), "STREET")

    def intersection(self) -> list[Piece]:
        joint = (self.said("joints"), "")
        if self.chance(0.07):
            return [(self.base(), "STREET"), joint, (f"{self.base()} {self.said('plurals')}", "STREET")]
        first = self.side()
        second = self.side(0.45 if " " in first[0] else 0.3)
        return [first, joint, second]

    def stretch(self) -> list[Piece]:
        named = {letter: (self.street(bare), "STREET") for letter, bare in (("a", 0.55), ("b", 0.55), ("c", 0.1))}
        parts = re.split(r"\b([abc])\b(?!/)", self.said("stretches"))
        return [named.get(part, (part, "")) for part in parts]

    def landmark(self) -> str:
        kind = self.pick(self.kinds)
        if not kind.startswith("+"):
            return ("the " if kind.islower() and self.chance(0.85) else "") + kind
        sorts = (self.made_up, lambda: self.name("surnames"), lambda: self.name("plain"), self.two_words)
        return ("the " if self.chance(0.1) else "") + self.random.choice(sorts)() + kind[1:]

    def person(self) -> str:
        return self.name("given") + (f" {self.name('surnames')}" if self.chance(0.6) else "")

    def odd(self) -> str:
        """A capitalised word that means nothing."""
        return self.pick((self.made_up(), self.name("surnames"), self.pick(self.towns), self.name("given")))

    def town(self) -> str:
        return self.pick(self.towns) + (f", {self.said('states')}" if self.chance(0.3) else "")


class SpanishInventor(Inventor):
    """The same places, worded in Spanish."""

    landmarks = "es_landmarks.txt"

    def __init__(self, chance: random.Random) -> None:
        super().__init__(chance)
        self.spanish = wording()["spanish"]

    def street(self, bare: float = 0.04) -> str:
        if self.chance(0.35):
            return super().street(bare)
        name = self.pick(self.spanish["numbers"]) if self.chance(0.2) else self.base()
        return f"{self.pick(self.spanish['stems'])} {name}"

    def address(self) -> str:
        number, street = self.number(), self.street(0.08)
        order = self.random.choice((f"{number} {street}", f"{number} {street}", f"{number} de la {street}", ""))
        order = order or f"{street}{self.pick((' ', ' #', ' número ', ' num. '))}{number}"
        return order + self.town_tail() if self.chance(0.15) else order

    def intersection(self) -> list[Piece]:
        return [self.side(0.2), (self.pick(self.spanish["joints"]), ""), self.side(0.2)]

    def stretch(self) -> list[Piece]:
        named = {letter: (self.street(bare), "STREET") for letter, bare in (("a", 0.3), ("b", 0.3), ("c", 0.05))}
        parts = re.split(r"\b([abc])\b", self.pick(self.spanish["stretches"]))
        return [named.get(part, (part, "")) for part in parts]

    def block(self) -> str:
        return f"{self.random.randint(1, 60) * 100} de la {self.street(0.1)}"

    def landmark(self) -> str:
        kind = self.pick(self.kinds)
        return f"{kind} {self.base()}" if self.chance(0.3) else kind
