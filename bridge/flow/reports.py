"""A report as it goes to the city, and how a change at the city is told from no change."""

from __future__ import annotations

from bridge.vocabulary import Report, ServiceRequest, Submission

APPROXIMATE = "Location as described by the resident: "


def submission(report: Report) -> Submission:
    """The report as a POST Service Request. A place without coordinates goes as words, marked as such."""
    place = report.place
    located = place.lat is not None and place.long is not None
    return Submission(
        reference=report.reference,
        service_code=report.service_code,
        description=report.description if located else f"{report.description}\n{APPROXIMATE}{place.address}",
        lat=place.lat,
        long=place.long,
        address_string=place.address,
        attributes=report.attributes,
        first_name=report.contact.get("first_name", ""),
        last_name=report.contact.get("last_name", ""),
        email=report.contact.get("email", ""),
        phone=report.contact.get("phone", ""),
    )


def fingerprint(seen: ServiceRequest) -> str:
    """What of a city's row is worth telling. Never updated_datetime: on several servers it stands still when
    the status moves, or moves when nothing did."""
    expected = seen.expected_datetime.isoformat() if seen.expected_datetime else ""
    return "|".join((seen.status, seen.raw_status, seen.status_notes.strip(), seen.service_code, expected))


def is_news(report: Report, seen: ServiceRequest) -> bool:
    """Whether the resident should hear of it. The first look at a fresh open request is no news."""
    first_look = not report.fingerprint
    if first_look:
        return seen.status == "closed" or bool(seen.status_notes.strip())
    return report.fingerprint != fingerprint(seen)
