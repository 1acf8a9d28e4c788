"""GeoReport v2 service requests: what is posted, what comes back, what is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal


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
class Followed:
    """An accepted request of ours that is due to be read: when it was requested, when its row was last read (or
    it was sent), and since when it is due."""

    service_request_id: str
    requested_at: datetime
    read_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Followings:
    """What following brought: rows by id, and the ids that were really read. One that was read and has no row has
    not changed, or is not shown; one that was not read is as due as before."""

    rows: Mapping[str, ServiceRequest] = field(default_factory=dict)
    read: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What a resident adds to a request that the city has. `update_id` is ours and names it for good."""

    update_id: str
    service_request_id: str
    description: str
    updated_at: datetime
    status: str = "OPEN"  # OPEN or CLOSED; others are for councils with extended states
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    media_url: str = ""


@dataclass(frozen=True, slots=True)
class Watched:
    """A report whose token or status is due to be asked for: only what that takes. `changed_at` is when the city
    last showed something new, `fingerprint` what it showed."""

    report_id: str
    service_request_id: str | None
    token: str | None
    status: str
    fingerprint: str
    created_at: datetime
    changed_at: datetime
    poll_at: datetime


@dataclass(frozen=True, slots=True)
class Discovery:
    """GET Service Discovery: where a city says its endpoints are. Never followed without the operator's yes."""

    changeset: str = ""
    contact: str = ""
    key_service: str = ""
    endpoints: tuple[Mapping[str, Any], ...] = ()
