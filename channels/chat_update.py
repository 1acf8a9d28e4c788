"""What a Telegram update says. Pure.

https://core.telegram.org/bots/api#update, read through python-telegram-bot's own types.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import structlog

from bridge.vocabulary import Attachment, Delivery, Inbound, InboundKind, Pin
from channels.hygiene import clean, one_line

# The library's coming default; without it a RetryAfter warns of deprecation while it is being raised.
os.environ.setdefault("PTB_TIMEDELTA", "true")

import telegram

log = structlog.get_logger()

CHANNEL: Final = "chat"
_REFERENCE: Final = re.compile(r"(?=.*[0-9])[A-Za-z0-9]{8}")  # a report's, as residents are told it
JSON: Final = "application/json"


def parse(
    raw: bytes, account_id: str, received_at: datetime, bot_id: int = 0, bot_name: str = ""
) -> list[Inbound]:
    """What one update says. Nothing for a group's talk among itself and for the moves of a live location;
    UNKNOWN for what is no message, edit, button or block, and for what is no update at all."""
    blank = Inbound(
        account_id=account_id,
        channel=CHANNEL,
        kind=InboundKind.UNKNOWN,
        provider_key=hashlib.sha256(raw).hexdigest(),
        sender="",
        thread="",
        received_at=received_at,
        raw=raw,
        raw_type=JSON,
    )
    try:
        update = telegram.Update.de_json(json.loads(raw), None)
        blank = replace(blank, provider_key=str(int(update.update_id)))
        return _read(update, blank, bot_id, bot_name)
    except Exception as error:  # whatever the library trips over, the update is kept
        log.warning("chat.unreadable", account_id=account_id, error=type(error).__name__)
        return [blank]


def _read(update: telegram.Update, blank: Inbound, bot_id: int, bot_name: str) -> list[Inbound]:
    if update.callback_query:
        return [_pressed(update.callback_query, blank)]
    if update.my_chat_member:
        return [_membership(update.my_chat_member, blank)]
    if update.message:
        return _said(update.message, replace(blank, kind=InboundKind.MESSAGE), bot_id, bot_name)
    if update.edited_message and not _moves(update.edited_message):
        return _said(update.edited_message, replace(blank, kind=InboundKind.EDIT), bot_id, bot_name)
    return [] if update.edited_message else [blank]


def _moves(message: telegram.Message) -> bool:
    """A live location sends an edit every few seconds; where a resident walks is not ours to keep."""
    return message.location is not None


def _said(message: telegram.Message, blank: Inbound, bot_id: int, bot_name: str) -> list[Inbound]:
    if not _addressed(message, bot_id, bot_name):
        return []
    contact = message.contact.phone_number if message.contact else ""
    text = _followed_link(_unaddressed_text(message.text or message.caption or contact, bot_name))
    inbound = replace(
        _signed(blank, message.chat, message.from_user),
        text=clean(text),
        pin=_pin(message),
        attachments=_attachments(message),
        provider_id=f"{message.chat.id}:{message.message_id}",
        in_reply_to=_answered(message, bot_id),
    )
    empty = not (inbound.text or inbound.pin or inbound.attachments)
    return [replace(inbound, kind=InboundKind.UNKNOWN) if empty else inbound]


def _signed(blank: Inbound, chat: telegram.Chat, user: telegram.User | None) -> Inbound:
    """Who speaks and where. In a group each member holds a conversation of their own."""
    sender = str(user.id if user else chat.id)
    return replace(
        blank,
        sender=sender,
        thread=str(chat.id) if chat.type == "private" else f"{chat.id}/{sender}",
        sender_name=one_line(user.full_name) if user else "",
        language=one_line(user.language_code or "") if user else "",
        automatic=bool(user and user.is_bot),
    )


def _pressed(query: telegram.CallbackQuery, blank: Inbound) -> Inbound:
    if query.message is None or not query.data:
        return blank
    chat = query.message.chat
    message_id = f"{chat.id}:{query.message.message_id}"
    return replace(
        _signed(blank, chat, query.from_user),
        kind=InboundKind.MESSAGE,
        text=clean(query.data),
        provider_id=message_id,
        in_reply_to=message_id,
    )


def _membership(change: telegram.ChatMemberUpdated, blank: Inbound) -> Inbound:
    """A resident who blocks the bot has opted out (https://core.telegram.org/bots/api#update)."""
    inbound = _signed(blank, change.chat, change.from_user)
    if change.chat.type != "private" or change.new_chat_member.status != "kicked":
        return inbound
    return replace(inbound, kind=InboundKind.DELIVERY, delivery=Delivery("", "opted_out", "blocked"))


def _addressed(message: telegram.Message, bot_id: int, bot_name: str) -> bool:
    """Whether a message is for the bot: in private always, in a group by mention, command or reply."""
    if message.chat.type == "private":
        return True
    if _answered(message, bot_id):
        return True
    text = message.text or message.caption or ""
    return bool(bot_name) and re.search(rf"@{re.escape(bot_name)}\b", text, re.IGNORECASE) is not None


def _unaddressed_text(text: str, bot_name: str) -> str:
    """The text without the bot's own name: `/report@city_bot pothole` is `/report pothole`."""
    if not bot_name:
        return text
    return re.sub(rf"\s*@{re.escape(bot_name)}\b", "", text, flags=re.IGNORECASE).strip()


def _followed_link(text: str) -> str:
    """What a link with a parameter means (https://core.telegram.org/bots/features#deep-linking): a report's
    reference asks how it stands, any other parameter only opens the chat."""
    link = re.fullmatch(r"/start ([A-Za-z0-9_-]{1,64})", text.strip())
    if link is None:
        return text
    return f"/status {link[1].lower()}" if _REFERENCE.fullmatch(link[1]) else "/start"


def _answered(message: telegram.Message, bot_id: int) -> str:
    earlier = message.reply_to_message
    if earlier is None or earlier.from_user is None or earlier.from_user.id != bot_id:
        return ""
    return f"{message.chat.id}:{earlier.message_id}"


def _pin(message: telegram.Message) -> Pin | None:
    location = message.venue.location if message.venue else message.location
    if location is None:
        return None
    label = f"{message.venue.title}, {message.venue.address}" if message.venue else ""
    return Pin(location.latitude, location.longitude, location.horizontal_accuracy, one_line(label))


def _attachments(message: telegram.Message) -> tuple[Attachment, ...]:
    if message.photo:
        largest = max(message.photo, key=lambda size: size.width * size.height)
        return (Attachment("image/jpeg", largest.file_id, size=largest.file_size),)
    files = (
        (message.document, "application/octet-stream"),
        (message.voice, "audio/ogg"),
        (message.audio, "audio/mpeg"),
        (message.video, "video/mp4"),
        (message.video_note, "video/mp4"),
    )
    return tuple(_file(file, usual) for file, usual in files if file is not None)


def _file(file: Any, usual_type: str) -> Attachment:
    content_type = getattr(file, "mime_type", None) or usual_type
    name = getattr(file, "file_name", None) or ""
    return Attachment(one_line(content_type), file.file_id, one_line(name), file.file_size)
