"""A letter that answers several questions at once, as a letter of ours asked them. Pure.

Who numbers the answers is taken at their word. Of other letters each line is an answer to the first question it
fits: an address of mail, a value of a list, a number, a day. What is left over and is one line for one question
of free text, or as many lines as such questions, answers those in order. All else stays words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bridge.flow.answers import email_in, interpret, name_in
from bridge.vocabulary import Attribute, Draft, Facts, MessageArrived

_NUMBERED = re.compile(r"\s*(\d)\s*[.):-]\s*(\S.*)")
_ATTRIBUTE = "attribute "
_FREE = ("string", "text")
_POLITE = re.compile(
    r"(?:hi|hello|hey|dear\b.*|thanks?( you)?.*|(?:kind |best )?regards.*|hola|buenas.*|buenos d[ií]as|"
    r"gracias.*|(?:un )?saludos?.*|atentamente.*)[\s,.!]*",
    re.IGNORECASE,
)


def answered(draft: Draft, event: MessageArrived, facts: Facts, now: datetime) -> tuple[Draft, str]:
    """The draft with the answers found, and the words that answer none of these questions."""
    questions = [key for key in draft.letter if key in ("email", "name") or key.startswith(_ATTRIBUTE)]
    lines = [line.strip() for line in event.message.text.splitlines() if line.strip()]
    numbered = {int(m[1]): m[2].strip() for line in lines if (m := _NUMBERED.fullmatch(line))}
    if numbered:
        return _by_number(draft, lines, numbered, facts, now)
    for key in _typed_first(questions, draft, facts):
        used = next((line for line in lines if _answer(draft, key, line, facts, now)), None)
        if used is not None:
            draft, lines = _answer(draft, key, used, facts, now) or draft, [each for each in lines if each != used]
    places = [mention.text for mention in event.understanding.located.mentions]
    free = [key for key in questions if _is_free(key, draft, facts)]
    return _leftover(draft, free, lines, places, facts, now)


def _by_number(
    draft: Draft, lines: list[str], numbered: Mapping[int, str], facts: Facts, now: datetime
) -> tuple[Draft, str]:
    rest = [line for line in lines if not _NUMBERED.fullmatch(line)]
    for number, words in numbered.items():
        key = draft.letter[number - 1] if 0 < number <= len(draft.letter) else ""
        given = _answer(draft, key, words, facts, now)
        draft, rest = (given, rest) if given else (draft, [*rest, words])
    return draft, "\n".join(rest)


def _leftover(
    draft: Draft, free: list[str], lines: list[str], places: list[str], facts: Facts, now: datetime
) -> tuple[Draft, str]:
    """Lines that name no place answer what is asked in free words: one line each, or all of them the only one."""
    where = [line for line in lines if any(place in line for place in places)]
    others = [line for line in lines if line not in where and not _POLITE.fullmatch(line)]
    if len(free) == 1 and others:
        others = ["\n".join(others)]
    if not free or len(others) != len(free):
        return draft, "\n".join(lines)
    for key, words in zip(free, others, strict=True):
        draft = _answer(draft, key, words, facts, now) or draft
    return draft, "\n".join(where)


def _typed_first(questions: list[str], draft: Draft, facts: Facts) -> list[str]:
    return [key for key in questions if not _is_free(key, draft, facts)]


def _is_free(key: str, draft: Draft, facts: Facts) -> bool:
    attribute = _attribute(key, draft, facts)
    return key == "name" or (attribute is not None and attribute.datatype in _FREE)


def _answer(draft: Draft, key: str, words: str, facts: Facts, now: datetime) -> Draft | None:
    """The draft with the answer to one question; None when the words are none."""
    if key == "email":
        found = email_in(words)
        return replace(draft, contact={**draft.contact, "email": found}) if found else None
    if key == "name":
        name = name_in(words)
        named = {"first_name": name[0], "last_name": name[1]} if name else {}
        return replace(draft, contact={**draft.contact, **named}) if name else None
    attribute = _attribute(key, draft, facts)
    if attribute is None:
        return None
    values = interpret(attribute, words, attribute.values, now.astimezone(ZoneInfo(facts.time_zone)))
    return replace(draft, attributes={**draft.attributes, attribute.code: values}) if values else None


def _attribute(key: str, draft: Draft, facts: Facts) -> Attribute | None:
    code = key.removeprefix(_ATTRIBUTE) if key.startswith(_ATTRIBUTE) else ""
    return next((a for a in facts.definitions.get(draft.service_code, ()) if a.code == code), None)
