"""Emergency words in a text, found by rules that are files a city can read and extend.

A file (config/emergency) holds groups of words and rules; a list beside it holds everyday words, which are never a
misspelling of others. A group's entry is a word, a beginning (`word*`), or an idiom of several words in their
order ("on fire"; in a phrase "on_fire"). A rule has phrases: all parts of one must stand near each other, in any
order; `{name}` stands for any entry of a group. Phrases under `short` count in short texts alone, for who calls
for help writes little, and those under `alone` where there is hardly a word besides. In long texts the parts of a
phrase stand in one sentence.

What says that there is no danger: `unless` phrases are taken out of the text first ("fire hydrant"); a word of
`silenced_by` in the same sentence, a negation before a phrase or in it ("nobody is hurt"), or a `maybe` ("someone
could get hurt") voids it; a word of the `past` voids all dangers of a text, save in a sentence that speaks of
`now`. Self-harm is held back by its own rule alone: "someone is going to get killed" is a warning, "i dont want to
kill myself" is none. Pure; loading reads files.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile
from pathlib import Path
from typing import Any, get_args

from bridge.errors import SettingsError
from bridge.flow.commands import bare
from bridge.flow.spelling import Lexicon, lexicon, parts, read
from bridge.vocabulary import Alarm, AlarmKind

REACH, LONG_REACH, TIGHT = 4, 2, 1  # other words between the parts of a phrase: short text, long text, `unless`
NEGATION_REACH = 2  # words before a phrase in which a negation voids it
MAYBE_REACH = 8  # and a maybe
WIDEST = 24  # words over which a phrase may stretch, those that do not count included
SHORT_TEXT = 90  # characters; nine calls for help of ten are shorter, half of all reports are longer
FEW_WORDS = 3  # of a message that is a cry and nothing else
LONG_TEXT = 160  # characters from which on the parts of a phrase stand in one sentence
LONGEST_READ = 2000  # characters; a call for help is short
FIRST_TO_LAST: tuple[AlarmKind, ...] = ("self_harm", "danger", "threat")

Idiom = tuple[str, ...]  # words in their order
Group = frozenset[Idiom]
Phrase = tuple[int, ...]  # numbers of groups
Span = tuple[int, int]  # of tokens, the end not included


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of emergency in one language."""

    name: str
    kind: AlarmKind
    phrases: tuple[Phrase, ...]
    short: tuple[Phrase, ...]
    alone: tuple[Phrase, ...]
    unless: tuple[Phrase, ...]
    silenced_by: tuple[Phrase, ...]
    heard: tuple[str, ...]
    unheard: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Language:
    """The rules of one language. `fillers` do not count between words, `affirmed` holds no negation ("not sure"),
    and by its `common` words a language is known."""

    code: str
    rules: tuple[Rule, ...]
    unless: tuple[Phrase, ...]
    past: tuple[Phrase, ...]
    now: tuple[Phrase, ...]
    maybe: tuple[Phrase, ...]
    affirmed: tuple[Phrase, ...]
    negations: frozenset[str]
    fillers: frozenset[str]
    common: frozenset[str]
    idioms: Mapping[str, Sequence[tuple[Idiom, Sequence[int]]]]
    words: Lexicon


@dataclass(frozen=True, slots=True)
class Alarms:
    """All rules. An empty one finds nothing."""

    languages: tuple[Language, ...] = ()

    def __call__(self, text: str) -> Alarm | None:
        """What a text alarms of, self-harm before all else; None for most texts."""
        said = _tokens(text[:LONGEST_READ])
        found = [
            alarm for language in _spoken(self.languages, said) for alarm in _found(language, said, len(text))
        ]
        return min(found, key=lambda alarm: FIRST_TO_LAST.index(alarm.kind), default=None)


def load(paths: Iterable[Path]) -> Alarms:
    """The rules of files named by their language (en.toml); later ones of a language add to earlier ones."""
    by_language: dict[str, list[Path]] = {}
    for path in paths:
        by_language.setdefault(path.name.partition(".")[0], []).append(path)
    return Alarms(tuple(_language(code, tuple(files)) for code, files in by_language.items()))


# ------------------------------------------------------------------------------------------------- reading

HOLDING_BACK = ("unless", "past", "now", "maybe", "affirmed")


def _language(code: str, paths: tuple[Path, ...]) -> Language:
    try:
        return _compiled(code, paths, tuple(path.stat().st_mtime_ns for path in paths))
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise SettingsError(f"{', '.join(map(str, paths))}: no emergency rules: {error}") from None


@lru_cache(maxsize=16)
def _compiled(code: str, paths: tuple[Path, ...], changed: tuple[int, ...]) -> Language:
    raw = _together([tomllib.loads(path.read_text(encoding="utf-8")) for path in paths])
    groups = _Groups(raw.get("words", {}))
    rules = tuple(_rule(rule, groups) for rule in raw.get("rule", ()))
    unless, past, now, maybe, affirmed = (groups.phrases(raw.get(name, ())) for name in HOLDING_BACK)
    negations, fillers, common = (
        frozenset(map(_flat, raw.get(name, ()))) for name in ("negations", "fillers", "common")
    )
    sounds = tuple((str(spelling), str(sound)) for spelling, sound in raw.get("sounds", ()))
    idioms = groups.by_first_word()
    known = frozenset(word for many in idioms.values() for idiom, _ in many for word in idiom) | negations
    beside = {listed for path in paths for listed in path.parent.glob("*.words.txt")}  # of every language
    everyday = (word for listed in beside for word in _everyday(listed))
    said = {
        number for rule in rules for each in (rule.phrases, rule.short, rule.alone) for p in each for number in p
    }
    alarming = frozenset(
        word for many in idioms.values() for idiom, of in many if said.intersection(of) for word in idiom
    )
    words = lexicon(known, alarming, everyday, fillers | common, sounds)
    return Language(code, rules, unless, past, now, maybe, affirmed, negations, fillers, common, idioms, words)


def _together(files: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One table of all: lists go on, and so do the groups of words."""
    all_of: dict[str, Any] = {}
    for file in files:
        for name, value in file.items():
            if isinstance(value, Mapping):
                all_of[name] = _together([all_of.get(name, {}), value])
            else:
                all_of[name] = [*all_of.get(name, ()), *value]
    return all_of


class _Groups:
    """The groups of one file, numbered as phrases name them."""

    def __init__(self, raw: Mapping[str, Iterable[str]]) -> None:
        self._named: dict[str, Group] = {}
        self._numbers: dict[Group, int] = {}
        for name, entries in raw.items():  # a group may name those above it
            self._named[name] = frozenset(idiom for entry in entries for idiom in self._group(entry))

    def phrases(self, written: Iterable[str]) -> tuple[Phrase, ...]:
        return tuple(tuple(self._number(part) for part in phrase.split()) for phrase in written)

    def by_first_word(self) -> Mapping[str, Sequence[tuple[Idiom, Sequence[int]]]]:
        """The idioms that begin with a word, each with the numbers of the groups it is in."""
        numbers: dict[Idiom, list[int]] = {}
        for group, number in self._numbers.items():
            for idiom in group:
                numbers.setdefault(idiom, []).append(number)
        found: dict[str, list[tuple[Idiom, Sequence[int]]]] = {}
        for idiom, those in numbers.items():
            found.setdefault(idiom[0], []).append((idiom, those))
        return found

    def _number(self, part: str) -> int:
        return self._numbers.setdefault(self._group(part), len(self._numbers))

    def _group(self, entry: str) -> Group:
        if entry.startswith("{"):
            return self._named[entry[1:-1]]
        return frozenset({tuple(_flat(entry.replace("_", " ")).split())})


def _rule(raw: Mapping[str, Any], groups: _Groups) -> Rule:
    if raw["kind"] not in get_args(AlarmKind):
        raise KeyError(f"kind {raw['kind']!r}")
    phrases, short, alone, unless, silenced_by = (
        groups.phrases(raw.get(key, ())) for key in ("phrases", "short", "alone", "unless", "silenced_by")
    )
    heard, unheard = (tuple(raw.get(key, ())) for key in ("heard", "unheard"))
    return Rule(raw["name"], raw["kind"], phrases, short, alone, unless, silenced_by, heard, unheard)


def _everyday(path: Path) -> Iterator[str]:
    """The words of a list, one a line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return (line for line in lines if line and not line.startswith("#"))


def _flat(entry: str) -> str:
    return " ".join(bare(word.replace("'", "")) + "*" * word.endswith("*") for word in entry.split())


# ------------------------------------------------------------------------------------------------ the text

STOP, PAUSE, TAKEN = ".", ",", ""  # a sentence ends, a clause ends, words that `unless` took out
_MARKS = frozenset({STOP, PAUSE, TAKEN})


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    named: bool = False  # written with a capital where others are not: a name, which has no slips


def _tokens(text: str) -> tuple[_Token, ...]:
    plain = re.sub(r"(?<=\w)['’`´](?=\w)", "", text)  # "isn't" is "isnt" to most who write in haste
    plain = "".join(char for char in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(char))
    found = re.findall(r"[^\W_]+|[.!?;\n]+|[,:()]", plain)
    shouted = plain.upper() == plain
    return tuple(_token(word, found[at - 1] if at else STOP, shouted) for at, word in enumerate(found))


def _token(word: str, before: str, shouted: bool) -> _Token:
    if not word[0].isalnum():
        return _Token(PAUSE if word in ",:()" else STOP)
    single = re.sub(r"(.)\1{2,}", r"\1\1", word.lower())  # "heeelp", "fireeee"
    named = word[0].isupper() and not word.isupper() and before[0].isalnum() and not shouted
    return _Token(single, named)


def _spoken(languages: Sequence[Language], tokens: Sequence[_Token]) -> Sequence[Language]:
    """The languages the text may be in: "bomba" is no "bomb". A few words may be of any."""
    counts = [sum(token.text in language.common for token in tokens) for language in languages]
    most = max(counts, default=0)
    return [language for language, count in zip(languages, counts, strict=True) if count * 2 > most or not most]


# ------------------------------------------------------------------------------------------------ matching


@dataclass(frozen=True, slots=True)
class _Said:
    """A text as one language reads it: its words, and where each group stands in it."""

    words: tuple[str, ...]
    spans: Mapping[int, Sequence[Span]]
    language: Language
    is_long: bool

    def places(self, phrases: Iterable[Phrase], reach: int) -> Iterator[tuple[Span, ...]]:
        """Where the phrases stand: a span for each part."""
        there = frozenset(self.spans)
        for phrase in phrases:
            if there.issuperset(phrase):  # few of very many
                yield from self._joined(phrase, (), reach)

    def _joined(self, phrase: Phrase, taken: tuple[Span, ...], reach: int) -> Iterator[tuple[Span, ...]]:
        if not phrase:
            if self._between(taken) <= reach:
                yield taken
            return
        for span in self.spans[phrase[0]]:
            if all(_apart(span, other) for other in taken):
                yield from self._joined(phrase[1:], (*taken, span), reach)

    def _between(self, spans: Sequence[Span]) -> int:
        """How many other words stand between the spans; those that do not count left out."""
        inner = [self.words[at] for at in _gaps(spans)]
        if STOP in inner and self.is_long:
            return WIDEST
        return sum(word not in self.language.fillers and word != PAUSE for word in inner)

    def without(self, phrases: Iterable[Phrase]) -> _Said:
        """The text with the words of those phrases taken out."""
        taken = {
            at
            for spans in self.places(phrases, REACH)
            if sum(1 for _ in _gaps(spans)) <= TIGHT and list(spans) == sorted(spans)
            for span in spans
            for at in range(*span)
        }
        if not taken:
            return self
        words = tuple(TAKEN if at in taken else word for at, word in enumerate(self.words))
        left = {n: [s for s in spans if taken.isdisjoint(range(*s))] for n, spans in self.spans.items()}
        return _Said(words, {n: spans for n, spans in left.items() if spans}, self.language, self.is_long)

    def count(self) -> int:
        return sum(word not in (STOP, PAUSE) for word in self.words)

    def sentence(self, start: int, end: int) -> range:
        """The places of the sentence around those."""
        first = next((at + 1 for at in range(start - 1, -1, -1) if self.words[at] == STOP), 0)
        last = next((at for at in range(end, len(self.words)) if self.words[at] == STOP), len(self.words))
        return range(first, last)


def _found(language: Language, tokens: Sequence[_Token], length: int) -> Iterator[Alarm]:
    whole = _read(language, tokens, is_long=length > LONG_TEXT).without(language.affirmed)
    said = whole.without(language.unless)
    is_past = any(True for _ in whole.places(language.past, 0))
    now = [spans[0][0] for spans in whole.places(language.now, 0)]
    maybe = [_around(spans) for spans in whole.places(language.maybe, TIGHT)]
    for rule in language.rules:
        phrases = rule.phrases + rule.short * (length <= SHORT_TEXT) + rule.alone * (said.count() <= FEW_WORDS)
        is_danger = rule.kind == "danger"
        left = (said if is_danger else whole).without(rule.unless)
        silent = [spans[0][0] for spans in left.places(rule.silenced_by, TIGHT)]
        for spans in left.places(phrases, LONG_REACH if left.is_long else REACH):
            start, end = _around(spans)
            sentence = left.sentence(start, end)
            if any(at in sentence for at in silent):
                continue
            is_over = is_past and not any(at in sentence for at in now)
            is_maybe = any(_is_maybe(one, (start, end), sentence) for one in maybe)
            if is_danger and (is_over or is_maybe or _denied(left, spans)):
                continue
            yield Alarm(rule.kind, rule.name, language.code)
            break


def _read(language: Language, tokens: Sequence[_Token], *, is_long: bool) -> _Said:
    split = [
        (word, token.named)
        for token in tokens
        for word in ((token.text,) if token.named else parts(language.words, token.text))
    ]
    words = tuple(word for word, _ in split)
    readings = [
        frozenset() if word in _MARKS else read(language.words, word, slips=not named) for word, named in split
    ]
    spans: dict[int, list[Span]] = {}
    for at, meant in enumerate(readings):
        for idiom, numbers in (one for word in meant for one in language.idioms.get(word, ())):
            end = _end(idiom, at, words, readings, language.fillers)
            for number in numbers if end else ():
                spans.setdefault(number, []).append((at, end))
    return _Said(words, spans, language, is_long)


def _end(
    idiom: Idiom,
    at: int,
    words: Sequence[str],
    readings: Sequence[frozenset[str]],
    fillers: frozenset[str],
) -> int:
    """Where an idiom ends whose first word stands at a place; 0 where it does not stand there."""
    at += 1
    for word in idiom[1:]:
        while at < len(words) and word not in readings[at] and words[at] in fillers:
            at += 1
        if at == len(words) or word not in readings[at]:
            return 0
        at += 1
    return at


def _around(spans: Sequence[Span]) -> Span:
    return min(start for start, _ in spans), max(end for _, end in spans)


def _gaps(spans: Sequence[Span]) -> Iterator[int]:
    """The places between spans that are in none of them, at most so many."""
    start, end = _around(spans)
    covered = {at for span in spans for at in range(*span)}
    return (at for at in range(start, min(end, start + 2 * WIDEST)) if at not in covered)


def _apart(one: Span, other: Span) -> bool:
    """Whether the spans share no place, and are near enough to be of one phrase."""
    return (one[1] <= other[0] or other[1] <= one[0]) and abs(one[0] - other[0]) <= WIDEST


def _denied(said: _Said, spans: Sequence[Span]) -> bool:
    """Whether a negation goes before the phrase, or right before a part: "a man with no shirt has a gun"."""
    first, *others = sorted(start for start, _ in spans)
    return _is_negated(said, first, NEGATION_REACH) or any(_is_negated(said, start, 1) for start in others)


def _is_negated(said: _Said, start: int, reach: int) -> bool:
    negations, fillers = said.language.negations, said.language.fillers
    clause = takewhile(lambda word: word not in _MARKS, reversed(said.words[:start]))
    before = [word for word in clause if word in negations or word not in fillers][:reach]
    return any(word in negations for word in before)


def _is_maybe(maybe: Span, said: Span, sentence: range) -> bool:
    """A maybe goes before what may be, or ends it ("an accident waiting to happen")."""
    return maybe[0] in sentence and said[0] - MAYBE_REACH <= maybe[0] <= said[1]
