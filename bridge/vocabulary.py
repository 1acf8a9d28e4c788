"""The words every part speaks: frozen values, no behaviour beyond what a value knows of itself.

Where Open311 has a word, it is that word (GeoReport v2: service, service code, service request, token,
jurisdiction). Times are aware UTC datetimes; coordinates are WGS84 degrees; lengths are metres. Nothing here
imports anything of ours or of others, so every part may import this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

# ------------------------------------------------------------------------------------------ what travels


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
class Delivery:
    """What a provider says of an earlier Outbound. `state` is our word, `code` the provider's error code."""

    provider_id: str
    state: Literal["queued", "sent", "delivered", "failed", "opted_out"]
    code: str = ""


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
    language: str = ""  # BCP 47 hint of the sender's client, "" when none
    automatic: bool = False  # an auto-reply, bounce or bot: stored, never answered
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
class Sent:
    """A provider took an Outbound. Price as the provider bills it, in millionths of `currency`."""

    provider_id: str
    segments: int = 1
    price_micros: int | None = None
    currency: str = ""


# ------------------------------------------------------------------------------- what the city offers


@dataclass(frozen=True, slots=True)
class Service:
    """A row of GET Service List. `type` is realtime (id at once), batch (token first) or blackbox (neither)."""

    service_code: str
    service_name: str
    description: str = ""
    metadata: bool = False
    type: Literal["realtime", "batch", "blackbox"] = "realtime"
    keywords: tuple[str, ...] = ()
    group: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


Datatype = Literal["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"]


@dataclass(frozen=True, slots=True)
class Value:
    """A permitted value of a list attribute: the `key` is sent, the `name` is shown."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """A question of a service definition. `variable` False: a text to show, nothing to send."""

    code: str
    datatype: Datatype
    description: str = ""
    required: bool = False
    variable: bool = True
    datatype_description: str = ""
    order: int = 0
    values: tuple[Value, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


# ----------------------------------------------------------------------------------- what and where


@dataclass(frozen=True, slots=True)
class Guess:
    """A service the text may be about, with its calibrated probability (0..1)."""

    service_code: str
    p: float


MentionKind = Literal[
    "address",
    "block",
    "street",
    "intersection",
    "stretch",
    "landmark",
    "highway",
    "pole",
    "postcode",
    "coordinates",
    "relative",
]


@dataclass(frozen=True, slots=True)
class Mention:
    """Words of the text that name a place: `text[start:end]`, in Python string offsets."""

    start: int
    end: int
    kind: MentionKind
    text: str


PlaceSource = Literal["text", "pin", "photo", "saved", "staff"]


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere in the city. `lat` and `long` are both set or both None (words only, for address_string).

    `accuracy_m` is the radius the truth lies within nine times of ten; `why` says how it was found in a few
    plain words ("house number", "corner of two streets", "middle of the street").
    """

    address: str
    lat: float | None = None
    long: float | None = None
    accuracy_m: float | None = None
    why: str = ""
    source: PlaceSource = "text"


@dataclass(frozen=True, slots=True)
class Located:
    """What a Locator made of a text. `ask` means: do not use a candidate without asking the resident first."""

    mentions: tuple[Mention, ...] = ()
    candidates: tuple[Place, ...] = ()
    ask: bool = True
    outside: bool = False  # a place was found, and it is not in this city


@dataclass(frozen=True, slots=True)
class Understanding:
    """All that was understood of one message before anything is decided. Made outside any transaction."""

    text: str
    language: str = "en"
    guesses: tuple[Guess, ...] = ()  # best first, over the city's service codes
    civic: float = 1.0  # probability that this is about a municipal matter at all
    located: Located = Located()


# ------------------------------------------------------------------------------------ GeoReport requests


@dataclass(frozen=True, slots=True)
class Submission:
    """What is sent by POST Service Request, before a city's profile turns it into a form.

    `reference` is the report's short public reference: the marker our own request is looked up by after an
    unsure send. At least one of lat/long, address_string, address_id is set (GeoReport v2, POST Service
    Request). `media` are public photo URLs, first one first.
    """

    reference: str
    service_code: str
    description: str
    lat: float | None = None
    long: float | None = None
    address_string: str = ""
    address_id: str = ""
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    device_id: str = ""
    account_id: str = ""
    media: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """A city's answer to a POST: an id (realtime), a token (batch), or neither (blackbox)."""

    service_request_id: str | None = None
    token: str | None = None
    service_notice: str = ""
    account_id: str = ""


@dataclass(frozen=True, slots=True)
class Lookup:
    """Whether an unsure POST landed. `absent` is only said where the city proves that fresh requests are
    listed; everything else is `cannot_tell`."""

    verdict: Literal["found", "absent", "cannot_tell"]
    receipt: Receipt | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class ServiceRequest:
    """A row of GET Service Requests. `status` is folded to open or closed; `raw_status` keeps the city's word."""

    service_request_id: str
    status: Literal["open", "closed"] = "open"
    raw_status: str = ""
    status_notes: str = ""
    service_name: str = ""
    service_code: str = ""
    description: str = ""
    agency_responsible: str = ""
    service_notice: str = ""
    requested_datetime: datetime | None = None
    updated_datetime: datetime | None = None
    expected_datetime: datetime | None = None
    address: str = ""
    address_id: str = ""
    zipcode: str = ""
    lat: float | None = None
    long: float | None = None
    media_url: str = ""
    token: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Discovery:
    """GET Service Discovery: where a city says its endpoints are. Never followed without the operator's yes."""

    changeset: str = ""
    contact: str = ""
    key_service: str = ""
    endpoints: tuple[Mapping[str, Any], ...] = ()
