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
from functools import lru_cache
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


class Lexicon:
    """English by words and phrases of a language; single words are also found by sound."""

    def __init__(self, entries: Mapping[str, str]) -> None:
        self.entries = dict(entries)
        self._phrases = {tuple(form.split()): english for form, english in entries.items()}
        singles = [(words[0], english) for words, english in self._phrases.items() if len(words) == 1]
        self._by_sound = {sound(word): english for word, english in singles}
        self._sounds = list(self._by_sound)
        self._misspelt = lru_cache(maxsize=20_000)(self._likeliest)

    def gloss(self, text: str) -> str:
        """The text with every known word or phrase in English, in its own order."""
        return " ".join(word for word in self._glossed(_TOKEN.findall(fold(text))) if word)

    def _glossed(self, tokens: list[str]) -> Iterator[str]:
        at = 0
        while at < len(tokens):
            for length in range(min(LONGEST_ENTRY, len(tokens) - at), 0, -1):
                found = self._phrases.get(tuple(tokens[at : at + length]))
                if found is not None:
                    yield found
                    at += length
                    break
            else:
                yield self._misspelt(tokens[at])
                at += 1

    def _likeliest(self, word: str) -> str:
        if len(word) < SHORTEST_MISSPELT or not word.isalpha():
            return word
        heard = self._by_sound.get(sound(word))
        if heard is not None:
            return heard
        like = process.extractOne(sound(word), self._sounds, scorer=fuzz.ratio, score_cutoff=LIKENESS)
        return self._by_sound[like[0]] if like else word


def fold(text: str) -> str:
    """Lower case without accents."""
    flat = unicodedata.normalize("NFKD", text.lower())
    return "".join(char for char in flat if not unicodedata.combining(char))


def sound(word: str) -> str:
    """How a folded Spanish word sounds: b and v, s and z, ll and y alike, h silent."""
    for pattern, letter in _SOUNDS:
        word = pattern.sub(letter, word)
    return word


def read_entries(language: str) -> dict[str, str]:
    """The lexicon file of a language; empty where none is written (English needs none)."""
    path = GLOSSES / f"{language}.txt"
    return dict(_lines(path)) if path.is_file() else {}


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        word, mark, english = line.partition("=")
        if mark and not line.startswith("#"):
            yield fold(word.strip()), english.strip()
