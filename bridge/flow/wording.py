"""From a decision's `Say` to an `Outbound` that fits its channel.

The catalogue has the sentences; here only what is filled in is shortened, so that a text stays within its
channel's length: the city's note first, then the place, then the service's name, then the labels of the choices.
"""

from __future__ import annotations

from dataclasses import replace

from bridge import segments
from bridge.ports import Catalog
from bridge.vocabulary import Choice, Conversation, Outbound, Say

MOST_SEGMENTS = {"en": 1}
OTHERWISE_SEGMENTS = 2  # accents are not GSM-7, so a text of equal length takes two
SHORTENED_FIRST_TO_LAST = ("note", "place", "service", "street", "question")
SHORTEST = 12


def outbound(conversation: Conversation, say: Say, catalog: Catalog) -> Outbound:
    """The message, addressed to the conversation, in its language."""
    language = conversation.state.language or "en"
    choices = tuple(_labelled(choice, catalog, language) for choice in say.choices)
    text = catalog.text(say.message_id, language, say.params)
    if conversation.channel == "sms":
        text, choices = _fitting(say, choices, catalog, language)
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
        ask_location=say.asks_place,
    )


def _labelled(choice: Choice, catalog: Catalog, language: str) -> Choice:
    """A label that is a message of the catalogue ("choice.more"), in its language; others are the city's words."""
    if choice.value != "0":
        return choice
    return replace(choice, label=catalog.text(choice.label, language, {}))


def _fitting(
    say: Say, choices: tuple[Choice, ...], catalog: Catalog, language: str
) -> tuple[str, tuple[Choice, ...]]:
    params = {name: " ".join(value.split()) for name, value in say.params.items()}
    text = catalog.text(say.message_id, language, params)
    most = MOST_SEGMENTS.get(language, OTHERWISE_SEGMENTS)
    for name in SHORTENED_FIRST_TO_LAST:
        while len(params.get(name, "")) > SHORTEST and _length(text, choices) > most:
            params[name] = _shortened(params[name], len(params[name]) - 4)
            text = catalog.text(say.message_id, language, params)
    widest = max((len(choice.label) for choice in choices), default=0)
    while widest > SHORTEST and _length(text, choices) > most:
        widest -= 1
        choices = tuple(replace(choice, label=_shortened(choice.label, widest)) for choice in choices)
    return text, choices


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 3].rstrip(" .,;") + "..."


def _length(text: str, choices: tuple[Choice, ...]) -> int:
    return segments.count("\n".join([text, *(f"{choice.value}) {choice.label}" for choice in choices)]))
