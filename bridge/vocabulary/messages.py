"""What travels between residents and the bridge: inbound and outbound messages, as channels speak them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal


class InboundKind(StrEnum):
    """What a piece of provider traffic is. Anything we do not know is UNKNOWN: stored, logged, never raised."""

    MESSAGE = "message"
    EDIT = "edit"
    DELIVERY = "delivery"  # a provider tells what became of one of our messages
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Pin:
    """A place given as coordinates by the resident's device. `accuracy_m` is None when the device did not say."""

    lat: float
    long: float
    accuracy_m: float | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a message. `reference` is the provider's own handle (media URL on the provider's
    host, file id, MIME part number): only the channel that made it may fetch it."""

    content_type: str
    reference: str
    name: str = ""
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Developed:
    """A file of a resident's, made safe to show: a photo without all it carried, or a recording. `pin` is where
    the photo said that it was taken."""

    content: bytes = field(repr=False)
    media_type: str
    pin: Pin | None = None

    @property
    def is_photo(self) -> bool:
        return self.media_type.startswith("image/")


@dataclass(frozen=True, slots=True)
class Media:
    """A file of a resident's that was kept. `token` names it in public: unguessable, and good until it is revoked
    or its report is gone."""

    token: str
    blob_id: str
    media_type: str
    pin: Pin | None = None

    @property
    def is_photo(self) -> bool:
        return self.media_type.startswith("image/")


DeliveryState = Literal[
    "queued", "sent", "delivered", "failed", "opted_out", "missed", "unreachable", "filtered", "barred"
]
"""`missed`: not reached now, perhaps later. `unreachable`: never on this address (a landline, a number that is no
more). `filtered`: a carrier took the words for spam. `barred`: the account may not send at all (registration)."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a provider says of an earlier Outbound. `state` is our word, `code` the provider's error code."""

    provider_id: str
    state: DeliveryState
    code: str = ""
    price_micros: int | None = None  # what the provider bills, in millionths of `currency`, once it says
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Inbound:
    """One message from a resident (or one report about ours), as a channel understood it.

    `account_id` names the configured number, mailbox or bot. (account_id, kind, provider_key) is unique: a
    redelivery carries the same three. `sender` is the resident's address on the channel (E.164 number, mail
    address, user id) and `thread` the address a conversation hangs on (for most channels the sender; a chat
    id; a mail thread). `raw` is what the provider sent, byte for byte, and is stored beside the rest.
    """

    account_id: str
    channel: str
    kind: InboundKind
    provider_key: str
    sender: str
    thread: str
    received_at: datetime
    text: str = ""
    subject: str = ""
    pin: Pin | None = None
    attachments: tuple[Attachment, ...] = ()
    provider_id: str = ""  # the provider's name for this message, to answer or thread on
    in_reply_to: str = ""  # provider id of the message of ours this answers, where the channel says
    sender_name: str = ""
    signature: str = ""  # what stood below the sender's name and is not of the text: may hold their address
    language: str = ""  # BCP 47 hint of the sender's client, "" when none
    automatic: bool = False  # an auto-reply, bounce or bot: stored, never answered
    keyword: Literal["", "stop", "start", "help"] = ""  # what the provider took it for, and answered itself
    delivery: Delivery | None = None
    raw: bytes = field(default=b"", repr=False)
    raw_type: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer a resident can pick: a button on chat, a numbered line on SMS. `value` comes back as text."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Outbound:
    """One message to a resident. `id` is ours (the outbox row) and stays the same over every attempt."""

    id: str
    account_id: str
    channel: str
    to: str
    thread: str
    text: str
    subject: str = ""
    choices: tuple[Choice, ...] = ()
    in_reply_to: str = ""  # provider id of the resident's message this answers
    references: tuple[str, ...] = ()
    language: str = "en"
    ask_location: bool = False  # the text asks for a place: a channel with a pin button may offer it


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier try of an Outbound, whose end nobody knows: the provider may have taken it at or after `since`.
    `others` are the provider's ids of what the conversation was sent besides, as it may read the same."""

    since: datetime
    others: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sent:
    """A provider took an Outbound. Price as the provider bills it, in millionths of `currency`. `parts` are the
    provider's ids of all its messages where a long text left as several."""

    provider_id: str
    segments: int = 1
    price_micros: int | None = None
    currency: str = ""
    parts: tuple[str, ...] = ()
