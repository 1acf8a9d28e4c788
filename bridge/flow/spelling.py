"""What a misspelt word may have been meant to be, of a small vocabulary.

A word of everyday life is what it is, and so is a name. Any other is read as every known word that it may be a
slip of: a letter or two added, dropped, changed or swapped; another spelling of the same sound ("insendio",
"fone"); its vowels left out ("smthng"); two words run together ("gasleak"). Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

ONE_SLIP, TWO_SLIPS = 4, 8  # letters from which a known word may have one slip, and two
LONG_SOUND = 6  # letters of a sound from which it may have a slip as well
SKELETON = 3  # consonants that make a word without vowels readable
VOWELS = "aeiou"

Sounds = Sequence[tuple[str, str]]
"""Spellings and what they sound like, in the order in which they are replaced."""


@dataclass(frozen=True, eq=False)
class Lexicon:
    """Known words by all that they may be written as. `everyday` words are never a slip; a word of `joining` may
    be run together with a known one."""

    known: frozenset[str]
    starts: tuple[str, ...]
    everyday: frozenset[str]
    joining: frozenset[str]
    sounds: Sounds
    by_slip: Mapping[str, frozenset[str]]
    by_sound: Mapping[str, frozenset[str]]
    by_sound_slip: Mapping[str, frozenset[str]]
    by_skeleton: Mapping[str, frozenset[str]]


def lexicon(
    words: Iterable[str], misspelt: frozenset[str], everyday: Iterable[str], joining: Iterable[str], sounds: Sounds
) -> Lexicon:
    """A lexicon of `words`; of those that end in a star every word is one that begins so. Only those that are
    `misspelt` too are looked for in other spellings."""
    listed = frozenset(words)
    known = frozenset(word for word in listed if not word.endswith("*"))
    starts = tuple(sorted(word[:-1] for word in listed - known))
    spelt = known & misspelt
    long = [word for word in spelt if len(word) >= ONE_SLIP]
    heard = {word: _sound(word, sounds) for word in long}
    return Lexicon(
        known,
        starts,
        frozenset(everyday),
        frozenset(joining),
        sounds,
        _index(long, lambda word: _shortened(word, _most(word))),
        _index(spelt, lambda word: [_sound(word, sounds)]),
        _index([w for w in long if len(heard[w]) >= LONG_SOUND], lambda word: _shortened(heard[word], 1)),
        _index(long, lambda word: [_skeleton(word)]),
    )


def parts(lexicon: Lexicon, token: str) -> tuple[str, ...]:
    """The token, or the words that were run together in it."""
    if read(lexicon, token, slips=True) or _is_everyday(lexicon, token):
        return (token,)
    return _parted(lexicon, token)


@lru_cache(maxsize=8_192)
def read(lexicon: Lexicon, token: str, *, slips: bool) -> frozenset[str]:
    """The known words (and beginnings, with their star) that a token may be; itself alone where it is known."""
    exact = {start + "*" for start in lexicon.starts if token.startswith(start)} | ({token} & lexicon.known)
    if exact or not slips or _is_everyday(lexicon, token) or len(token) < 2 or not token.isalpha():
        return frozenset(exact)
    return _forms(token) & lexicon.known or frozenset(_meant(lexicon, token))


def _meant(lexicon: Lexicon, token: str) -> Iterator[str]:
    is_swapped = any(word in lexicon.everyday and word not in lexicon.known for word in _swapped(token))
    for word in {word for short in _shortened(token, 2) for word in lexicon.by_slip.get(short, ())}:
        if is_swapped and len(word) == len(token):
            continue  # "firts" is "first" rather than "fires"
        if _begins_alike(token, word) and _may_be(token, word):
            yield word
    sound = _sound(token, lexicon.sounds)
    yield from (word for word in lexicon.by_sound.get(sound, ()) if _is_as_long(token, word))
    if len(sound) >= LONG_SOUND:
        for word in {word for short in _shortened(sound, 1) for word in lexicon.by_sound_slip.get(short, ())}:
            other = _sound(word, lexicon.sounds)
            if sound[0] == other[0] and _near(sound, other, 1):
                yield word
    if len(token) >= SKELETON and not any(letter in VOWELS for letter in token):
        yield from lexicon.by_skeleton.get(token, ())
    if len(token) >= ONE_SLIP:  # "gass", "gunn"; "breakin"
        yield from {_undoubled(token), token + "g"} & lexicon.known


def _may_be(token: str, word: str) -> bool:
    """Whether the token is a slip of the word; of four letters none is another ("snow" is not "show")."""
    if len(word) == len(token) == ONE_SLIP:
        return sorted(token) == sorted(word)
    return _near(token, word, _most(word))


def _is_everyday(lexicon: Lexicon, token: str) -> bool:
    """Whether it is an everyday word, or one with an "s" or without its last "g" ("wifes", "parkin")."""
    return token in lexicon.everyday or not lexicon.everyday.isdisjoint(_forms(token) - lexicon.known)


def _forms(token: str) -> frozenset[str]:
    """A longer word without its "s", and with the "g" it lacks: "wifes" and "parkin" are no slips."""
    return frozenset({token.removesuffix("s"), token + "g"} if len(token) > ONE_SLIP else ())


def _swapped(token: str) -> Iterator[str]:
    """A short token with two letters that stand side by side swapped."""
    if len(token) >= LONG_SOUND:
        return iter(())
    return (token[:at] + token[at + 1] + token[at] + token[at + 2 :] for at in range(len(token) - 1))


def _parted(lexicon: Lexicon, token: str) -> tuple[str, ...]:
    """Two words of which one is known; none of them a scrap."""
    for cut in range(len(token) - 2, 1, -1):
        one, other = token[:cut], token[cut:]
        both = all(part in lexicon.known or part in lexicon.joining for part in (one, other))
        if both and any(part in lexicon.known and len(part) >= SKELETON for part in (one, other)):
            return (one, other)
    return (token,)


def _index(words: Iterable[str], written: Callable[[str], Iterable[str]]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for word in words:
        for form in written(word):
            found.setdefault(form, set()).add(word)
    return {form: frozenset(them) for form, them in found.items()}


def _most(word: str) -> int:
    return 2 if len(word) >= TWO_SLIPS else 1


def _shortened(word: str, most: int) -> frozenset[str]:
    """The word, and it without one letter, or without `most`."""
    forms = {word}
    for _ in range(most):
        forms |= {form[:at] + form[at + 1 :] for form in forms for at in range(len(form))}
    return frozenset(forms)


def _begins_alike(token: str, word: str) -> bool:
    """Who begins a word wrong is rare, and "wire" is no "fire"; but a silent letter may go ("nife")."""
    return token[0] == word[0] or sorted(token[:2]) == sorted(word[:2]) or token == word[1:]


def _is_as_long(token: str, word: str) -> bool:
    """Whether a short word is about as long as the one it sounds like: "kil" and "kill", not "rec" and "wreck"."""
    return abs(len(token) - len(word)) <= (1 if len(token) < ONE_SLIP else 3)


def _sound(word: str, sounds: Sounds) -> str:
    word += "$"  # the end, for a letter that is silent there
    for spelling, sound in sounds:
        word = word.replace(spelling, sound)
    return _undoubled(word[:-1])


def _skeleton(word: str) -> str:
    return word[0] + "".join(letter for letter in word[1:] if letter not in VOWELS)


def _undoubled(word: str) -> str:
    return re.sub(r"(.)\1+", r"\1", word)


def _near(one: str, other: str, most: int) -> bool:
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
