"""Whether a row of a city's list is our own submission: by its marker, or by what it says and where. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from bridge.open311.answers import same_code, words_of
from bridge.open311.form import described
from bridge.open311.profile import Profile
from bridge.vocabulary import Lookup, Receipt, ServiceRequest, Submission

_NEAR_M = 60.0  # single-precision coordinates and snapping to an address move a point less than this
_TELLING = 20  # characters below which a text is too common to tell two residents' reports apart
_LAST = datetime.max.replace(tzinfo=UTC)
_LONGEST = 200  # characters compared; servers cut and re-wrap longer ones


def settle(
    rows: Iterable[ServiceRequest], submission: Submission, profile: Profile, since: datetime
) -> Lookup | None:
    """What listed rows say of a submission: found, cannot_tell where it may be one of several, None where no
    row is ours. Absence is not for rows to say: the caller knows whether the list was whole and late enough.
    """
    listed = tuple(rows)
    ours = [row for row in listed if submission.reference and marked(row, submission.reference)]
    if ours:
        return _found(ours, "its reference")
    if profile.marker_of(submission.reference):
        return None
    text = words_of(described(submission, profile))[:_LONGEST]
    alike = [row for row in listed if _alike(row, submission, text, since, profile)]
    if not alike:
        return None
    if len(alike) > 1 or len(text) < _TELLING:
        return Lookup(
            "cannot_tell", why=f"{len(alike)} listed requests are like it, in few words or more than one"
        )
    return _found(alike, "its time, service, place and text")


def marked(row: ServiceRequest, reference: str) -> bool:
    """Whether the reference stands anywhere in the row: description, attributes, an external id."""
    return reference.lower() in json.dumps(dict(row.raw), default=str, ensure_ascii=False).lower()


def distance_m(lat: float, long: float, other_lat: float, other_long: float) -> float:
    """Metres between two points, on the sphere (haversine)."""
    phi, other_phi = math.radians(lat), math.radians(other_lat)
    half = math.sin((other_phi - phi) / 2) ** 2
    half += math.cos(phi) * math.cos(other_phi) * math.sin(math.radians(other_long - long) / 2) ** 2
    return 2 * 6_371_008.8 * math.asin(math.sqrt(half))


def _found(rows: list[ServiceRequest], how: str) -> Lookup:
    first = min(rows, key=lambda row: (row.requested_datetime or _LAST, row.service_request_id))
    receipt = Receipt(first.service_request_id or None, first.token or None, first.service_notice)
    return Lookup("found", receipt, f"found by {how}")


def _alike(row: ServiceRequest, submission: Submission, ours: str, since: datetime, profile: Profile) -> bool:
    """codefornl lists no service_code, Chicago rows lack coordinates: what is missing does not tell against."""
    skew = timedelta(minutes=profile.clock_skew_minutes)
    return (
        (not row.service_code or same_code(row.service_code, submission.service_code))
        and words_of(row.description)[:_LONGEST] == ours
        and (row.requested_datetime is None or row.requested_datetime >= since - skew)
        and _near(row, submission)
    )


def _near(row: ServiceRequest, submission: Submission) -> bool:
    if row.lat is not None and row.long is not None and submission.lat is not None and submission.long is not None:
        return distance_m(row.lat, row.long, submission.lat, submission.long) <= _NEAR_M
    if row.address and submission.address_string:
        return words_of(row.address) == words_of(submission.address_string)
    return True
