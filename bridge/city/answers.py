"""Answers written out: one value, two formats.

A value is made of dicts, lists, text, numbers, booleans and None. JSON drops the root; in XML a list becomes
a container of one repeated child and None an empty element (the Spark convention of the specification's
JSON_and_XML_Conversion page). A JSON answer leaves out what has no value: the public schemas disagree on null
(open311/schema-validation allows it in schema/georeport-v2 and not in its Swagger file), and none asks for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from xml.sax.saxutils import escape

from starlette.responses import Response

Format = Literal["json", "xml"]
FORMATS: Mapping[Format, str] = {"xml": "text/xml", "json": "application/json"}

CHILD = {
    "services": "service",
    "attributes": "attribute",
    "values": "value",
    "service_requests": "request",
    "service_request_updates": "request_update",
    "media_urls": "media_url",
    "notes": "note",
    "groups": "group",
    "errors": "error",
    "endpoints": "endpoint",
    "formats": "format",
}

# XML 1.0 section 2.2 has no place for these, not even escaped; lone surrogates have no UTF-8 form at all.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


def clean(text: str) -> str:
    """The text without characters XML cannot carry, every line break a single \\n."""
    return _NOT_XML.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def when(moment: datetime | None) -> str | None:
    """A time as the specification prints it: full seconds and a zone, here always Z."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Problem:
    """One row of an error answer. `code` becomes the HTTP status when it is the first."""

    code: int
    description: str


class Refused(Exception):
    """The request cannot be fulfilled. GeoReport v2, Errors: 404 for what does not exist, 403 for the
    api_key, 400 for all else; several rows may come."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(problem.description for problem in problems))
        self.problems = problems


def refuse(code: int, description: str) -> Refused:
    return Refused(Problem(code, description))


# ----------------------------------------------------------------------------------------------- responses


def answer(form: Format, root: str, value: Any, status: int = 200) -> Response:
    """`value` under `root` in the format asked for."""
    body = to_json(_present(value)) if form == "json" else to_xml(root, value)
    headers = {"x-content-type-options": "nosniff"}  # resident text is never to be guessed into a page
    return Response(body, status, headers, media_type=f"{FORMATS[form]}; charset=utf-8")


def refusal(form: Format, problems: Sequence[Problem]) -> Response:
    rows = [{"code": problem.code, "description": problem.description} for problem in problems]
    return answer(form, "errors", rows, problems[0].code)


def _present(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _present(child) for key, child in value.items() if child is not None}
    if isinstance(value, list | tuple):
        return [_present(child) for child in value]
    return value


def to_json(value: Any) -> bytes:
    return json.dumps(_cleaned(value), ensure_ascii=False, allow_nan=False).encode()


def to_xml(root: str, value: Any) -> bytes:
    return ('<?xml version="1.0" encoding="utf-8"?>\n' + "".join(_element(root, value))).encode()


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {key: _cleaned(child) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(child) for child in value]
    return value


def _element(name: str, value: Any) -> Iterator[str]:
    inner = "".join(_content(name, value))
    yield f"<{name}>{inner}</{name}>" if inner else f"<{name}/>"


def _content(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, child in value.items():
            yield from _element(key, child)
    elif isinstance(value, list | tuple):
        for child in value:
            yield from _element(CHILD.get(name, "item"), child)
    elif value is not None:
        yield _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape(clean(str(value)))
