"""Which language is a text in? Only on clear evidence, and one that a city speaks only among those it speaks.

A place name is no evidence ("510 Goffe"), nor is one word, unless it is an everyday one that only one of the
languages has: until a text says enough, the language stays.
"""

from __future__ import annotations

import re
import unicodedata

from py3langid.langid import MODEL_FILE, LanguageIdentifier

# One of these is Spanish enough: a street's English name beside it outvotes any statistics.
TELLING = frozenset(
    # ruff: noqa: SIM905
    "bache baches basura grafiti semáforo semaforo árbol arbol caído caido banqueta acera alcantarilla "
    "coladera farol lámpara hay esquina vidrios perro muerto hoyo fuga ruido vecinos abandonado rota "
    "roto escombro luminaria recogieron reportar quiero buenos buenas hola gracias letrero columpio "
    "drenaje inundada".split()
)
READ = ("en", "es")  # what there is training text of
OTHERS = tuple(
    "de fr pt it nl pl ru uk bg sr hr bs cs sk sl ro hu sq el tr zh ja ko vi th km lo tl id ar fa he ur hi bn pa "
    "gu ta te ht so am sw sv da no fi".split()
)
FEWEST_WORDS = 3
SURE = 0.9
FEWEST_WORDS_OF_OTHERS = 2
SURE_OF_OTHERS = 0.8  # no report of three English corpora was so sure to be in one of them
_MARKS = ".,;:!?¿¡()[]\"'“”‘’«»…-"
_STREET = re.compile(
    r"(?:\b(?:on|at|of|near|en)\s+(?:[^\W\d_]+\s+){1,3}?|\b[^\W\d_]+\s+)"
    r"(?:st|street|ave|avenue|rd|road|dr|drive|ln|lane|blvd|ct|court|pl|place|way|ter|cir|circle|pkwy|hwy)\b"
    r"|\bhay(?=[ -]?(?:bales?|stacks?|wagons?|trucks?|rides?)\b)",
    re.IGNORECASE,
)
"""A street with its name, which may be a word of another language ("Arbol Grande Dr"); and hay that is English."""
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


class LanguageDetector:
    """Bound to the languages of one city, the first of them the default."""

    def __init__(self, languages: tuple[str, ...]) -> None:
        self._languages = languages
        self._identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
        self._identifier.set_languages([*READ, *OTHERS])

    def __call__(self, text: str, current: str) -> str:
        """The text's language; `current` (or the default) when the text does not clearly say another."""
        settled = current if current in self._languages else self._languages[0]
        if "es" in self._languages and _is_surely_spanish(text):
            return "es"
        if len(self._languages) == 1 or len(_words(text)) < FEWEST_WORDS:
            return settled
        likely = {one: p for one, p in self._likely(_words(text)).items() if one in self._languages}
        best = max(likely, key=lambda one: likely[one])
        return best if likely[best] > 0 and likely[best] >= SURE * sum(likely.values()) else settled

    def written(self, text: str, language: str) -> str:
        """The language of the words, whether the city speaks it or not: "" for one without training text, and
        `language` when the words do not clearly say another."""
        if _in_another_script(text):
            return ""
        if _is_surely_spanish(text):
            return "es"
        words = [word.lower() for word in _WORD.findall(text)]
        if len(words) < FEWEST_WORDS_OF_OTHERS:
            return language
        likely = self._likely(words)
        best = max(likely, key=lambda one: likely[one])
        if best in READ:
            return best if likely[best] >= SURE and len(words) >= FEWEST_WORDS else language
        return "" if likely[best] >= SURE_OF_OTHERS else language

    def _likely(self, words: list[str]) -> dict[str, float]:
        return {str(language): float(p) for language, p in self._identifier.rank(" ".join(words))}


def _words(text: str) -> list[str]:
    """Words of letters alone: "5th" is none, "basura?" is one."""
    bare = (word.strip(_MARKS).lower() for word in text.split())
    return [word for word in bare if word.isalpha()]


def _is_surely_spanish(text: str) -> bool:
    """By one of its everyday words outside a street's name, or by how it opens a question."""
    return "¿" in text or "¡" in text or not TELLING.isdisjoint(_words(_STREET.sub(" ", text)))


def _in_another_script(text: str) -> bool:
    """Whether most letters are none of the Latin alphabet."""
    letters = [char for char in text if char.isalpha()]
    latin = sum("LATIN" in unicodedata.name(char, "") for char in letters)
    return 2 * latin < len(letters)
