"""From a decision's `Say` to an `Outbound` that fits its channel.

The catalogue has the sentences; here only what is filled in is shortened, so that a text stays within its
channel's length: a photo's link is left off, then the city's note is cut, then the place, then the service's
name, then the labels of the choices.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from bridge import segments
from bridge.ports import Catalog
from bridge.vocabulary import Choice, Conversation, Outbound, Say

MOST_SEGMENTS = {"en": 1}
OTHERWISE_SEGMENTS = 2  # accents are not GSM-7, so a text of equal length takes two
SHORTENED_FIRST_TO_LAST = ("note", "place", "service", "other", "street", "question", "one", "two")
LEFT_OFF = ("status.photo", "status.expected", "reports.more")  # where there is no room
OF_ITS_OWN = ("programme", "privacy")  # never left off: a message of its own, where there is no room
YES_NO = (Choice("yes", "choice.yes"), Choice("no", "choice.no"))
BUTTONS: Mapping[str, tuple[Choice, ...]] = {
    **dict.fromkeys(("ask.split", "ask.confirm", "ask.home", "ask.consent", "ask.fixed"), YES_NO),
    "language.which": (Choice("english", "English"), Choice("español", "Español")),
    "ask.photo": (Choice("skip", "choice.skip"),),
    "ask.satisfied": tuple(Choice(str(mark), str(mark)) for mark in range(1, 6)),
}
OF_ANY_LENGTH = ("staff.reply", "answer")  # words a person chose: cut into several texts, never short
SHORTEST = 12
SERVICE_NAMES = ("service", "other", "one", "two")  # the parameters that hold one


def in_their_words(say: Say, called: Mapping[str, str]) -> Say:
    """The message with services named as its reader's language names them, where the city told."""
    if not called:
        return say
    params = {
        name: called.get(value, value) if name in SERVICE_NAMES else value for name, value in say.params.items()
    }
    choices = tuple(replace(choice, label=called.get(choice.label, choice.label)) for choice in say.choices)
    also = tuple(in_their_words(part, called) for part in say.also)
    return replace(say, params=params, choices=choices, also=also)


def messages(conversation: Conversation, say: Say, catalog: Catalog) -> tuple[Outbound, ...]:
    """What is sent: one message, or two where the words about privacy would not fit beside the others."""
    also = tuple(part for part in say.also if part.message_id not in OF_ITS_OWN)
    apart = tuple(part for part in say.also if part.message_id in OF_ITS_OWN)
    if conversation.channel == "sms" and apart and not _fits(conversation, say, catalog):
        beside = replace(apart[0], also=apart[1:])
        notices = (beside,) if _fits(conversation, beside, catalog) else apart
        return tuple(outbound(conversation, each, catalog) for each in (replace(say, also=also), *notices))
    return (outbound(conversation, say, catalog),)


def _fits(conversation: Conversation, say: Say, catalog: Catalog) -> bool:
    language = conversation.state.language or "en"
    choices = tuple(_labelled(choice, catalog, language) for choice in say.choices)
    return _length(_text(_on_one_line(say), catalog, language, " "), choices) <= _most_segments(language)


def outbound(conversation: Conversation, say: Say, catalog: Catalog) -> Outbound:
    """The message, addressed to the conversation, in its language."""
    language = conversation.state.language or "en"
    choices = tuple(_labelled(choice, catalog, language) for choice in _choices(conversation, say))
    if conversation.channel == "sms":
        text, choices = _fitting(say, choices, catalog, language)
    elif conversation.channel == "mail":
        text = _letter(say, catalog, language)
    else:
        text = _text(say, catalog, language, " ")
    return Outbound(
        id="",
        account_id=conversation.account_id,
        channel=conversation.channel,
        to=conversation.address,
        thread=conversation.thread,
        text=text,
        subject=conversation.subject,
        choices=choices,
        in_reply_to=conversation.reply_to,
        language=language,
        ask_location=any(part.asks_place for part in (say, *say.also)),
    )


def _choices(conversation: Conversation, say: Say) -> tuple[Choice, ...]:
    """What can be picked: lines to answer by number, buttons on chat, and nothing where a letter asks several
    questions, each with its own answers beside it."""
    if conversation.channel == "mail" and _asks_several(say):
        return ()
    if say.choices or conversation.channel != "chat":
        return say.choices
    return next((BUTTONS[part.message_id] for part in _parts(say) if part.message_id in BUTTONS), ())


def _asks_several(say: Say) -> bool:
    return sum(part.message_id.startswith("ask.") for part in _parts(say)) > 1


def _letter(say: Say, catalog: Catalog, language: str) -> str:
    """A paragraph a sentence; several questions are numbered, the values of a list in brackets."""
    if not _asks_several(say):
        return _text(say, catalog, language, "\n\n")
    parts = _parts(say)
    before = [catalog.text("letter", language, {})] if parts[0].message_id.startswith("ask.") else []
    numbers = itertools.count(1)
    for part in parts:
        words = catalog.text(part.message_id, language, _spoken(part.params, language))
        values = f" ({', '.join(choice.label for choice in part.choices)})" if part.choices else ""
        before.append(f"{next(numbers)}. {words}{values}" if part.message_id.startswith("ask.") else words)
    return "\n\n".join(before)


def _labelled(choice: Choice, catalog: Catalog, language: str) -> Choice:
    """A label that is a message of the catalogue ("choice.more"), in its language; others are the city's words."""
    if not choice.label.startswith("choice."):
        return choice
    return replace(choice, label=catalog.text(choice.label, language, {}))


def _text(say: Say, catalog: Catalog, language: str, between: str) -> str:
    """All sentences of a message."""
    sentences = (catalog.text(part.message_id, language, _spoken(part.params, language)) for part in _parts(say))
    return between.join(sentences).replace("....", "...")


def _parts(say: Say) -> tuple[Say, ...]:
    return (say, *say.also)


def _spoken(params: Mapping[str, str], language: str) -> dict[str, str]:
    """The parameters as people of that language write them."""
    spoken = dict(params)
    if "date" in spoken:
        day = date.fromisoformat(spoken["date"])
        spoken["date"] = f"{day.month}/{day.day}" if language == "en" else f"{day.day}/{day.month}"
    return spoken


def _fitting(
    say: Say, choices: tuple[Choice, ...], catalog: Catalog, language: str
) -> tuple[str, tuple[Choice, ...]]:
    most = _most_segments(language)
    say = _on_one_line(say)
    text = _text(say, catalog, language, " ")
    if say.message_id in OF_ANY_LENGTH:
        return text, choices
    if _length(text, choices) > most:
        say = replace(say, also=tuple(part for part in say.also if part.message_id not in LEFT_OFF))
    for name in SHORTENED_FIRST_TO_LAST:
        while _length(_text(say, catalog, language, " "), choices) > most and (cut := _shorter(say, name)):
            say = cut
    text = _text(say, catalog, language, " ")
    widest = max((len(choice.label) for choice in choices), default=0)
    while widest > SHORTEST and _length(text, choices) > most:
        widest -= 1
        choices = tuple(replace(choice, label=_shortened(choice.label, widest)) for choice in choices)
    return text, choices


def _most_segments(language: str) -> int:
    return MOST_SEGMENTS.get(language, OTHERWISE_SEGMENTS)


def _on_one_line(say: Say) -> Say:
    params = {name: " ".join(value.split()) for name, value in say.params.items()}
    return replace(say, params=params, also=tuple(_on_one_line(part) for part in say.also))


def _shorter(say: Say, name: str) -> Say | None:
    """The message with its longest parameter of that name a little shorter; None when none can be."""
    longest = max(_parts(say), key=lambda part: len(part.params.get(name, "")))
    value = longest.params.get(name, "")
    if len(value) <= SHORTEST:
        return None
    cut = replace(longest, params={**longest.params, name: _shortened(value, len(value) - 4)})
    if longest is say:
        return cut
    return replace(say, also=tuple(cut if part is longest else part for part in say.also))


def _shortened(text: str, most: int) -> str:
    """The text, cut at a comma where that is enough, else anywhere."""
    before, comma, _ = text.rpartition(", ")
    if len(text) <= most:
        return text
    return before if comma and SHORTEST <= len(before) <= most else text[: most - 3].rstrip(" .,;") + "..."


def _length(text: str, choices: tuple[Choice, ...]) -> int:
    return segments.count("\n".join([text, *(f"{choice.value}) {choice.label}" for choice in choices)]))
