"""Bodies of POSTs, read under limits: how many bytes, how many fields, and only as a form.

The specification's form is urlencoded UTF-8; multipart is read too because clients with photos send it.
A body that is no form is refused, never taken for an empty one: real servers then answer a POST with other
people's requests.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from bridge.city.answers import clean, refuse

URLENCODED_LIMIT = 512 * 1024  # 4,000 characters are at most 48,000 bytes once percent-encoded
MULTIPART_LIMIT = 24 * 1024 * 1024
MAX_FIELDS = 300
MAX_FILES = 5

# attribute[CODE], attribute[CODE][], attribute[CODE][0]
_ATTRIBUTE = re.compile(r"attribute\[([^\[\]]+)\](?:\[\d*\])?")


@dataclass(frozen=True, slots=True)
class Form:
    """Non-empty values by name, in the order they came; `attributes` by code."""

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: tuple[bytes, ...] = field(default=(), repr=False)

    def get(self, name: str) -> str:
        """The last value of a field, "" for none: an empty argument equals an absent one."""
        return self.fields.get(name, ("",))[-1]

    def all(self, *names: str) -> tuple[str, ...]:
        return tuple(value for name in names for value in self.fields.get(name, ()))


async def read_form(request: Request) -> Form:
    """The form of a POST. Raises Refused (400) for anything that is none, or is too large."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        body = b"".join([chunk async for chunk in _limited(request, URLENCODED_LIMIT)])
        return form_of(_pairs(body))
    if kind == "multipart/form-data":
        return await _multipart(request)
    raise refuse(400, "The body must be a form: application/x-www-form-urlencoded or multipart/form-data.")


async def _limited(request: Request, limit: int) -> AsyncGenerator[bytes, None]:
    seen = 0
    async for chunk in request.stream():
        seen += len(chunk)
        if seen > limit:
            raise refuse(400, f"The request is too large: more than {limit} bytes.")
        yield chunk


def _pairs(body: bytes) -> list[tuple[str, str]]:
    try:
        text = body.decode("utf-8", "replace")
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise refuse(400, f"The form has more than {MAX_FIELDS} fields.") from None


async def _multipart(request: Request) -> Form:
    parser = MultiPartParser(
        request.headers,
        _limited(request, MULTIPART_LIMIT),
        max_files=MAX_FILES,
        max_fields=MAX_FIELDS,
        max_part_size=URLENCODED_LIMIT,
    )
    try:
        data = await parser.parse()
    except (MultiPartException, KeyError, ValueError):
        raise refuse(400, "The multipart form is broken or has too many parts.") from None
    pairs = [(name, value) for name, value in data.multi_items() if isinstance(value, str)]
    files = [value for _, value in data.multi_items() if isinstance(value, UploadFile) and value.size]
    try:
        return form_of(pairs, tuple([await file.read() for file in files]))
    finally:
        await data.close()


def form_of(pairs: list[tuple[str, str]], files: tuple[bytes, ...] = ()) -> Form:
    """The form of name and value pairs: text cleaned, blanks around it and empty values dropped."""
    fields: dict[str, tuple[str, ...]] = {}
    attributes: dict[str, tuple[str, ...]] = {}
    for name, raw in pairs:
        code = _ATTRIBUTE.fullmatch(clean(name))
        kept, key = (attributes, code[1]) if code else (fields, clean(name))
        if value := clean(raw).strip():
            kept[key] = (*kept.get(key, ()), value)
    return Form(fields, attributes, files)
