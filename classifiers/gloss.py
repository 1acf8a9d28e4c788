"""Spanish, word for word, in English: what lets an English sentence model read it.

MiniLM knows English. A gloss such as "there is pothole huge in the street" is no translation, but it stands
near the English reports in the model's space, which the Spanish words do not. The lexicon is a file that a
person can read and extend (glosses/es.txt): `word = gloss`, without accents, longest entries first.

Residents drop accents and spell by ear (vache, senaforo, oyo); what the lexicon lacks is looked for by sound,
then by likeness, and left as it stands when nothing fits.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rapidfuzz import fuzz, process

GLOSSES = Path(__file__).with_name("glosses")
LONGEST_ENTRY = 4  # words
SHORTEST_MISSPELT = 5  # letters; shorter words are too much alike
LIKENESS = 86.0  # percent

_TOKEN = re.compile(r"[^\W\d_]+|[\d]+|[^\w\s]|_")
_SOUNDS = (
    (re.compile(r"qu(?=[ei])|k"), "c"),
    (re.compile(r"c(?=[ei])|z|x"), "s"),
    (re.compile(r"v|w"), "b"),
    (re.compile(r"ll"), "y"),
    (re.compile(r"g(?=[ei])"), "j"),
    (re.compile(r"h"), ""),
    (re.compile(r"(.)\1"), r"\1"),
)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Entries by their words; single words also by sound."""

    entries: Mapping[tuple[str, ...], str]
    by_sound: Mapping[str, str]

    def gloss(self, text: str) -> str:
        """The text with every known word or phrase in English, in its own order."""
        return " ".join(word for word in self._glossed(_TOKEN.findall(fold(text))) if word)

    def known(self, text: str) -> tuple[int, int]:
        """How many of a text's words the lexicon has, and how many there are."""
        words = [token for token in _TOKEN.findall(fold(text)) if token.isalpha()]
        return sum(1 for word in words if (word,) in self.entries), len(words)

    def _glossed(self, tokens: list[str]) -> Iterator[str]:
        at = 0
        while at < len(tokens):
            for length in range(min(LONGEST_ENTRY, len(tokens) - at), 0, -1):
                found = self.entries.get(tuple(tokens[at : at + length]))
                if found is not None:
                    yield found
                    at += length
                    break
            else:
                yield self._misspelt(tokens[at])
                at += 1

    def _misspelt(self, word: str) -> str:
        if len(word) < SHORTEST_MISSPELT or not word.isalpha():
            return word
        heard = self.by_sound.get(sound(word))
        if heard is not None:
            return heard
        like = process.extractOne(sound(word), self.by_sound.keys(), scorer=fuzz.ratio, score_cutoff=LIKENESS)
        return self.by_sound[like[0]] if like else word


def fold(text: str) -> str:
    """Lower case without accents."""
    flat = unicodedata.normalize("NFKD", text.lower())
    return "".join(char for char in flat if not unicodedata.combining(char))


def sound(word: str) -> str:
    """How a folded Spanish word sounds: b and v, s and z, ll and y alike, h silent."""
    for pattern, letter in _SOUNDS:
        word = pattern.sub(letter, word)
    return word


@cache
def lexicon(language: str) -> Lexicon | None:
    """The lexicon of a language; None where none is written (English needs none)."""
    path = GLOSSES / f"{language}.txt"
    if not path.is_file():
        return None
    entries = {tuple(word.split()): english for word, english in _lines(path)}
    singles = {sound(words[0]): english for words, english in entries.items() if len(words) == 1}
    return Lexicon(entries, singles)


def in_english(text: str, language: str) -> str:
    """The text as the English model should read it."""
    found = lexicon(language)
    return found.gloss(text) if found else text


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        word, mark, english = line.partition("=")
        if mark and not line.startswith("#"):
            yield fold(word.strip()), english.strip()
