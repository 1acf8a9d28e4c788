"""Service lists, definitions and discovery as found in the wild."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bridge.city.imitation.exchange import Asked, Reply, on_ask, on_reply, on_write
from bridge.city.imitation.faults import HTML, PAGE

Row = dict[str, Any]


def _services(asked: Asked, reply: Reply) -> bool:
    return asked.resource == "services" and reply.good


def _definition(asked: Asked, reply: Reply) -> bool:
    return asked.resource == "service" and reply.good


# ------------------------------------------------------------------------------------------------- services


@on_reply("services-twice")
def services_twice(asked: Asked, reply: Reply, argument: str) -> Reply:
    """Two services with one name, and one code given twice (FixMyStreet PopulateServiceList)."""
    if not _services(asked, reply):
        return reply
    first = reply.rows[0]
    namesake = first | {"service_code": f"{first['service_code']}-b"}
    return replace(reply, value=[*reply.rows, namesake, first])


@on_reply("services-without-codes")
def services_without_codes(asked: Asked, reply: Reply, argument: str) -> Reply:
    """Some services have no code, an empty one or null (FixMyStreet PopulateServiceList)."""
    codeless: list[Row] = [
        {"service_name": "No code"},
        {"service_code": "", "service_name": "Empty"},
        {"service_code": None, "service_name": None},
    ]
    return replace(reply, value=[*codeless, *reply.rows]) if _services(asked, reply) else reply


@on_reply("services-with-blanks")
def services_with_blanks(asked: Asked, reply: Reply, argument: str) -> Reply:
    """Names and codes have blanks around them (FixMyStreet PopulateServiceList)."""
    if not _services(asked, reply):
        return reply
    return reply.each(
        lambda row: row | {"service_name": f" {row['service_name']}  ", "service_code": f"{row['service_code']} "}
    )


@on_reply("services-fake")
def services_fake(asked: Asked, reply: Reply, argument: str) -> Reply:
    """Headings and test rows stand among the services."""
    fakes: list[Row] = [
        {"service_code": "0", "service_name": "--- Streets ---", "metadata": False, "type": "realtime"},
        {"service_code": "test", "service_name": "TEST DO NOT USE", "metadata": "maybe", "type": "unknown"},
        {"note": "not a service"},
    ]
    return replace(reply, value=[*fakes, *reply.rows]) if _services(asked, reply) else reply


@on_reply("services-many")
def services_many(asked: Asked, reply: Reply, argument: str) -> Reply:
    """The list has so many services (5000)."""
    if not _services(asked, reply):
        return reply
    missing = max(int(argument or 5000) - len(reply.rows), 0)
    more = [{**reply.rows[0], "service_code": f"m{n}", "service_name": f"Service {n}"} for n in range(missing)]
    return replace(reply, value=[*reply.rows, *more])


@on_reply("services-empty")
def services_empty(asked: Asked, reply: Reply, argument: str) -> Reply:
    """The list is empty."""
    return replace(reply, value=[]) if _services(asked, reply) else reply


@on_reply("services-groups")
def services_groups(asked: Asked, reply: Reply, argument: str) -> Reply:
    """A list `groups` in place of the one `group` (mySociety)."""
    if not _services(asked, reply):
        return reply
    return reply.each(lambda row: _renamed(row, "group", "groups", lambda group: [group] if group else []))


@on_reply("keywords-as-list")
def keywords_as_list(asked: Asked, reply: Reply, argument: str) -> Reply:
    """keywords are a JSON list."""
    if not _services(asked, reply) or asked.format != "json":
        return reply
    return reply.each(lambda row: row | {"keywords": row["keywords"].split(", ")})


def _renamed(row: Row, old: str, new: str, change: Any) -> Row:
    return {
        (new if name == old else name): (change(value) if name == old else value) for name, value in row.items()
    }


# ---------------------------------------------------------------------------------------------- definitions


@on_reply("definition-empty")
def definition_empty(asked: Asked, reply: Reply, argument: str) -> Reply:
    """A definition without attributes although metadata is true (FixMyStreet PopulateServiceList)."""
    return replace(reply, value=reply.value | {"attributes": []}) if _definition(asked, reply) else reply


@on_reply("definition-blank")
def definition_blank(asked: Asked, reply: Reply, argument: str) -> Reply:
    """200 and no body (simple-crm for an unknown service)."""
    return Reply(content=b"") if asked.resource == "service" else reply


@on_reply("definition-html")
def definition_html(asked: Asked, reply: Reply, argument: str) -> Reply:
    """200 and a page (simple-crm for an unknown service)."""
    return Reply(content=HTML, content_type=PAGE) if asked.resource == "service" else reply


@on_ask("definition-xml-500")
def definition_xml_500(asked: Asked, argument: str) -> Asked | Reply:
    """Definitions in XML are an internal error (one commit of uReport)."""
    dead = asked.resource == "service" and asked.format == "xml"
    return Reply(500, "errors", [{"code": 500, "description": "syntax error"}]) if dead else asked


@on_write("definition-flat")
def definition_flat(asked: Asked, content: bytes, argument: str) -> bytes:
    """XML attributes stand right under service_definition (simple-crm; the format before its correction)."""
    flat = asked.resource == "service" and asked.format == "xml"
    return content.replace(b"<attributes>", b"").replace(b"</attributes>", b"") if flat else content


@on_reply("definition-list")
def definition_list(asked: Asked, reply: Reply, argument: str) -> Reply:
    """A JSON definition is a list of one."""
    listed = _definition(asked, reply) and asked.format == "json"
    return replace(reply, value=[reply.value]) if listed else reply


@on_reply("order-as-text")
def order_as_text(asked: Asked, reply: Reply, argument: str) -> Reply:
    """order is a text (simple-crm)."""
    return _attributes(asked, reply, lambda row: row | {"order": str(row["order"])})


@on_reply("values-null")
def values_null(asked: Asked, reply: Reply, argument: str) -> Reply:
    """values are null where there are none (simple-crm)."""
    return _attributes(asked, reply, lambda row: {"values": None} | row)


@on_reply("values-number")
def values_number(asked: Asked, reply: Reply, argument: str) -> Reply:
    """values are the number 0 where there are none (Boston)."""
    return _attributes(asked, reply, lambda row: {"values": 0} | row)


@on_reply("values-empty")
def values_empty(asked: Asked, reply: Reply, argument: str) -> Reply:
    """values are an empty list where there are none (uReport)."""
    return _attributes(asked, reply, lambda row: {"values": []} | row)


@on_reply("keys-as-numbers")
def keys_as_numbers(asked: Asked, reply: Reply, argument: str) -> Reply:
    """Keys of values are numbers (the specification's printed example)."""

    def numbered(row: Row) -> Row:
        values = [value | {"key": _number(value["key"])} for value in row.get("values", ())]
        return row | {"values": values} if values else row

    return _attributes(asked, reply, numbered)


@on_reply("datatypes-odd")
def datatypes_odd(asked: Asked, reply: Reply, argument: str) -> Reply:
    """Datatypes nobody specified: Text, Picklist, Informational, Boolean (checkbox) (Boston)."""
    words = {
        "string": "Text",
        "text": "Informational",
        "singlevaluelist": "Picklist",
        "number": "Boolean (checkbox)",
    }
    return _attributes(asked, reply, lambda row: row | {"datatype": words.get(row["datatype"], row["datatype"])})


@on_reply("attributes-automated")
def attributes_automated(asked: Asked, reply: Reply, argument: str) -> Reply:
    """The first attribute is filled by the server, the second hidden: nobody is to be asked (mySociety)."""
    if not _definition(asked, reply):
        return reply
    marks: list[Row] = [{"automated": "server_set"}, {"automated": "hidden_field"}]
    rows = reply.value["attributes"]
    marked = [row | (marks[n] if n < len(marks) else {}) for n, row in enumerate(rows)]
    return replace(reply, value=reply.value | {"attributes": marked})


def _attributes(asked: Asked, reply: Reply, change: Any) -> Reply:
    if not _definition(asked, reply):
        return reply
    return replace(reply, value=reply.value | {"attributes": [change(row) for row in reply.value["attributes"]]})


def _number(key: str) -> int | str:
    return int(key) if key.isdigit() else key


# ------------------------------------------------------------------------------------------------ discovery


@on_ask("no-discovery")
def no_discovery(asked: Asked, argument: str) -> Asked | Reply:
    """Discovery is 404 (simple-crm, codefornl)."""
    missing = asked.resource == "discovery"
    return Reply(404, "errors", [{"code": 404, "description": "Not found"}]) if missing else asked


@on_reply("discovery-foreign")
def discovery_foreign(asked: Asked, reply: Reply, argument: str) -> Reply:
    """Discovery names another host (every copy of uReport names Bloomington's test server)."""
    if asked.resource != "discovery" or not reply.good:
        return reply
    elsewhere = argument or "https://bloomington.example/open311/v2"
    endpoints = [endpoint | {"url": elsewhere} for endpoint in reply.value["endpoints"]]
    return replace(reply, value=reply.value | {"endpoints": endpoints})


@on_reply("changeset-without-zone")
def changeset_without_zone(asked: Asked, reply: Reply, argument: str) -> Reply:
    """The changeset is `2011-02-03 14:18` (the specification's own example)."""
    if asked.resource != "discovery" or not reply.good:
        return reply
    return replace(reply, value=reply.value | {"changeset": "2011-02-03 14:18"})
