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
SHORTEST_HEARD = 3  # letters of a word that is looked for by sound
SHORTEST_MISSPELT = 5  # letters; shorter words are too much alike
LIKENESS = 86.0  # percent

_TOKEN = re.compile(r"[^\W\d_]+|[\d]+|[^\w\s]|_")
_ENCLITIC = re.compile(r"(?:(?<=[aei]r)|(?<=ndo))(?:se|me|te|nos|l[aeo]s?){1,2}$")  # "sacarlo", "quemandose"
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
    """English by words and phrases of a language; their words are found by sound and likeness too."""

    def __init__(self, entries: Mapping[str, str]) -> None:
        self.entries = dict(entries)
        self._phrases = {tuple(form.split()): english for form, english in entries.items()}
        longest_first = sorted(self._phrases, key=len, reverse=True)
        words = [word for phrase in longest_first for word in phrase]  # the last of two that are alike counts
        self._words = frozenset(words)
        self._by_sound = {sound(word): word for word in words}
        self._by_letters = {_letters(word): word for word in words if len(word) >= SHORTEST_MISSPELT}
        self._sounds = list(self._by_sound)
        self._mended = lru_cache(maxsize=8_192)(self._likeliest)

    def gloss(self, text: str) -> str:
        """The text with every known word or phrase in English, in its own order."""
        return " ".join(word for word in self._glossed([*map(self._mended, _TOKEN.findall(fold(text)))]) if word)

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
                yield tokens[at]
                at += 1

    def _likeliest(self, word: str) -> str:
        """The known word that a token is or may be a misspelling of; itself where there is none."""
        if word in self._words or len(word) < SHORTEST_HEARD or not word.isalpha():
            return word
        heard = self._by_sound.get(sound(word)) or self._by_sound.get(sound(_ENCLITIC.sub("", word)))
        if heard is not None or len(word) < SHORTEST_MISSPELT:
            return heard or word
        swapped = self._by_letters.get(_letters(word))
        if swapped is not None:
            return swapped
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


def _letters(word: str) -> str:
    """Equal for words in which letters were swapped, the first one left in its place."""
    return word[0] + "".join(sorted(word[1:]))


def read_entries(language: str) -> dict[str, str]:
    """The lexicon file of a language; empty where none is written (English needs none)."""
    path = GLOSSES / f"{language}.txt"
    return dict(_lines(path)) if path.is_file() else {}


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        word, mark, english = line.partition("=")
        if mark and not line.startswith("#"):
            yield fold(word.strip()), english.strip()
