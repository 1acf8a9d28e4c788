"""A POST Service Request checked against the specification and the service's definition.

All that is wrong is told at once, in words meant for the person who wrote the report.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from bridge.city.answers import Problem
from bridge.city.forms import Form
from bridge.city.moments import moment
from bridge.vocabulary import Attribute, Submission

DESCRIPTION_LIMIT = 4000  # characters: GeoReport v2, POST Service Request, description
LINE_LIMIT = 500
VALUE_LIMIT = 4000
MAX_LINKS = 10
_LINES = (
    "address_string",
    "address_id",
    "email",
    "device_id",
    "account_id",
    "first_name",
    "last_name",
    "phone",
)


@dataclass(frozen=True, slots=True)
class Checked:
    """`submission` is only set when there are no `problems`."""

    problems: tuple[Problem, ...]
    submission: Submission | None = None


def check(form: Form, questions: Sequence[Attribute]) -> Checked:
    """The submission of a form for a known service, or all that is wrong with it."""
    complaints = (*_lengths(form), *_location(form), *wrong_links(form), *_answers(form, questions))
    if complaints:
        return Checked(tuple(Problem(400, complaint) for complaint in complaints))
    return Checked((), _submission(form))


def _submission(form: Form) -> Submission:
    has_pin = bool(form.get("lat"))
    return Submission(
        reference="",
        service_code=form.get("service_code"),
        description=form.get("description"),
        lat=float(form.get("lat")) if has_pin else None,
        long=float(form.get("long")) if has_pin else None,
        attributes=form.attributes,
        media=tuple(str(httpx.URL(link)) for link in links(form)),
        **{name: _line(form.get(name)) for name in _LINES},
    )


def _line(text: str) -> str:
    return " ".join(text.split())


def _lengths(form: Form) -> Iterator[str]:
    if len(form.get("description")) > DESCRIPTION_LIMIT:
        yield f"description is longer than {DESCRIPTION_LIMIT} characters."
    for name in _LINES:
        if len(form.get(name)) > LINE_LIMIT:
            yield f"{name} is longer than {LINE_LIMIT} characters."
    for code, values in form.attributes.items():
        if any(len(value) > VALUE_LIMIT for value in values):
            yield f"attribute[{code}] is longer than {VALUE_LIMIT} characters."


def _location(form: Form) -> Iterator[str]:
    lat, long = form.get("lat"), form.get("long")
    if bool(lat) != bool(long):
        yield "lat and long must be sent together."
    if lat and not _within(lat, 90):
        yield "lat must be a number from -90 to 90."
    if long and not _within(long, 180):
        yield "long must be a number from -180 to 180."
    if not (lat or long or form.get("address_string") or form.get("address_id")):
        yield "A location is missing: send lat and long, or address_string, or address_id."


def _within(text: str, limit: int) -> bool:
    number = _number(text)
    return number is not None and -limit <= number <= limit


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and "_" not in text else None


def links(form: Form) -> tuple[str, ...]:
    """Every media_url of a form: the specification knows one, mySociety's clients repeat it."""
    return form.all("media_url", "media_url[]")


def wrong_links(form: Form) -> Iterator[str]:
    if len(links(form)) > MAX_LINKS:
        yield f"media_url is given more than {MAX_LINKS} times."
    if not all(_web_address(link) for link in links(form)):
        yield "media_url must be a web address starting with http:// or https://."


def _web_address(text: str) -> bool:
    try:
        urlsplit(text)  # refuses the broken IPv6 hosts that httpx.URL lets pass
        url = httpx.URL(text)
    except (ValueError, httpx.InvalidURL):
        return False
    return url.scheme in ("http", "https") and bool(url.host) and len(str(url)) <= VALUE_LIMIT


# --------------------------------------------------------------------------------------- attribute answers


def _answers(form: Form, questions: Sequence[Attribute]) -> Iterator[str]:
    for question in questions:
        values = form.attributes.get(question.code, ())
        if question.required and not values:
            yield f"attribute[{question.code}] is required: {question.description}".rstrip(": ")
        elif question.variable and values:
            yield from _wrong(question, values)


def _wrong(question: Attribute, values: Sequence[str]) -> Iterator[str]:
    name = f"attribute[{question.code}]"
    if question.datatype != "multivaluelist" and len(values) > 1:
        yield f"{name} takes one value."
    keys = {value.key for value in question.values}
    for value in values:
        if question.datatype in ("singlevaluelist", "multivaluelist") and value not in keys:
            yield f"{name}: {value!r} is none of its keys: {', '.join(sorted(keys))}."
        elif question.datatype == "number" and _number(value) is None:
            yield f"{name} must be a number."
        elif question.datatype == "datetime" and not _datetime(value):
            yield f"{name} must be a date and time such as 2026-01-31T09:00:00Z."
        elif question.datatype == "string" and "\n" in value:
            yield f"{name} must be one line."


def _datetime(text: str) -> bool:
    try:
        moment(text)
    except ValueError:
        return False
    return True
