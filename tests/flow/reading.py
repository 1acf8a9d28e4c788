"""How easily a text is read: Flesch-Kincaid's grade in English, Fernández-Huerta's score in Spanish.

Flesch-Kincaid grade = 0.39 words/sentences + 11.8 syllables/words - 15.59 (Kincaid and others, 1975): the
school year that is needed. Fernández-Huerta = 206.84 - 60 syllables/words - 1.02 words/sentences (1959, with the
misprint corrected): 70 to 80 is fairly easy, 100 very easy.

Numbers, links and what is filled in count as one syllable each: they are not for a writer to choose.
"""

from __future__ import annotations

import re

_SENTENCE = re.compile(r"[^.!?:]+[.!?:]*")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?", re.UNICODE)
_VOWELS_EN = re.compile(r"[aeiouy]+")
_STRONG = "aeoáéó"
_WEAK = "iuü"
_STRESSED_WEAK = "íú"


def flesch_kincaid(text: str) -> float:
    """The school grade of an English text."""
    words = _words(text)
    syllables = sum(map(syllables_en, words))
    return 0.39 * len(words) / _sentences(text) + 11.8 * syllables / len(words) - 15.59


def fernandez_huerta(text: str) -> float:
    """The ease of a Spanish text."""
    words = _words(text)
    syllables = sum(map(syllables_es, words))
    return 206.84 - 60 * syllables / len(words) - 1.02 * len(words) / _sentences(text)


def syllables_en(word: str) -> int:
    """By groups of vowels, without a silent e at the end, as in most counters."""
    said = word.lower().replace("'", "").replace("’", "")
    groups = len(_VOWELS_EN.findall(said))
    silent = said.endswith("e") and not said.endswith(("le", "ee", "ie")) and groups > 1
    silent = silent or (said.endswith("ed") and not said.endswith(("ted", "ded")) and groups > 1)
    return max(1, groups - silent)


def syllables_es(word: str) -> int:
    """By the rules of diphthongs: two strong vowels part, a weak one joins unless it is stressed."""
    said = re.sub(r"(?<=[gq])u(?=[eiéí])", "", word.lower())
    said = re.sub(r"y$", "i", said)
    count, before = 0, ""
    for letter in said:
        if letter in _STRONG:
            count += before not in tuple(_WEAK)
        elif letter in _STRESSED_WEAK:
            count += 1
        elif letter in _WEAK:
            count += before not in (*_STRONG, *_WEAK)
        before = letter if letter in _STRONG + _WEAK + _STRESSED_WEAK else ""
    return max(1, count)


def _sentences(text: str) -> int:
    return max(1, sum(bool(_WORD.search(part)) for part in _SENTENCE.findall(text)))


def _words(text: str) -> list[str]:
    return _WORD.findall(text)
