"""How rows are typed, named and wrapped."""

from __future__ import annotations

import re
import struct
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from bridge.city.answers import to_xml
from bridge.city.imitation.exchange import Asked, Reply, on_ask, on_reply, on_write

Row = dict[str, Any]
TIMES = ("requested_datetime", "updated_datetime", "expected_datetime")


# ------------------------------------------------------------------------------------------ what a POST says


def _receipt(asked: Asked, reply: Reply) -> bool:
    return asked.posts and reply.good and bool(reply.rows)


@on_reply("created-201")
def created_201(asked: Asked, reply: Reply, argument: str) -> Reply:
    """Success is 201 (Chicago, Mark-a-Spot, redmine_open311)."""
    return replace(reply, status=201) if _receipt(asked, reply) else reply


@on_reply("receipt-bare")
def receipt_bare(asked: Asked, reply: Reply, argument: str) -> Reply:
    """The receipt is one object, not a list (Tampere)."""
    return replace(reply, value=reply.rows[0]) if _receipt(asked, reply) else reply


@on_reply("receipt-nested")
def receipt_nested(asked: Asked, reply: Reply, argument: str) -> Reply:
    """The receipt is {"service_requests": {"request": {...}}} (Mark-a-Spot)."""
    nested = {"service_requests": {"request": reply.rows[0] if reply.rows else None}}
    return replace(reply, value=nested) if _receipt(asked, reply) and asked.format == "json" else reply


@on_reply("receipt-enveloped")
def receipt_enveloped(asked: Asked, reply: Reply, argument: str) -> Reply:
    """The receipt is {"data": {...}, "success": true} (govflow)."""
    enveloped = {"data": reply.rows[0] if reply.rows else None, "success": True}
    return replace(reply, value=enveloped) if _receipt(asked, reply) else reply


@on_reply("receipt-id")
def receipt_id(asked: Asked, reply: Reply, argument: str) -> Reply:
    """The id is called `id` (SeeClickFix)."""
    return reply.each(_id_for_service_request_id) if _receipt(asked, reply) else reply


def _id_for_service_request_id(row: Row) -> Row:
    return {("id" if name == "service_request_id" else name): value for name, value in row.items()}


@on_reply("receipt-null-token")
def receipt_null_token(asked: Asked, reply: Reply, argument: str) -> Reply:
    """Both keys are there, one of them null (simple-crm)."""
    blank = {"service_request_id": None, "token": None, "service_notice": None, "account_id": None}
    return reply.each(lambda row: blank | row) if _receipt(asked, reply) else reply


@on_reply("receipt-echo")
def receipt_echo(asked: Asked, reply: Reply, argument: str) -> Reply:
    """The whole request is echoed (uReport)."""
    sent = asked.arguments
    echo: Row = {name: sent.get(name) for name in ("service_code", "description", "lat", "long", "media_url")}
    echo |= {name: float(sent[name]) for name in ("lat", "long") if sent.get(name)}
    full = echo | {"status": "open", "address": sent.get("address_string")}
    return reply.each(lambda row: full | row) if _receipt(asked, reply) else reply


@on_reply("receipt-echo-other")
def receipt_echo_other(asked: Asked, reply: Reply, argument: str) -> Reply:
    """The description that is echoed is the service's own words, not the sender's (a ticket system's template)."""
    return reply.each(lambda row: row | {"description": "We look into it."}) if _receipt(asked, reply) else reply


@on_write("receipt-odd-xml")
def receipt_odd_xml(asked: Asked, content: bytes, argument: str) -> bytes:
    """The XML receipt is service_requests in service_requests (codefornl)."""
    return _renamed(content, "request", "service_requests") if asked.posts else content


@on_reply("token-pending-404")
def token_pending_404(asked: Asked, reply: Reply, argument: str) -> Reply:
    """A token without an id yet is 404 (San Francisco)."""
    return _pending(asked, reply, 404)


@on_reply("token-pending-500")
def token_pending_500(asked: Asked, reply: Reply, argument: str) -> Reply:
    """A token without an id yet is 500 (mySociety's code)."""
    return _pending(asked, reply, 500)


def _pending(asked: Asked, reply: Reply, code: int) -> Reply:
    waits = asked.resource == "token" and reply.good and not reply.rows[0].get("service_request_id")
    return Reply(code, "errors", [{"code": code, "description": "Not yet."}]) if waits else reply


@on_reply("update-id-empty")
def update_id_empty(asked: Asked, reply: Reply, argument: str) -> Reply:
    """A posted update is answered with an empty update_id (simple-crm)."""
    posted = asked.resource == "updates" and asked.method == "POST"
    return reply.each(lambda row: row | {"update_id": ""}) if posted else reply


# ------------------------------------------------------------------------------------------------------ ids


@on_reply("ids-as-numbers")
def ids_as_numbers(asked: Asked, reply: Reply, argument: str) -> Reply:
    """Ids are JSON numbers (uReport, codefornl)."""
    return reply.each(lambda row: _mapped(row, int, "service_request_id", "token"))


@on_ask("ids-as-uuids")
def uuids_in(asked: Asked, argument: str) -> Asked:
    """Ids are UUIDs (Mark-a-Spot)."""
    return _ids_in(asked, lambda given: str(UUID(given).int))


@on_reply("ids-as-uuids")
def uuids_out(asked: Asked, reply: Reply, argument: str) -> Reply:
    return reply.each(lambda row: _mapped(row, lambda i: str(UUID(int=int(i))), "service_request_id"))


@on_ask("ids-with-zeros")
def zeros_in(asked: Asked, argument: str) -> Asked:
    """Ids have leading zeros that count (simple-crm's 001)."""
    return _ids_in(asked, lambda given: given[3:] if given.startswith("000") else "")


@on_reply("ids-with-zeros")
def zeros_out(asked: Asked, reply: Reply, argument: str) -> Reply:
    return reply.each(lambda row: _mapped(row, lambda i: f"000{i}", "service_request_id"))


@on_ask("ids-from-zero")
def from_zero_in(asked: Asked, argument: str) -> Asked:
    """The first id is the number 0 (mySociety's stock test endpoint)."""
    return _ids_in(asked, lambda given: str(int(given) + 10001))


@on_reply("ids-from-zero")
def from_zero_out(asked: Asked, reply: Reply, argument: str) -> Reply:
    return reply.each(lambda row: _mapped(row, lambda i: int(i) - 10001, "service_request_id"))


def _ids_in(asked: Asked, change: Any) -> Asked:
    """Ids of this quirk's kind in path and query, turned into the city's; what is none finds nothing."""

    def back(given: str) -> str:
        try:
            return str(change(given.strip())) or "none"
        except ValueError:
            return "none"

    query = tuple(
        (name, ",".join(map(back, value.split(","))) if name == "service_request_id" and value else value)
        for name, value in asked.query
    )
    return replace(asked, query=query, name=back(asked.name) if asked.resource == "request" else asked.name)


def _mapped(row: Row, change: Any, *names: str) -> Row:
    """The named fields changed where they have a value the change can take."""
    for name in names:
        if row.get(name) not in (None, ""):
            try:
                row[name] = change(row[name])
            except ValueError:
                continue
    return row


# ---------------------------------------------------------------------------------------------------- types


@on_reply("codes-differ")
def codes_differ(asked: Asked, reply: Reply, argument: str) -> Reply:
    """A service_code of digits is text in services and a number in requests (uReport)."""
    rows = asked.resource in ("requests", "request")
    return reply.each(lambda row: _mapped(row, int, "service_code")) if rows else reply


@on_reply("booleans-as-text")
def booleans_as_text(asked: Asked, reply: Reply, argument: str) -> Reply:
    """metadata, required and variable are the texts "true" and "false" (mySociety, simple-crm)."""
    return replace(reply, value=_deep(reply.value, lambda v: str(v).lower() if isinstance(v, bool) else v))


@on_reply("coordinates-as-text")
def coordinates_as_text(asked: Asked, reply: Reply, argument: str) -> Reply:
    """lat and long are texts (mySociety, simple-crm)."""
    return reply.each(lambda row: _mapped(row, str, "lat", "long"))


@on_reply("coordinates-rounded")
def coordinates_rounded(asked: Asked, reply: Reply, argument: str) -> Reply:
    """lat and long come back in single precision (uReport, codefornl)."""
    return reply.each(lambda row: _mapped(row, _single, "lat", "long"))


def _single(number: float) -> float:
    return float(struct.unpack("f", struct.pack("f", number))[0])


@on_reply("nulls-as-empty")
def nulls_as_empty(asked: Asked, reply: Reply, argument: str) -> Reply:
    """What is unknown is empty text, not null."""
    return replace(reply, value=_deep(reply.value, lambda v: "" if v is None else v))


@on_reply("nulls-absent")
def nulls_absent(asked: Asked, reply: Reply, argument: str) -> Reply:
    """What is unknown is not there (the specification's "may not be returned")."""
    return reply.each(lambda row: {name: value for name, value in row.items() if value is not None})


@on_reply("media-as-objects")
def media_as_objects(asked: Asked, reply: Reply, argument: str) -> Reply:
    """media_url is a list of {id, url, tags} (Boston)."""
    return _media(asked, reply, lambda url: [{"id": 1, "url": url, "tags": []}] if url else [])


@on_reply("media-as-list")
def media_as_list(asked: Asked, reply: Reply, argument: str) -> Reply:
    """media_url is a list of texts (mySociety)."""
    return _media(asked, reply, lambda url: [url] if url else [])


def _media(asked: Asked, reply: Reply, change: Any) -> Reply:
    if asked.format != "json":
        return reply
    return reply.each(lambda row: row | {"media_url": change(row["media_url"])} if "media_url" in row else row)


@on_reply("without-service-code")
def without_service_code(asked: Asked, reply: Reply, argument: str) -> Reply:
    """Request rows have no service_code (codefornl)."""
    return _without(asked, reply, "service_code")


@on_reply("without-service-name")
def without_service_name(asked: Asked, reply: Reply, argument: str) -> Reply:
    """Request rows have no service_name (simple-crm in JSON)."""
    return _without(asked, reply, "service_name")


@on_reply("rows-without-ids")
def rows_without_ids(asked: Asked, reply: Reply, argument: str) -> Reply:
    """Lists have rows with neither id nor token between the others (Chicago)."""
    if asked.resource != "requests" or asked.method != "GET" or not reply.good:
        return reply
    blank = {"service_request_id": None, "status": "open", "description": None}
    return replace(reply, value=[row for real in reply.rows for row in (blank, real)])


def _without(asked: Asked, reply: Reply, dropped: str) -> Reply:
    rows = asked.resource in ("requests", "request") and not asked.posts
    return reply.each(lambda row: {k: v for k, v in row.items() if k != dropped}) if rows else reply


def _deep(value: Any, change: Any) -> Any:
    if isinstance(value, dict):
        return {name: _deep(child, change) for name, child in value.items()}
    if isinstance(value, list):
        return [_deep(child, change) for child in value]
    return change(value)


# --------------------------------------------------------------------------------------- statuses and times


@on_reply("status-words")
def status_words(asked: Asked, reply: Reply, argument: str) -> Reply:
    """Statuses beyond open and closed: `In progress`, `fixed - council` (simple-crm, FixMyStreet)."""
    words = {"open": "In progress", "closed": "fixed - council"}
    return reply.each(lambda row: _mapped(row, lambda status: words.get(status, status), "status"))


@on_reply("status-upper")
def status_upper(asked: Asked, reply: Reply, argument: str) -> Reply:
    """Statuses are capitals (uReport's XML list is raw, mySociety's updates are posted so)."""
    return reply.each(lambda row: _mapped(row, str.upper, "status"))


@on_reply("updated-frozen")
def updated_frozen(asked: Asked, reply: Reply, argument: str) -> Reply:
    """updated_datetime never moves (uReport's single request)."""
    return reply.each(
        lambda row: row | {"updated_datetime": row["requested_datetime"]} if "requested_datetime" in row else row
    )


@on_reply("updated-null")
def updated_null(asked: Asked, reply: Reply, argument: str) -> Reply:
    """updated_datetime is null in JSON and 1969 in XML (simple-crm)."""
    value = None if asked.format == "json" else "1969-12-31T19:00:00Z"
    return reply.each(lambda row: row | {"updated_datetime": value} if "updated_datetime" in row else row)


@on_reply("local-times")
def local_times(asked: Asked, reply: Reply, argument: str) -> Reply:
    """Local times with a Z, so many hours off (-5) (simple-crm, Oxfordshire)."""
    hours = float(argument or -5)
    return _times(reply, lambda at: f"{at + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}")


@on_reply("times-without-zone")
def times_without_zone(asked: Asked, reply: Reply, argument: str) -> Reply:
    """Times have no zone."""
    return _times(reply, lambda at: f"{at:%Y-%m-%dT%H:%M:%S}")


@on_reply("times-with-milliseconds")
def times_with_milliseconds(asked: Asked, reply: Reply, argument: str) -> Reply:
    """Times have milliseconds (Boston)."""
    return _times(reply, lambda at: f"{at:%Y-%m-%dT%H:%M:%S}.123Z")


@on_reply("times-in-minutes")
def times_in_minutes(asked: Asked, reply: Reply, argument: str) -> Reply:
    """Times are `YYYY-MM-DD HH:mm` (open311_java)."""
    return _times(reply, lambda at: f"{at:%Y-%m-%d %H:%M}")


@on_reply("times-with-offset")
def times_with_offset(asked: Asked, reply: Reply, argument: str) -> Reply:
    """Times have an offset, as the specification's own examples (-08:00)."""
    return _times(reply, lambda at: f"{at - timedelta(hours=8):%Y-%m-%dT%H:%M:%S}-08:00")


def _times(reply: Reply, change: Any) -> Reply:
    def rewrite(text: str) -> str:
        return str(change(datetime.fromisoformat(text).astimezone(UTC)))

    return reply.each(lambda row: _mapped(row, rewrite, *TIMES))


# --------------------------------------------------------------------------------------------------- wrapping


@on_reply("wrapped-json")
def wrapped_json(asked: Asked, reply: Reply, argument: str) -> Reply:
    """JSON keeps the root: {"service_requests": [...]}, {"service_definition": {...}} (FixMyStreet,
    open311_java)."""
    return replace(reply, value={reply.root: reply.value}) if asked.format == "json" and reply.good else reply


@on_reply("single-bare")
def single_bare(asked: Asked, reply: Reply, argument: str) -> Reply:
    """A single request is an object, not a list of one (CfA georeport-server)."""
    single = asked.resource == "request" and reply.good and asked.format == "json"
    return replace(reply, value=reply.rows[0]) if single else reply


@on_reply("one-row-bare")
def one_row_bare(asked: Asked, reply: Reply, argument: str) -> Reply:
    """A list of one is {"request": {...}} under its root: XML turned into JSON by a converter
    (open311status)."""
    one = len(reply.rows) == 1 and reply.good and asked.format == "json"
    child = {"services": "service", "service_requests": "request"}.get(reply.root, "row")
    return replace(reply, value={reply.root: {child: reply.rows[0]}}) if one else reply


@on_write("rows-named-service-request")
def rows_named_service_request(asked: Asked, content: bytes, argument: str) -> bytes:
    """XML rows are service_request (codefornl)."""
    return _renamed(content, "request", "service_request") if asked.format == "xml" else content


@on_write("xml-type-array")
def xml_type_array(asked: Asked, content: bytes, argument: str) -> bytes:
    """The XML root has type="array" (Klarschiff)."""
    return _root_with(content, ' type="array"')


@on_write("xml-namespace")
def xml_namespace(asked: Asked, content: bytes, argument: str) -> bytes:
    """XML has the specification's URL as its namespace, which the specification allows."""
    return _root_with(content, ' xmlns="http://wiki.open311.org/GeoReport_v2"')


@on_write("xml-blanks")
def xml_blanks(asked: Asked, content: bytes, argument: str) -> bytes:
    """Empty XML elements hold white space and texts end in blanks (the specification's own media_url)."""
    if asked.format != "xml":
        return content
    filled = re.sub(rb"<([a-z_]+)/>", rb"<\1>\n  </\1>", content)
    return re.sub(rb"([^>\s])</", rb"\1 </", filled)


@on_write("xml-control-characters")
def xml_control_characters(asked: Asked, content: bytes, argument: str) -> bytes:
    """XML holds U+0010 (open311_java's InvalidXMLWrapper)."""
    return re.sub(rb"(<description>[^<])", b"\\1\x10", content) if asked.format == "xml" else content


@on_reply("type-application-xml")
def type_application_xml(asked: Asked, reply: Reply, argument: str) -> Reply:
    """XML is application/xml (FixMyStreet)."""
    return replace(reply, content_type="application/xml") if asked.format == "xml" else reply


@on_reply("type-plain")
def type_plain(asked: Asked, reply: Reply, argument: str) -> Reply:
    """Everything is text/html by its content type (PHP servers left alone)."""
    return replace(reply, content_type="text/html; charset=UTF-8") if reply.content is None else reply


@on_reply("json-as-xml")
def json_as_xml(asked: Asked, reply: Reply, argument: str) -> Reply:
    """A .json path answers XML (servers with one format for all)."""
    body = to_xml(reply.root, reply.value) if reply.content is None else reply.content
    return replace(reply, content=body, content_type="text/xml")


@on_reply("set-cookie")
def set_cookie(asked: Asked, reply: Reply, argument: str) -> Reply:
    """Sets a session cookie on every answer (PHP)."""
    return replace(reply, headers={**reply.headers, "set-cookie": "PHPSESSID=1; path=/"})


def _renamed(content: bytes, old: str, new: str) -> bytes:
    return re.sub(rf"<(/?){old}(/?)>".encode(), rf"<\g<1>{new}\g<2>>".encode(), content)


def _root_with(content: bytes, attribute: str) -> bytes:
    return re.sub(rb"(\?>\n<[a-z_]+)", rb"\1" + attribute.encode(), content, count=1)
