"""Which language is a text in? Only among the languages a city speaks, and only on clear evidence.

A place name is no evidence ("510 Goffe"), nor is one word, unless it is an everyday one that only one of the
languages has: until a text says enough, the language stays.
"""

from __future__ import annotations

from py3langid.langid import MODEL_FILE, LanguageIdentifier

# One of these is enough: a street's English name beside it outvotes any statistics.
TELLING = {
    "es": frozenset(
        # ruff: noqa: SIM905
        "bache baches basura grafiti semáforo semaforo árbol arbol caído caido banqueta acera alcantarilla "
        "coladera farol lámpara hay esquina vidrios perro muerto hoyo fuga ruido vecinos abandonado rota "
        "roto escombro luminaria recogieron reportar quiero buenos buenas hola gracias letrero columpio "
        "drenaje inundada".split()
    )
}
FEWEST_WORDS = 3
SURE = 0.9


class LanguageDetector:
    """Bound to the languages of one city, the first of them the default."""

    def __init__(self, languages: tuple[str, ...]) -> None:
        self._languages = languages
        self._identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
        self._identifier.set_languages(list(languages))

    def __call__(self, text: str, current: str) -> str:
        """The text's language; `current` (or the default) when the text does not clearly say another."""
        settled = current if current in self._languages else self._languages[0]
        told = [language for language in self._languages if TELLING.get(language, frozenset()) & set(_words(text))]
        if len(told) == 1:
            return told[0]
        if len(self._languages) == 1 or len(_words(text)) < FEWEST_WORDS:
            return settled
        language, probability = self._identifier.classify(" ".join(_words(text)))
        return str(language) if probability >= SURE else settled


def _words(text: str) -> list[str]:
    return [word.lower() for word in text.split() if word.isalpha()]
