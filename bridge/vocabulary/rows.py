"""Rows that cross the store's port: work that was claimed, and the conversation it belongs to.

A claimed row carries its `lease`: the name of this one claim. Whoever finishes the row must still hold it. Its
`trace` is the id of the message that it was made because of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from bridge.vocabulary.conversation import State, TimerName
from bridge.vocabulary.messages import Inbound, Outbound
from bridge.vocabulary.requests import Submission


@dataclass(frozen=True, slots=True)
class InboxRow:
    """A stored message, claimed to be handled. `attempts` counts this claim."""

    id: str
    lease: str
    attempts: int
    message: Inbound


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """Something to send, claimed: a reply to a resident, a report to a city, an update of one, or the question
    which twins the city has of the draft in hand."""

    id: str
    lease: str
    attempts: int
    kind: Literal["reply", "submission", "update", "twins"]
    created_at: datetime
    conversation_id: str
    reply: Outbound | None = None
    report_id: str | None = None
    words: str = ""  # of an update
    trace: str = ""
    photos: tuple[str, ...] = ()  # of an update
    tried_at: datetime | None = None  # when it was first claimed before, by whichever process


@dataclass(frozen=True, slots=True)
class TimerRow:
    """A time a conversation set itself, come and claimed."""

    id: str
    lease: str
    attempts: int
    conversation_id: str
    name: TimerName
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A resident on one account. `address` is where replies go, `reply_to` the latest message to answer."""

    id: str
    account_id: str
    channel: str
    thread: str
    address: str
    city_id: str
    contact_id: str
    state: State
    reply_to: str = ""
    subject: str = ""
    last_heard: datetime | None = None  # when the resident last wrote, before the message in hand


SERVICE_MODEL, GAZETTEER = "service model", "gazetteer"  # kinds of artifacts


@dataclass(frozen=True, slots=True)
class Artifact:
    """A model or gazetteer in the blobs. `manifest` says what it was made from, and how."""

    blob_id: str
    manifest: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """What a delivery report is about. `news`: it says more than was known; `again`: the reply was sent before."""

    conversation_id: str
    reply: Outbound | None
    news: bool
    again: bool


@dataclass(frozen=True, slots=True)
class Used:
    """What an account sent in a month, as its provider counts and bills."""

    messages: int = 0
    segments: int = 0
    price_micros: int = 0
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why an account does not work as it should: red when nothing can be sent, amber when a person should look."""

    colour: Literal["red", "amber"]
    reason: Literal["barred", "filtered", "budget", "credentials"]
    code: str = ""
    since: datetime | None = None


Outcome = Literal["accepted", "refused", "not_stored", "unsure", "absent"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One POST to a city, recorded before it is made. `outcome` is None while it is open; `request` and `answer`
    are what went over the wire, without the key and without who wrote."""

    id: str
    outbox_id: str
    report_id: str
    submission: Submission
    opened_at: datetime
    deadline: datetime
    outcome: Outcome | None = None
    request: str = ""
    answer: str = ""
