"""Emergency words in a text, found by rules that are files a city can read and extend.

A file (config/emergency) holds groups of words and rules; a list beside it holds everyday words, which are never a
misspelling of others. A rule has phrases: all words of one must stand near each other, in any order, each allowed
the slips of a thumb. `{name}` stands for any word of a group, `word*` for all that begins so. Phrases under
`short`
count in short texts alone: who calls for help writes little. `unless` phrases are taken out of the text first
("fire
hydrant"), a negation just before a phrase voids it ("nobody is hurt"), and a word of the `past` voids all
dangers. The `unless` of the whole language does not hold back self-harm: "someone is going to get killed" is a
warning, "im going to kill myself" is none. In long texts the words of a danger stand close and are well spelt.
Pure; loading reads files.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile
from pathlib import Path
from typing import Any, get_args

from bridge.errors import SettingsError
from bridge.flow.commands import bare
from bridge.vocabulary import Alarm, AlarmKind

REACH, LONG_REACH = 4, 1  # other words that may stand between those of a phrase, in a short text and in a long one
NEGATION_REACH = 3  # words before a phrase in which a negation voids it
SHORT_TEXT = 90  # characters; nine calls for help of ten are shorter, half of all reports are longer
LONG_TEXT = 160  # characters from which on words count as they are spelt: of very many, some look like others
LONGEST_READ = 2000  # characters; a call for help is short
FIRST_TO_LAST: tuple[AlarmKind, ...] = ("self_harm", "danger", "threat")
SHORT, LONG = 5, 8  # letters from which a word may have one slip, and two

Element = frozenset[str]  # words, any of which will do
Phrase = tuple[int, ...]  # numbers of elements


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of emergency in one language."""

    name: str
    kind: AlarmKind
    phrases: tuple[Phrase, ...]
    short: tuple[Phrase, ...]
    unless: tuple[Phrase, ...]


@dataclass(frozen=True, eq=False)
class Language:
    """The rules of one language. `plain` words are what they are, `negations` void, `past` is over,
    and by its `common` words a language is known."""

    code: str
    elements: tuple[Element, ...]
    rules: tuple[Rule, ...]
    unless: tuple[Phrase, ...]
    past: tuple[Phrase, ...]
    negations: Element
    plain: Element
    common: Element


@dataclass(frozen=True, slots=True)
class Alarms:
    """All rules. An empty one finds nothing."""

    languages: tuple[Language, ...] = ()

    def __call__(self, text: str) -> Alarm | None:
        """What a text alarms of, self-harm before all else; None for most texts."""
        said = text[:LONGEST_READ]
        spoken = _spoken(self.languages, _tokens(said))
        found = [alarm for language in spoken for alarm in _found(language, said)]
        return min(found, key=lambda alarm: FIRST_TO_LAST.index(alarm.kind), default=None)


def load(paths: Iterable[Path]) -> Alarms:
    """The rules of files named by their language (en.toml), later files adding to earlier ones of the same."""
    return Alarms(tuple(_language(path) for path in paths))


# ------------------------------------------------------------------------------------------------- reading


def _language(path: Path) -> Language:
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        words = _Words({name: _element(group) for name, group in raw.get("words", {}).items()})
        rules = tuple(_rule(rule, words) for rule in raw.get("rule", ()))
        unless, past = words.phrases(raw.get("unless", ())), words.phrases(raw.get("past", ()))
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError(f"{path}: no emergency rules: {error}") from None
    negations, plain, common = (_element(raw.get(name, ())) for name in ("negations", "plain", "common"))
    code = path.name.partition(".")[0]
    plain |= _everyday(path.with_name(f"{code}.words.txt"))
    return Language(code, tuple(words.known), rules, unless, past, negations, plain, common)


def _everyday(path: Path) -> Element:
    """The words of a list beside the rules, one a line; none where there is no list."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return frozenset(line for line in lines if line and not line.startswith("#"))


class _Words:
    """The elements of one file, numbered as they are met."""

    def __init__(self, groups: Mapping[str, Element]) -> None:
        self._groups = groups
        self.known: dict[Element, int] = {}

    def phrases(self, written: Iterable[str]) -> tuple[Phrase, ...]:
        return tuple(tuple(self._number(word) for word in phrase.split()) for phrase in written)

    def _number(self, word: str) -> int:
        element = self._groups[word[1:-1]] if word.startswith("{") else _element([word])
        return self.known.setdefault(element, len(self.known))


def _rule(raw: Mapping[str, Any], words: _Words) -> Rule:
    if raw["kind"] not in get_args(AlarmKind):
        raise KeyError(f"kind {raw['kind']!r}")
    phrases, short, unless = (words.phrases(raw.get(key, ())) for key in ("phrases", "short", "unless"))
    return Rule(raw["name"], raw["kind"], phrases, short, unless)


def _element(words: Iterable[str]) -> Element:
    return frozenset(bare(word) + "*" * word.endswith("*") for word in words)


# ------------------------------------------------------------------------------------------------ matching

_BREAK = "."  # stands where a sentence or a clause ends


def _tokens(text: str) -> tuple[str, ...]:
    clauses = re.split(r"[.!?;,:\n]+", text)
    return tuple(word for clause in clauses for word in (*(_single(w) for w in bare(clause).split()), _BREAK))


def _single(word: str) -> str:
    """Without letters drawn out: "heeelp", "fireeee"."""
    return re.sub(r"(.)\1{2,}", r"\1\1", word)


def _spoken(languages: Sequence[Language], tokens: Sequence[str]) -> Sequence[Language]:
    """The languages the text may be in: "bomba" is no "bomb". A few words may be of any."""
    counts = [sum(token in language.common for token in tokens) for language in languages]
    most = max(counts, default=0)
    return [language for language, count in zip(languages, counts, strict=True) if count * 2 >= most]


Hits = Mapping[int, Sequence[int]]
"""Where in the text each element was found."""


def _found(language: Language, text: str) -> Iterator[Alarm]:
    tokens = _tokens(text)
    hits = _hits(language, tokens)
    is_past = any(True for phrase in _sayable(language.past, hits) for _ in _places(phrase, hits, 0))
    said = _without(language.unless, language, tokens)
    slips = len(text) <= LONG_TEXT
    remaining = _hits(language, said, slips=slips)
    for rule in language.rules:
        whole = rule.kind == "self_harm"
        phrases = rule.phrases + rule.short if len(text) <= SHORT_TEXT else rule.phrases
        phrases = _sayable(phrases, hits if whole else remaining)
        if not phrases or (is_past and rule.kind == "danger"):
            continue
        left = _without(rule.unless, language, tokens if whole else said)
        found = _hits(language, left, slips=slips or whole)
        reach = REACH if slips or whole else LONG_REACH
        if any(_said(phrase, found, left, language, reach) for phrase in phrases):
            yield Alarm(rule.kind, rule.name, language.code)


def _hits(language: Language, tokens: Sequence[str], *, slips: bool = True) -> Hits:
    hits: dict[int, list[int]] = {}
    for place, token in enumerate(tokens):
        for number in _readings(language, token, slips):
            hits.setdefault(number, []).append(place)
    return hits


def _sayable(phrases: Iterable[Phrase], hits: Hits) -> tuple[Phrase, ...]:
    """The phrases whose words are all there: few of very many, so the rest of the work is for few."""
    there = frozenset(hits)
    return tuple(phrase for phrase in phrases if there.issuperset(phrase))


def _said(phrase: Phrase, hits: Hits, tokens: Sequence[str], language: Language, reach: int) -> bool:
    """Whether the phrase is said somewhere without being denied."""
    return any(not _denied(at, phrase, tokens, language) for at in _places(phrase, hits, reach))


def _denied(at: int, phrase: Phrase, tokens: Sequence[str], language: Language) -> bool:
    if any(language.elements[number] & language.negations for number in phrase):
        return False
    before = reversed(tokens[max(0, at - NEGATION_REACH) : at])
    return any(token in language.negations for token in takewhile(lambda token: token != _BREAK, before))


def _without(phrases: Iterable[Phrase], language: Language, tokens: Sequence[str]) -> tuple[str, ...]:
    """The text with the words of those phrases taken out, one other word between them allowed."""
    left, hits = list(tokens), _hits(language, tokens)
    for phrase in _sayable(phrases, hits):
        for at in _places(phrase, hits, 1):
            for number in phrase:
                for place in hits[number]:
                    if at <= place <= at + len(phrase):
                        left[place] = _BREAK
    return tuple(left)


def _places(phrase: Phrase, hits: Hits, reach: int) -> Iterator[int]:
    """Where the phrase begins: every word of it within its length and `reach` more, in any order."""
    if not all(number in hits for number in phrase):
        return
    for start in sorted({place for number in phrase for place in hits[number]}):
        end = start + len(phrase) + reach
        if _distinct([[place for place in hits[number] if start <= place < end] for number in phrase]):
            yield start


def _distinct(choices: Sequence[Sequence[int]], taken: frozenset[int] = frozenset()) -> bool:
    """Whether each word of a phrase can have a word of the text to itself."""
    if not choices:
        return True
    return any(_distinct(choices[1:], taken | {n}) for n in choices[0] if n not in taken)


@lru_cache(maxsize=100_000)
def _readings(language: Language, token: str, slips: bool) -> frozenset[int]:
    """The elements a token may be of, slips allowed."""
    if token == _BREAK:
        return frozenset()
    return frozenset(
        n for n, element in enumerate(language.elements) if _is(token, element, language.plain, slips)
    )


def _is(token: str, element: Element, plain: Element, slips: bool) -> bool:
    if token in element or any(word[-1] == "*" and token.startswith(word[:-1]) for word in element):
        return True
    if token in plain or not slips:
        return False
    return any(_slipped(token, word.rstrip("*"), open_end=word.endswith("*")) for word in element)


def _slipped(token: str, word: str, *, open_end: bool) -> bool:
    """Whether a token is the word with a slip or two; who begins a word wrong is rare, and "wire" is no "fire"."""
    if len(word) < SHORT - 1 or len(token) < 3 or (token[0] != word[0] and sorted(token[:2]) != sorted(word[:2])):
        return False
    most = 2 if len(word) >= LONG else 1
    if open_end:
        return any(_distance(token[:length], word, most) for length in range(len(word) - 1, len(word) + 2))
    if len(word) < SHORT:
        return sorted(token) == sorted(word) or _undoubled(token) == _undoubled(word)
    return _distance(token, word, most)


def _undoubled(word: str) -> str:
    return re.sub(r"(.)\1", r"\1", word)


def _distance(one: str, other: str, most: int) -> bool:
    """Whether one word becomes the other by at most so many letters added, dropped, changed or swapped."""
    if abs(len(one) - len(other)) > most:
        return False
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        older, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1] <= most
