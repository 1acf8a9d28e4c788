"""From a decision's `Say` to an `Outbound` that fits its channel.

The catalogue has the sentences; here only what is filled in is shortened, so that a text stays within its
channel's length: the city's note first, then the place, then the service's name.
"""

from __future__ import annotations

from bridge import segments
from bridge.ports import Catalog
from bridge.vocabulary import Conversation, Outbound, Say

MOST_SEGMENTS = {"en": 1}
OTHERWISE_SEGMENTS = 2  # accents are not GSM-7, so a text of equal length takes two
SHORTENED_FIRST_TO_LAST = ("note", "place", "service", "street")
SHORTEST = 12


def outbound(conversation: Conversation, say: Say, catalog: Catalog) -> Outbound:
    """The message, addressed to the conversation, in its language."""
    language = conversation.state.language or "en"
    return Outbound(
        id="",
        account_id=conversation.account_id,
        channel=conversation.channel,
        to=conversation.address,
        thread=conversation.thread,
        text=_fitting(conversation.channel, say, catalog, language),
        subject=conversation.subject,
        choices=say.choices,
        in_reply_to=conversation.reply_to,
        language=language,
        ask_location=say.asks_place,
    )


def _fitting(channel: str, say: Say, catalog: Catalog, language: str) -> str:
    params = {name: " ".join(value.split()) for name, value in say.params.items()}
    text = catalog.text(say.message_id, language, params)
    if channel != "sms":
        return catalog.text(say.message_id, language, say.params)
    most = MOST_SEGMENTS.get(language, OTHERWISE_SEGMENTS)
    for name in SHORTENED_FIRST_TO_LAST:
        while len(params.get(name, "")) > SHORTEST and segments.count(_with_choices(text, say)) > most:
            params[name] = params[name][:-5].rstrip(" .,;") + "..."
            text = catalog.text(say.message_id, language, params)
    return text


def _with_choices(text: str, say: Say) -> str:
    return "\n".join([text, *(f"{choice.value}) {choice.label}" for choice in say.choices)])
