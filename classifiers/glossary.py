"""The gist of a text in English, word by word, for a sentence model that reads English only.

No translation: "hay un hoyo en la calle" becomes "there is a hole in the street", and where grammar differs the
words come in the wrong order. A sentence model minds little.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

_WORD = re.compile(r"[^\W\d_]+")


class Glossary:
    """English words by words and phrases of another language."""

    def __init__(self, entries: Mapping[str, str]) -> None:
        self.entries = dict(entries)
        plain = {_plain(form): english for form, english in entries.items()}
        self._words = {form: english for form, english in plain.items() if " " not in form}
        self._stems: dict[str, str] = {}
        for form, english in self._words.items():
            self._stems.setdefault(_stem(form), english)
        phrases = sorted((form for form in plain if " " in form), key=len, reverse=True)
        self._phrases = re.compile(r"\b(?:" + "|".join(map(re.escape, phrases)) + r")\b") if phrases else None
        self._plain = plain

    def gist(self, text: str) -> str:
        """The text in lower case, without accents, known phrases and words in English, others as they are."""
        text = _plain(text)
        if self._phrases:
            text = self._phrases.sub(lambda found: self._plain[found.group()], text)
        return _WORD.sub(lambda found: self._word(found.group()), text)

    def _word(self, word: str) -> str:
        return self._words.get(word) or self._stems.get(_stem(word), word)


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.lower())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _stem(word: str) -> str:
    """A word without plural and gender, as Romance languages have them."""
    if len(word) > 4 and word.endswith("es") and word[-3] not in "aeiou":
        word = word[:-2]
    elif len(word) > 3 and word.endswith("s"):
        word = word[:-1]
    return word[:-1] + "o" if len(word) > 3 and word.endswith("a") else word
