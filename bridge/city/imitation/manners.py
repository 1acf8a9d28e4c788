"""How servers take keys, arguments and ids, what they demand, and how they say no."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from bridge.city.imitation.exchange import Asked, Pairs, Reply, on_ask, on_reply

KNOWN = {
    "api_key", "jurisdiction_id", "service_code", "lat", "long", "address_string", "address_id", "email",
    "device_id", "account_id", "first_name", "last_name", "phone", "description", "media_url",
    "service_request_id", "start_date", "end_date", "status", "update_id", "updated_datetime", "title",
}  # fmt: skip


# ----------------------------------------------------------------------------------------- what is demanded


@on_ask("key-on-reads")
def key_on_reads(asked: Asked, argument: str) -> Asked | Reply:
    """Reads need an api_key too, as argument or bearer token (Boston, Connected Bits): 403 without."""
    bearer = asked.headers.get("authorization", "").lower().startswith("bearer ")
    return asked if bearer or asked.arguments.get("api_key") else _no(403, "An api_key is required.")


@on_ask("strict-arguments")
def strict_arguments(asked: Asked, argument: str) -> Asked | Reply:
    """Any argument the specification does not know is refused with 400 (mySociety)."""
    pairs = asked.form if asked.method == "POST" else asked.query
    unknown = [name for name, _ in pairs if name not in KNOWN and not name.startswith("attribute[")]
    return _no(400, f"unknown parameter {unknown[0]}") if unknown else asked


@on_ask("needs-all-of-location")
def needs_all_of_location(asked: Asked, argument: str) -> Asked | Reply:
    """A request needs lat, long and address_string (Chicago)."""
    return _demand(asked, "lat", "long", "address_string")


@on_ask("needs-person")
def needs_person(asked: Asked, argument: str) -> Asked | Reply:
    """A request needs first_name, last_name and email (SeeClickFix)."""
    return _demand(asked, "first_name", "last_name", "email")


@on_ask("needs-email")
def needs_email(asked: Asked, argument: str) -> Asked | Reply:
    """A request needs an email (some FixMyStreet endpoints)."""
    return _demand(asked, "email")


@on_ask("needs-description")
def needs_description(asked: Asked, argument: str) -> Asked | Reply:
    """A request needs a description (CitySDK, Helsinki)."""
    return _demand(asked, "description")


@on_ask("needs-external-id")
def needs_external_id(asked: Asked, argument: str) -> Asked | Reply:
    """A request needs attribute[external_id], and the same one twice is refused (simple-crm as shipped)."""
    if not asked.posts:
        return asked
    given = asked.arguments.get("attribute[external_id]", "")
    seen = asked.memory.setdefault("external_ids", set())
    if not given or given in seen:
        return _no(400, "external_id is missing or a duplicate")
    seen.add(given)
    return asked


def _demand(asked: Asked, *names: str) -> Asked | Reply:
    missing = [name for name in names if not asked.arguments.get(name, "").strip()]
    return _no(400, f"{missing[0]} is required") if asked.posts and missing else asked


@on_ask("no-json")
def no_json(asked: Asked, argument: str) -> Asked | Reply:
    """Only XML is spoken, the one format the specification demands."""
    return _no(404, "Not found") if asked.format == "json" and asked.resource != "discovery" else asked


@on_ask("no-xml")
def no_xml(asked: Asked, argument: str) -> Asked | Reply:
    """Every .xml is an internal error (one commit of uReport for definitions; said of all here)."""
    return _no(500, "Internal error") if asked.format == "xml" and asked.resource != "discovery" else asked


@on_ask("no-suffix")
def no_suffix(asked: Asked, argument: str) -> Asked | Reply:
    """Paths are Services and Requests, without suffix, and answer XML (West Berkshire)."""
    if asked.format and asked.resource in ("services", "requests"):
        return _no(404, "Not found")
    return replace(asked, format="xml")


@on_ask("paths-capital")
def paths_capital(asked: Asked, argument: str) -> Asked | Reply:
    """Paths are Services and Requests (West Berkshire)."""
    small = asked.path.lstrip("/").startswith(("services", "requests"))
    return _no(404, "Not found") if small else asked


@on_ask("request-singular")
def request_singular(asked: Asked, argument: str) -> Asked | Reply:
    """One request is read at request/ID and nowhere else (Boston's own client)."""
    plural = asked.resource == "request" and not asked.path.startswith("/request/")
    return _no(404, "Not found") if plural else asked


@on_ask("deflate-broken")
def deflate_broken(asked: Asked, argument: str) -> Asked | Reply:
    """Whoever accepts deflate gets an internal error (Alexandria)."""
    broken = "deflate" in asked.headers.get("accept-encoding", "")
    return _no(500, "Internal error") if broken else asked


@on_ask("no-token-method")
def no_token_method(asked: Asked, argument: str) -> Asked | Reply:
    """GET tokens is 404 for good."""
    return _no(404, "Not found") if asked.resource == "token" else asked


@on_ask("no-lists")
def no_lists(asked: Asked, argument: str) -> Asked | Reply:
    """Lists of requests are refused with 403; single requests are shown (a back end that keeps them private)."""
    listed = asked.resource == "requests" and asked.method == "GET"
    return _no(403, "You may not list requests.") if listed else asked


@on_ask("no-updates")
def no_updates(asked: Asked, argument: str) -> Asked | Reply:
    """No updates extension: 404."""
    return _no(404, "Not found") if asked.resource == "updates" else asked


# ---------------------------------------------------------------------------------------- multi-value forms


@on_ask("values-by-brackets")
def values_by_brackets(asked: Asked, argument: str) -> Asked:
    """Of attribute[c] sent twice without [] the last counts (PHP, Rails, Express; uReport)."""
    last = {name: position for position, (name, _) in enumerate(asked.form)}
    return _form(
        asked,
        (pair for position, pair in enumerate(asked.form) if pair[0].endswith("[]") or last[pair[0]] == position),
    )


@on_ask("values-by-repeating")
def values_by_repeating(asked: Asked, argument: str) -> Asked | Reply:
    """attribute[c] is repeated; of attribute[c][] two are refused and one is filed under a name nobody asked
    for (mySociety's adapter)."""
    bracketed = [name for name, _ in asked.form if name.endswith("[]")]
    if len(bracketed) != len(set(bracketed)):
        return _no(400, "Error in input for POST_Service_Request")
    return _form(asked, ((name.replace("[]", "-x]", 1).replace("]-x", "-x"), v) for name, v in asked.form))


@on_ask("one-value-only")
def one_value_only(asked: Asked, argument: str) -> Asked:
    """One text per attribute: brackets are not understood, of several values the first counts (ASP.NET
    GeoReportApi)."""
    first: dict[str, str] = {}
    for name, value in asked.form:
        if not name.endswith("[]"):
            first.setdefault(name, value)
    return _form(asked, first.items())


@on_ask("media-dropped")
def media_dropped(asked: Asked, argument: str) -> Asked:
    """A posted media_url is dropped without a word (uReport)."""
    return _without(asked, "media_url")


@on_ask("address-id-dropped")
def address_id_dropped(asked: Asked, argument: str) -> Asked:
    """address_id has no place and is dropped (uReport)."""
    return _without(asked, "address_id")


def _without(asked: Asked, dropped: str) -> Asked:
    return _form(asked, (pair for pair in asked.form if pair[0] != dropped))


def _form(asked: Asked, pairs: Iterable[tuple[str, str]]) -> Asked:
    return asked.with_form(tuple(pairs)) if asked.posts and asked.form else asked


# ------------------------------------------------------------------------------------------- query arguments


@on_ask("first-id-only")
def first_id_only(asked: Asked, argument: str) -> Asked:
    """Of a comma list of ids the first is answered (uReport)."""
    return _query(asked, "service_request_id", lambda value: value.partition(",")[0])


@on_ask("ids-ignored")
def ids_ignored(asked: Asked, argument: str) -> Asked:
    """service_request_id is ignored and the whole list sent (simple-crm)."""
    return _query(asked, "service_request_id", lambda value: "")


@on_ask("status-ignored")
def status_ignored(asked: Asked, argument: str) -> Asked:
    """The status filter is ignored (uReport)."""
    return _query(asked, "status", lambda value: "")


@on_ask("one-status-only")
def one_status_only(asked: Asked, argument: str) -> Asked | Reply:
    """`status=open,closed` finds nothing (simple-crm)."""
    return Reply(value=[]) if "," in asked.arguments.get("status", "") else asked


@on_ask("open-by-default")
def open_by_default(asked: Asked, argument: str) -> Asked:
    """A list without a status lists the open ones (Klarschiff)."""
    plain = asked.resource == "requests" and asked.method == "GET"
    if not plain or asked.arguments.get("status") or asked.arguments.get("service_request_id"):
        return asked
    return replace(asked, query=(*asked.query, ("status", "open")))


@on_ask("dates-swapped")
def dates_swapped(asked: Asked, argument: str) -> Asked:
    """start_date is taken for end_date and the other way round (codefornl)."""
    swap = {"start_date": "end_date", "end_date": "start_date"}
    return replace(asked, query=tuple((swap.get(name, name), value) for name, value in asked.query))


@on_ask("dates-without-zone")
def dates_without_zone(asked: Asked, argument: str) -> Asked | Reply:
    """Dates of a query must come without a zone and mean UTC here (Chicago's must, in its local time)."""
    for name in ("start_date", "end_date"):
        value = asked.arguments.get(name, "")
        if value.endswith("Z") or "+" in value:
            return _no(400, f"{name} is invalid")
        asked = _query(asked, name, lambda value: f"{value}Z" if value else "")
    return asked


@on_ask("windows-ignored")
def windows_ignored(asked: Asked, argument: str) -> Asked:
    """updated_after, updated_before, page and page_size mean nothing (the bare specification)."""
    unknown = ("updated_after", "updated_before", "page", "page_size", "extensions")
    return replace(asked, query=tuple(pair for pair in asked.query if pair[0] not in unknown))


def _query(asked: Asked, name: str, change: object) -> Asked:
    assert callable(change)
    pairs: Pairs = tuple((key, change(value) if key == name else value) for key, value in asked.query)
    return replace(asked, query=pairs) if asked.method == "GET" else asked


@on_reply("row-cap")
def row_cap(asked: Asked, reply: Reply, argument: str) -> Reply:
    """A list ends after so many rows (50: Boston, Chicago, San Francisco; 200: Helsinki), oldest dropped."""
    if asked.resource != "requests" or not reply.good:
        return reply
    return replace(reply, value=reply.rows[: int(argument or 50)])


@on_reply("list-order-mixed")
def list_order_mixed(asked: Asked, reply: Reply, argument: str) -> Reply:
    """Lists come in no order: the specification defines none."""
    rows = sorted(reply.rows, key=lambda row: str(row.get("service_request_id", ""))[::-1])
    return replace(reply, value=rows) if asked.resource == "requests" and reply.good else reply


@on_reply("fresh-hidden")
def fresh_hidden(asked: Asked, reply: Reply, argument: str) -> Reply:
    """A request no one has touched is `new` and in no list (simple-crm)."""
    if asked.resource == "requests" and asked.method == "GET" and reply.good:
        return replace(reply, value=[row for row in reply.rows if not _untouched(row)])
    return reply.each(lambda row: row | {"status": "new"} if _untouched(row) else row)


@on_reply("fresh-hidden-for")
def fresh_hidden_for(asked: Asked, reply: Reply, argument: str) -> Reply:
    """A request shows up in lists only so many seconds (300) after it was made."""
    limit = asked.now - timedelta(seconds=float(argument or 300))
    shown = f"{limit:%Y-%m-%dT%H:%M:%SZ}"
    if asked.resource != "requests" or asked.method != "GET" or not reply.good:
        return reply
    return replace(reply, value=[row for row in reply.rows if row["requested_datetime"] <= shown])


def _untouched(row: dict[str, object]) -> bool:
    made = row.get("requested_datetime")
    return made is not None and made == row.get("updated_datetime") and row.get("status") == "open"


# ---------------------------------------------------------------------------------------------- saying no


def _no(code: int, words: str) -> Reply:
    return Reply(code, "errors", [{"code": code, "description": words}])


@on_reply("key-400")
def key_400(asked: Asked, reply: Reply, argument: str) -> Reply:
    """A missing or wrong key is 400 (uReport, mySociety)."""
    return replace(reply, status=400) if reply.status == 403 else reply


@on_reply("unknown-service")
def unknown_service(asked: Asked, reply: Reply, argument: str) -> Reply:
    """A POST for an unknown service_code has this status: 400 (mySociety, simple-crm) or 403 (codefornl)."""
    return replace(reply, status=int(argument or 400)) if asked.posts and reply.status == 404 else reply


@on_reply("unknown-request-empty")
def unknown_request_empty(asked: Asked, reply: Reply, argument: str) -> Reply:
    """An unknown request is 200 with an empty list (simple-crm, codefornl)."""
    unknown = asked.resource == "request" and reply.status == 404
    return Reply(value=[]) if unknown else reply


@on_ask("private-403")
def private_403(asked: Asked, argument: str) -> Asked | Reply:
    """A single request is refused with 403 after its POST was taken (uReport's private services)."""
    return _no(403, "You may not see this request.") if asked.resource == "request" else asked


@on_reply("errors-without-code")
def errors_without_code(asked: Asked, reply: Reply, argument: str) -> Reply:
    """Errors are rows of `{"description": "clients/unknownApiKey"}` (uReport)."""
    return _reworded(reply, [{"description": row.get("description")} for row in reply.rows])


@on_reply("errors-as-message")
def errors_as_message(asked: Asked, reply: Reply, argument: str) -> Reply:
    """Errors are one object `{type, code: "middleware_15", message}` (codefornl)."""
    said = {"type": "error", "code": "middleware_15", "message": _words(reply)}
    return _reworded(reply, said)


@on_reply("errors-of-fields")
def errors_of_fields(asked: Asked, reply: Reply, argument: str) -> Reply:
    """Errors are `{base: [...], full_errors: [...]}` (SeeClickFix)."""
    return _reworded(reply, {"base": [_words(reply)], "duplicate": [], "full_errors": [_words(reply)]})


@on_reply("errors-in-prose")
def errors_in_prose(asked: Asked, reply: Reply, argument: str) -> Reply:
    """The first of many rows only says which method it was (mySociety)."""
    first = {"code": reply.status, "description": "Error in input for POST_Service_Request"}
    return _reworded(reply, [first, *reply.rows])


@on_reply("errors-as-text")
def errors_as_text(asked: Asked, reply: Reply, argument: str) -> Reply:
    """Errors are plain text (Boston)."""
    return _bare(reply, _words(reply), "text/plain; charset=utf-8")


@on_reply("errors-as-html")
def errors_as_html(asked: Asked, reply: Reply, argument: str) -> Reply:
    """Errors are a page."""
    return _bare(reply, f"<html><body><h1>Error</h1><p>{reply.status}</p></body></html>", "text/html")


@on_reply("errors-empty-xml")
def errors_empty_xml(asked: Asked, reply: Reply, argument: str) -> Reply:
    """XML errors are an XML declaration and nothing else (uReport)."""
    declaration = '<?xml version="1.0" encoding="utf-8"?>\n'
    return _bare(reply, declaration, "text/xml; charset=utf-8") if asked.format == "xml" else reply


@on_reply("errors-unwrapped")
def errors_unwrapped(asked: Asked, reply: Reply, argument: str) -> Reply:
    """An XML error is `<error>` without `<errors>` (simple-crm)."""
    return replace(reply, root="error", value=reply.rows[0]) if reply.status >= 400 and reply.rows else reply


@on_reply("errors-in-xml")
def errors_in_xml(asked: Asked, reply: Reply, argument: str) -> Reply:
    """A .json call is refused in XML (simple-crm)."""
    text = f"<errors><error><code>{reply.status}</code><description>Refused</description></error></errors>"
    return _bare(reply, text, "text/xml")


@on_reply("errors-in-json")
def errors_in_json(asked: Asked, reply: Reply, argument: str) -> Reply:
    """An .xml call is refused in JSON (codefornl)."""
    text = f'[{{"code": {reply.status}, "description": "Refused"}}]'
    return _bare(reply, text, "application/json")


def _words(reply: Reply) -> str:
    return "; ".join(str(row.get("description")) for row in reply.rows)


def _reworded(reply: Reply, value: object) -> Reply:
    return replace(reply, value=value) if reply.status >= 400 else reply


def _bare(reply: Reply, text: str, kind: str) -> Reply:
    refused = reply.status >= 400
    return replace(reply, content=text.encode(), content_type=kind) if refused else reply
