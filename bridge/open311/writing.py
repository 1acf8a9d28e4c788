"""The vocabulary as GeoReport v2 documents, JSON or XML: the inverse of `wire`. Pure.

XML roots and children are the specification's names; what is None or "" becomes null or an empty element.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from bridge.open311 import documents
from bridge.open311.documents import Format, Tree
from bridge.open311.instants import write_instant
from bridge.open311.wire import ErrorRow
from bridge.vocabulary import Attribute, Discovery, Receipt, Service, ServiceRequest

_CHILDREN: Mapping[str, str] = {
    "services": "service",
    "attributes": "attribute",
    "values": "value",
    "service_requests": "request",
    "errors": "error",
    "endpoints": "endpoint",
    "formats": "format",
}


def services(offered: Iterable[Service], format: Format) -> bytes:
    """A service list."""
    return _write([_service(service) for service in offered], format, "services")


def definition(service_code: str, attributes: Sequence[Attribute], format: Format) -> bytes:
    """A service definition."""
    tree: Tree = {"service_code": service_code, "attributes": [_attribute(attribute) for attribute in attributes]}
    return _write(tree, format, "service_definition")


def requests(rows: Iterable[ServiceRequest], format: Format) -> bytes:
    """A request list, or a single request as a list of one."""
    return _write([_request(row) for row in rows], format, "service_requests")


def receipts(given: Iterable[Receipt], format: Format) -> bytes:
    """The answer to a POST."""
    return _write([_receipt(receipt) for receipt in given], format, "service_requests")


def errors(rows: Iterable[ErrorRow], format: Format) -> bytes:
    """An error answer."""
    return _write([{"code": row.code, "description": row.description} for row in rows], format, "errors")


def discovery(told: Discovery, format: Format) -> bytes:
    """A discovery document."""
    tree: Tree = {
        "changeset": told.changeset,
        "contact": told.contact,
        "key_service": told.key_service,
        "endpoints": [dict(endpoint) for endpoint in told.endpoints],
    }
    return _write(tree, format, "discovery")


def _write(tree: Tree, format: Format, root: str) -> bytes:
    return documents.write(tree, format, root, _CHILDREN)


def _service(service: Service) -> Tree:
    return {
        "service_code": service.service_code,
        "service_name": service.service_name,
        "description": service.description,
        "metadata": service.metadata,
        "type": service.type,
        "keywords": ",".join(service.keywords),
        "group": service.group,
    }


def _attribute(attribute: Attribute) -> Tree:
    return {
        "variable": attribute.variable,
        "code": attribute.code,
        "datatype": attribute.datatype,
        "required": attribute.required,
        "datatype_description": attribute.datatype_description or None,
        "order": attribute.order,
        "description": attribute.description,
        "values": [{"key": value.key, "name": value.name} for value in attribute.values],
    }


def _request(row: ServiceRequest) -> Tree:
    return {
        "service_request_id": row.service_request_id or None,
        "token": row.token or None,
        "status": row.raw_status or row.status,
        "status_notes": row.status_notes or None,
        "service_name": row.service_name,
        "service_code": row.service_code,
        "description": row.description or None,
        "agency_responsible": row.agency_responsible or None,
        "service_notice": row.service_notice or None,
        "requested_datetime": _instant(row.requested_datetime),
        "updated_datetime": _instant(row.updated_datetime),
        "expected_datetime": _instant(row.expected_datetime),
        "address": row.address or None,
        "address_id": row.address_id or None,
        "zipcode": row.zipcode or None,
        "lat": row.lat,
        "long": row.long,
        "media_url": row.media_url or None,
    }


def _receipt(receipt: Receipt) -> Tree:
    id, token = receipt.service_request_id, receipt.token
    named: dict[str, Tree] = {"service_request_id": id} if id else {"token": token} if token else {}
    return named | {"service_notice": receipt.service_notice, "account_id": receipt.account_id or None}


def _instant(moment: datetime | None) -> str | None:
    return write_instant(moment) if moment else None
