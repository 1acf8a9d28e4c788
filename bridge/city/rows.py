"""What each answer holds: rows as the specification names and orders their fields."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bridge.city.answers import FORMATS, when
from bridge.city.catalog import Catalog
from bridge.city.photos import FOLDER
from bridge.city.records import Note
from bridge.city.settings import CitySettings
from bridge.city.updates import SPECIFICATION as UPDATES
from bridge.city.updates import Update
from bridge.vocabulary import Attribute, Receipt, Service, ServiceRequest

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
REQUEST = (
    "service_request_id", "status", "status_notes", "service_name", "service_code", "description",
    "agency_responsible", "service_notice", "requested_datetime", "updated_datetime", "expected_datetime",
    "address", "address_id", "zipcode", "lat", "long", "media_url",
)  # fmt: skip
ATTRIBUTE = ("variable", "code", "datatype", "required", "datatype_description", "order", "description")


def services(catalog: Catalog) -> list[dict[str, Any]]:
    return [_service(service) for service in catalog.services.values()]


def _service(service: Service) -> dict[str, Any]:
    return {
        "service_code": service.service_code,
        "service_name": service.service_name,
        "description": service.description,
        "metadata": service.metadata,
        "type": service.type,
        "keywords": ", ".join(service.keywords),
        "group": service.group,
    }


def definition(catalog: Catalog, code: str) -> dict[str, Any]:
    attributes = [_attribute(attribute) for attribute in catalog.definition(code)]
    return {"service_code": code, "attributes": attributes}


def _attribute(attribute: Attribute) -> dict[str, Any]:
    row: dict[str, Any] = {
        "variable": attribute.variable,
        "code": attribute.code,
        "datatype": attribute.datatype,
        "required": attribute.required,
        "datatype_description": attribute.datatype_description or None,
        "order": attribute.order,
        "description": attribute.description,
    }
    if attribute.values:
        row["values"] = [{"key": value.key, "name": value.name} for value in attribute.values]
    return row


def receipt(given: Receipt) -> dict[str, Any]:
    """An id or a token, never both; what was not given is not returned."""
    row = {
        "service_request_id": given.service_request_id,
        "token": given.token,
        "service_notice": given.service_notice,
        "account_id": given.account_id,
    }
    return {name: value for name, value in row.items() if value}


def token(given: str, service_request_id: str | None) -> dict[str, Any]:
    """While the request has no id yet, the row has none either."""
    return {"service_request_id": service_request_id, "token": given} if service_request_id else {"token": given}


def request(row: ServiceRequest, endpoint: str) -> dict[str, Any]:
    return {
        "service_request_id": row.service_request_id,
        "status": row.status,
        "status_notes": row.status_notes or None,
        "service_name": row.service_name,
        "service_code": row.service_code,
        "description": row.description or None,
        "agency_responsible": row.agency_responsible or None,
        "service_notice": row.service_notice or None,
        "requested_datetime": when(row.requested_datetime),
        "updated_datetime": when(row.updated_datetime),
        "expected_datetime": when(row.expected_datetime),
        "address": row.address or None,
        "address_id": row.address_id or None,
        "zipcode": row.zipcode or None,
        "lat": row.lat,
        "long": row.long,
        "media_url": link(row.media_url, endpoint) or None,
    }


def link(url: str, endpoint: str) -> str:
    """Where a photo is: a client's link as it came, a file of ours at our own address."""
    return f"{endpoint}/{url}" if url.startswith(f"{FOLDER}/") else url


def update(row: Update, endpoint: str) -> dict[str, Any]:
    return {
        "update_id": row.update_id,
        "service_request_id": row.service_request_id,
        "status": row.status,
        "updated_datetime": when(row.updated_datetime),
        "description": row.description,
        "media_url": link(row.media[0], endpoint) if row.media else "",
    }


def notes(history: Iterable[Note]) -> list[dict[str, Any]]:
    """The extension of Chicago and Connected Bits: what happened, oldest first."""
    return [
        {
            "datetime": when(note.created_at),
            "type": "update" if note.from_client else note.status,
            "summary": "Update" if note.from_client else note.status.replace("_", " ").capitalize(),
            "description": note.description or None,
        }
        for note in history
    ]


def discovery(settings: CitySettings, catalog: Catalog, url: str) -> dict[str, Any]:
    """Where we are, once as GeoReport v2 and once as the updates extension, so that a client can tell."""
    changeset = when(catalog.changeset)
    return {
        "changeset": changeset,
        "contact": settings.contact,
        "key_service": settings.key_service,
        "endpoints": [
            {
                "specification": specification,
                "url": url,
                "changeset": changeset,
                "type": settings.endpoint_type,
                "formats": list(FORMATS.values()),
            }
            for specification in (SPECIFICATION, UPDATES)
        ],
    }
