"""GeoReport v2 answers as the vocabulary: pure readers of the trees that `documents` makes.

Ids are opaque strings ("001", "0", a UUID). What a row lacks is "" or None; what it has beyond the
specification stays in `raw`. Readers never raise for any tree: what cannot be read is left out. The writers,
their inverse, are in `writing`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any, Literal

from bridge.open311.documents import Document, Tree, plain
from bridge.open311.instants import read_instant
from bridge.open311.shapes import Row, flag, items, number, rows, strings, text
from bridge.vocabulary import Attribute, Datatype, Discovery, Receipt, Service, ServiceRequest, Value

WRAPPINGS = (
    "services", "service", "service_definition", "service_requests", "service_request", "requests", "request",
    "service_request_updates", "request_update", "request_updates", "discovery", "errors", "error", "data",
    "results", "response",
)  # fmt: skip

_DATATYPES: Mapping[str, Datatype] = {
    "string": "string",
    "number": "number",
    "datetime": "datetime",
    "text": "text",
    "singlevaluelist": "singlevaluelist",
    "multivaluelist": "multivaluelist",
    "picklist": "singlevaluelist",  # Boston, seen in CityOfBoston/311
    "multipicklist": "multivaluelist",
    "integer": "number",
    "decimal": "number",
    "date": "datetime",
}

_CLOSED = re.compile(
    r"^(closed|fixed|resolved|completed?|done|duplicate|cancell?ed|archived|rejected|processed|no further action"
    r"|not councils responsibility|not responsible|unable to fix|internal referral)\b"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What must be known of a city to read its rows: the zone of naive times, whether its Z lies, its words."""

    zone: tzinfo = UTC
    false_utc: bool = False
    status_words: Mapping[str, Literal["open", "closed"]] = field(default_factory=dict)

    def instant(self, value: Any) -> datetime | None:
        return read_instant(text(value), self.zone, false_utc=self.false_utc)


PLAIN = Reading()


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One row of an error answer. `code` is the body's, which need not be the HTTP status; often ""."""

    code: str
    description: str


# --------------------------------------------------------------------------------------- what is offered


def services(tree: Tree) -> tuple[Service, ...]:
    """Rows of a service list; those without a code, and later ones with an earlier one's code, are left out."""
    found: dict[str, Service] = {}
    for row in rows(tree, WRAPPINGS, ("service_code", "service_name")):
        service = _service(row)
        if service.service_code:
            found.setdefault(service.service_code, service)
    return tuple(found.values())


def _service(row: Row) -> Service:
    groups = strings(row.get("group")) or strings(row.get("groups"))
    return Service(
        service_code=text(row.get("service_code")),
        service_name=text(row.get("service_name")),
        description=text(row.get("description")),
        metadata=flag(row.get("metadata")),
        type=_service_type(row.get("type")),
        keywords=_keywords(row.get("keywords")),
        group=", ".join(groups),
        raw=row,
    )


def _service_type(value: Any) -> Literal["realtime", "batch", "blackbox"]:
    word = text(value).lower()
    if word == "batch":
        return "batch"
    return "blackbox" if word == "blackbox" else "realtime"


def _keywords(value: Any) -> tuple[str, ...]:
    words = (word.strip() for entry in strings(value) for word in entry.split(","))
    return tuple(dict.fromkeys(word for word in words if word))


def definition(tree: Tree) -> tuple[Attribute, ...]:
    """The attributes of a service definition in their order, under any of the known shapes; () when empty."""
    container: Any = tree
    for row in rows(tree, WRAPPINGS, ("attributes", "attribute")):
        container = row.get("attributes", row.get("attribute"))
        break
    found = [row for row in items(container, "attribute") if _is_attribute(row)]
    attributes = [_attribute(row, position) for position, row in enumerate(found, start=1)]
    return tuple(sorted(attributes, key=lambda attribute: attribute.order))


def _is_attribute(row: Any) -> bool:
    """Whether it is one, and not an error row, which has a code too."""
    return isinstance(row, Mapping) and bool(text(row.get("code"))) and ("datatype" in row or "variable" in row)


def _attribute(row: Row, position: int) -> Attribute:
    word = text(row.get("datatype")).lower()
    order = number(row.get("order"))
    return Attribute(
        code=text(row.get("code")),
        datatype=_DATATYPES.get(re.sub(r"[\s_-]", "", word), "text"),
        description=text(row.get("description")),
        required=flag(row.get("required")),
        variable=flag(row.get("variable"), default=True) and word != "informational",
        datatype_description=text(row.get("datatype_description")),
        order=position if order is None else int(order),
        values=_values(row.get("values")),
        raw=row,
    )


def _values(value: Any) -> tuple[Value, ...]:
    found = (_value(item) for item in items(value, "value") if not isinstance(item, int | float))
    return tuple(item for item in found if item.key)


def _value(item: Any) -> Value:
    if not isinstance(item, Mapping):
        return Value(text(item), text(item))
    key, name = text(item.get("key")), text(item.get("name"))
    return Value(key or name, name or key)


def discovery(tree: Tree) -> Discovery:
    """A discovery document; `endpoints` keep what they say, with `formats` always a list of strings."""
    for row in rows(tree, WRAPPINGS, ("endpoints", "changeset", "key_service")):
        return Discovery(
            changeset=text(row.get("changeset")),
            contact=text(row.get("contact")),
            key_service=text(row.get("key_service")),
            endpoints=tuple(
                {**endpoint, "formats": list(strings(endpoint.get("formats")))}
                for endpoint in items(row.get("endpoints"), "endpoint")
                if isinstance(endpoint, Mapping)
            ),
        )
    return Discovery()


# --------------------------------------------------------------------------------- what was posted and is


def receipts(tree: Tree) -> tuple[tuple[Receipt, Row], ...]:
    """The rows that answer a POST, each with its raw row; SeeClickFix names the id `id`."""
    marks = ("service_request_id", "token", "id", "service_notice", "account_id")
    return tuple((_receipt(row), row) for row in rows(tree, WRAPPINGS, marks))


def _receipt(row: Row) -> Receipt:
    return Receipt(
        service_request_id=text(row.get("service_request_id")) or text(row.get("id")) or None,
        token=text(row.get("token")) or None,
        service_notice=text(row.get("service_notice")),
        account_id=text(row.get("account_id")),
    )


def requests(tree: Tree, reading: Reading = PLAIN) -> tuple[ServiceRequest, ...]:
    """Rows of a request list or a single request. A row may have a token and no id yet ("" then); rows with
    neither are left out (Chicago lists them)."""
    found = (_request(row, reading) for row in rows(tree, WRAPPINGS, ("service_request_id", "token", "status")))
    return tuple(request for request in found if request.service_request_id or request.token)


def _request(row: Row, reading: Reading) -> ServiceRequest:
    raw_status = text(row.get("status"))
    return ServiceRequest(
        service_request_id=text(row.get("service_request_id")),
        status=fold_status(raw_status, reading.status_words),
        raw_status=raw_status,
        status_notes=text(row.get("status_notes")),
        service_name=text(row.get("service_name")),
        service_code=text(row.get("service_code")),
        description=text(row.get("description")),
        agency_responsible=text(row.get("agency_responsible")),
        service_notice=text(row.get("service_notice")),
        requested_datetime=reading.instant(row.get("requested_datetime")),
        updated_datetime=reading.instant(row.get("updated_datetime")),
        expected_datetime=reading.instant(row.get("expected_datetime")),
        address=text(row.get("address")) or text(row.get("address_string")),
        address_id=text(row.get("address_id")),
        zipcode=text(row.get("zipcode")),
        lat=number(row.get("lat")),
        long=number(row.get("long")),
        media_url=media_url(row.get("media_url")),
        token=text(row.get("token")),
        raw=row,
    )


def fold_status(
    word: str, words: Mapping[str, Literal["open", "closed"]] | None = None
) -> Literal["open", "closed"]:
    """By the city's own `words`, then by the words known of mySociety and simple-crm; unknown ones mean open."""
    bare = " ".join(re.split(r"[\s_-]+", word.strip().lower()))
    for known, meaning in (words or {}).items():
        if known.strip().lower() in (word.strip().lower(), bare):
            return meaning
    return "closed" if _CLOSED.match(bare) else "open"


def media_url(value: Any) -> str:
    """The first URL of a string, an array of strings (mySociety) or of objects with `url` (Boston)."""
    for item in items(value, "media_url"):
        if found := text(item.get("url")) if isinstance(item, Mapping) else text(item):
            return found
    return ""


def token_id(tree: Tree, token: str) -> str | None:
    """The service_request_id that an answer of GET tokens/{token} gives for this token; None when none yet."""
    for row in rows(tree, WRAPPINGS, ("service_request_id", "token")):
        named = text(row.get("token"))
        if (not named or named == token) and (found := text(row.get("service_request_id"))):
            return found
    return None


# ------------------------------------------------------------------------------------------------ errors


def errors(tree: Tree) -> tuple[ErrorRow, ...]:
    """The rows of an error answer in any of the known shapes; () when there are none."""
    marks = ("description", "message", "full_errors", "error_description")
    found = [_error(row) for row in rows(tree, WRAPPINGS, marks) if "service_request_id" not in row]
    if not found and isinstance(tree, Mapping):  # {"base": [..]}, {"error": "words"}, {"errors": ["words"]}
        found = [ErrorRow("", words) for words in strings(dict(tree))]
    return tuple(row for row in found if row.description)


def _error(row: Row) -> ErrorRow:
    told = row.get("description") or row.get("message") or row.get("full_errors") or row.get("error_description")
    return ErrorRow(text(row.get("code")), "; ".join(strings(told)))


def words(document: Document, limit: int = 600) -> str:
    """What a refusal says, for a person to read: every distinct row on one line, or the page's plain words."""
    told = dict.fromkeys(row.description for row in errors(document.tree))
    return ("; ".join(told) or plain(document, limit))[:limit]
