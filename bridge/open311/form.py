"""A submission as the form of POST Service Request, by the city's profile. Pure.

Only parameters of the specification are sent (mySociety refuses unknown ones), unless the profile names more.
The checks are our own: most servers accept a request without a location or with a latitude of 999.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping, Sequence

from bridge.errors import Permanent
from bridge.open311.documents import clean
from bridge.open311.profile import Profile
from bridge.vocabulary import Submission

Fields = list[tuple[str, str]]
"""Form fields in order; a name may come more than once."""

_JOINERS = "\u200d\ufe0e\ufe0f"  # stand between and after the parts of an emoji


def fields(submission: Submission, profile: Profile, api_key: str | None, lists: Collection[str] = ()) -> Fields:
    """The form's fields; `lists` are the codes of multivaluelist attributes, which go as lists even with one
    value. Raises Permanent, with words for staff, when the city could only refuse the form."""
    own = _own_fields(submission, profile)
    _require(own, profile)
    form: Fields = [("jurisdiction_id", profile.jurisdiction_id), ("api_key", api_key or "")]
    form += [("service_code", submission.service_code), *own.items()]
    form += _attribute_fields(submission, profile, lists)
    form += profile.extra_form.items()
    return [(name, value) for name, value in form if value]


def described(submission: Submission, profile: Profile) -> str:
    """The description as it is sent: the resident's text cut to fit, links to photos, the marker last."""
    ending = "\n".join([*_photo_lines(submission, profile), *_marker_lines(submission, profile)])
    room = profile.description_limit - len(ending) - 1 if ending else profile.description_limit
    text = storable(submission.description.strip(), profile)
    if len(text) > room:
        text = text[: room - 1].rstrip() + "…"
    return "\n".join(part for part in (text, ending) if part)


def storable(text: str, profile: Profile) -> str:
    """Text as this city can store it: line ends as \\n, no control characters, emoji by name where it must be."""
    text = clean(text.replace("\r\n", "\n").replace("\r", "\n"))
    if profile.four_byte_characters == "keep":
        return text
    return "".join(_three_byte(character) for character in text if character not in _JOINERS)


# ------------------------------------------------------------------------------------------------- parts


def _own_fields(submission: Submission, profile: Profile) -> dict[str, str]:
    own = {
        "lat": _coordinate(submission.lat, 90, "latitude"),
        "long": _coordinate(submission.long, 180, "longitude"),
        "address_string": storable(submission.address_string, profile) if profile.send_address else "",
        "address_id": submission.address_id if profile.send_address_id else "",
        "email": submission.email,
        "device_id": submission.device_id,
        "account_id": submission.account_id,
        "first_name": storable(submission.first_name, profile),
        "last_name": storable(submission.last_name, profile),
        "phone": submission.phone,
        "description": described(submission, profile),
        "media_url": submission.media[0] if submission.media and profile.media == "url" else "",
    }
    if bool(own["lat"]) != bool(own["long"]):
        raise Permanent("a latitude needs a longitude, and a longitude a latitude")
    if not profile.send_coordinates:
        own["lat"] = own["long"] = ""
    fallback: Mapping[str, str] = {str(name): value for name, value in profile.fallback.items()}
    return {name: value.strip() or fallback.get(name, "") for name, value in own.items()}


def _coordinate(value: float | None, bound: int, name: str) -> str:
    if value is None:
        return ""
    if not -bound <= value <= bound:
        raise Permanent(f"{name} {value} is beyond ±{bound}")
    return f"{value:.7f}".rstrip("0").rstrip(".")


def _require(own: Mapping[str, str], profile: Profile) -> None:
    """GeoReport v2 wants a location; the profile may want more."""
    if not (own["lat"] or own["address_string"] or own["address_id"]):
        raise Permanent("the report has no location this city takes", code="location")
    if missing := [name for name in profile.required if not own[name]]:
        raise Permanent(f"this city requires {', '.join(missing)}", code="required")


def _attribute_fields(submission: Submission, profile: Profile, lists: Collection[str]) -> Fields:
    form: Fields = []
    if profile.marker_attribute:
        form.append((f"attribute[{profile.marker_attribute}]", submission.reference))
    for code, values in submission.attributes.items():
        sent = [storable(value, profile) for value in values]
        form += _list(code, sent, profile) if code in lists else [(f"attribute[{code}]", v) for v in sent[:1]]
    return form


def _list(code: str, values: Sequence[str], profile: Profile) -> Fields:
    """Where servers differ: without [] uReport keeps the last value only, with [] mySociety refuses two."""
    name = f"attribute[{code}]"
    if profile.multi_values == "comma":
        return [(name, ",".join(values))]
    return [(name + "[]" if profile.multi_values == "brackets" else name, value) for value in values]


def _photo_lines(submission: Submission, profile: Profile) -> list[str]:
    """Links to the photos that the form does not carry (media_url is one URL, the file one file), as many as
    leave half of the room to the resident's words."""
    first = {"url": 1, "multipart": 1, "description": 0}.get(profile.media)
    lines: list[str] = []
    for url in () if first is None else submission.media[first:]:
        line = f"Photo: {url}"
        if sum(map(len, lines)) + len(line) <= profile.description_limit // 2:
            lines.append(line)
    return lines


def _marker_lines(submission: Submission, profile: Profile) -> list[str]:
    marker = profile.marker_of(submission.reference)
    return [marker] if marker else []


def _three_byte(character: str) -> str:
    if ord(character) < 0x10000:
        return character
    name = unicodedata.name(character, "")
    return "" if name.startswith("EMOJI MODIFIER") else f"[{name.lower()}]" if name else "?"
