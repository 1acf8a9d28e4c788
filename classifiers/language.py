"""Which language is a text in? Only among the languages a city speaks, and only on clear evidence.

A place name is no evidence ("510 Goffe"), nor is one word: until a text says enough, the language stays.
"""

from __future__ import annotations

from py3langid.langid import MODEL_FILE, LanguageIdentifier

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
        if len(self._languages) == 1 or len(_words(text)) < FEWEST_WORDS:
            return settled
        language, probability = self._identifier.classify(" ".join(_words(text)))
        return str(language) if probability >= SURE else settled


def _words(text: str) -> list[str]:
    return [word.lower() for word in text.split() if word.isalpha()]
