"""The services a city offers and the questions each asks, read from two JSON files and checked once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import structlog

from bridge.errors import SettingsError
from bridge.vocabulary import Attribute, Datatype, Service, Value

SERVICE_TYPES = ("realtime", "batch", "blackbox")
LISTS = ("singlevaluelist", "multivaluelist")


log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Catalog:
    """`changeset` moves whenever a file changes: the sign for clients to fetch the lists again."""

    services: Mapping[str, Service]
    definitions: Mapping[str, tuple[Attribute, ...]]
    changeset: datetime

    def definition(self, service_code: str) -> tuple[Attribute, ...]:
        return self.definitions.get(service_code, ())


class CatalogFiles:
    """The catalog as the two files have it now: a changed file is read again, and a change that is wrong is
    told in the log while the last good catalog stays."""

    def __init__(self, services: Path, definitions: Path | None) -> None:
        self._paths = (services, definitions)
        self._stamp = self._stamps()
        self._catalog = load(services, definitions)

    def current(self) -> Catalog:
        stamp = self._stamps()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._catalog = load(*self._paths)
            except SettingsError as error:
                log.error("catalog not changed", reason=str(error))
        return self._catalog

    def _stamps(self) -> tuple[int, ...]:
        try:
            return tuple(path.stat().st_mtime_ns for path in self._paths if path)
        except OSError:  # being replaced this moment: the next look finds it
            return ()


def load(services: Path, definitions: Path | None) -> Catalog:
    """Reads both files; a service may also carry its `attributes` with it. Raises SettingsError naming the
    file and the entry that is wrong."""
    entries = _entries(services)
    attributes = _inline(services, entries) | (_definitions(definitions) if definitions else {})
    listed = _services(services, entries, attributes)
    orphans = sorted(set(attributes) - set(listed))
    if orphans:
        raise SettingsError(f"{definitions}: no service has the code {orphans[0]!r}")
    return Catalog(listed, attributes, _changed(services, definitions))


def _changed(*paths: Path | None) -> datetime:
    newest = max(path.stat().st_mtime for path in paths if path)
    return datetime.fromtimestamp(int(newest), UTC)


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path}: not readable as JSON: {error}") from error


# ------------------------------------------------------------------------------------------------ services


def _entries(path: Path) -> list[Any]:
    entries = _read(path)
    if not isinstance(entries, list) or not entries:
        raise SettingsError(f"{path}: expected a list of services")
    return entries


def _inline(path: Path, entries: Sequence[Any]) -> dict[str, tuple[Attribute, ...]]:
    return {
        _text(f"{path}: service {n}", entry, "service_code"): _attributes(f"{path}: service {n}", entry)
        for n, entry in enumerate(entries, 1)
        if isinstance(entry, dict) and entry.get("attributes")
    }


def _services(
    path: Path, entries: Sequence[Any], attributes: Mapping[str, Sequence[Attribute]]
) -> dict[str, Service]:
    services = [_service(f"{path}: service {n}", entry, attributes) for n, entry in enumerate(entries, 1)]
    _unique(str(path), "service_code", [service.service_code for service in services])
    return {service.service_code: service for service in services}


def _service(where: str, entry: Any, attributes: Mapping[str, Sequence[Attribute]]) -> Service:
    code, name = _text(where, entry, "service_code"), _text(where, entry, "service_name")
    kind = entry.get("type") or "realtime"
    if kind not in SERVICE_TYPES:
        raise SettingsError(f"{where}: type {kind!r} is none of {', '.join(SERVICE_TYPES)}")
    if not isinstance(entry.get("expected_hours", 0), int | float):
        raise SettingsError(f"{where}: expected_hours is no number")
    keywords = entry.get("keywords") or ""
    words = keywords.split(",") if isinstance(keywords, str) else keywords
    return Service(
        service_code=code,
        service_name=name,
        description=entry.get("description") or "",
        metadata=bool(attributes.get(code)),
        type=kind,  # type: ignore[arg-type]  # checked against SERVICE_TYPES above
        keywords=tuple(word.strip() for word in words if word.strip()),
        group=entry.get("group") or "",
        raw=entry,
    )


def _text(where: str, entry: Any, key: str) -> str:
    """A text that must be there. Numbers are taken for text: the specification prints codes and keys so."""
    value = entry.get(key) if isinstance(entry, dict) else None
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
        raise SettingsError(f"{where}: {key} is missing or no text")
    return str(value).strip()


def _unique(where: str, what: str, values: Sequence[Any]) -> None:
    twice = [value for value, count in Counter(values).items() if count > 1]
    if twice:
        raise SettingsError(f"{where}: {what} {twice[0]!r} is given twice")


# --------------------------------------------------------------------------------------------- definitions


def _definitions(path: Path) -> dict[str, tuple[Attribute, ...]]:
    entries = _read(path)
    if isinstance(entries, list):
        codes = [_text(f"{path}: definition {n}", entry, "service_code") for n, entry in enumerate(entries, 1)]
        _unique(str(path), "service_code", codes)
        entries = dict(zip(codes, entries, strict=True))
    if not isinstance(entries, dict):
        raise SettingsError(f"{path}: expected a list of definitions, or an object of them by service_code")
    return {code: _attributes(f"{path}: {code}", entry) for code, entry in entries.items()}


def _attributes(where: str, entry: Any) -> tuple[Attribute, ...]:
    rows = entry.get("attributes") if isinstance(entry, dict) else None
    if not isinstance(rows, list):
        raise SettingsError(f"{where}: attributes is missing or no list")
    attributes = [_attribute(f"{where}: attribute {n}", row, n) for n, row in enumerate(rows, 1)]
    _unique(where, "attribute code", [attribute.code for attribute in attributes])
    _unique(where, "order", [attribute.order for attribute in attributes])
    return tuple(sorted(attributes, key=lambda attribute: attribute.order))


def _attribute(where: str, row: Any, position: int) -> Attribute:
    code, datatype = _text(where, row, "code"), _text(where, row, "datatype")
    if datatype not in get_args(Datatype):
        raise SettingsError(f"{where}: datatype {datatype!r} is none of {', '.join(get_args(Datatype))}")
    values = tuple(_value(where, value) for value in row.get("values") or ())
    if datatype in LISTS and not values:
        raise SettingsError(f"{where}: a {datatype} needs values")
    _unique(where, "key", [value.key for value in values])
    variable = _flag(where, row, "variable", default=True)
    return Attribute(
        code=code,
        datatype=datatype,  # type: ignore[arg-type]  # checked against Datatype above
        description=row.get("description") or "",
        required=variable and _flag(where, row, "required", default=False),
        variable=variable,
        datatype_description=row.get("datatype_description") or "",
        order=_order(where, row, position),
        values=values,
        raw=row,
    )


def _flag(where: str, row: Mapping[str, Any], key: str, *, default: bool) -> bool:
    value = row.get(key, default)
    if not isinstance(value, bool):
        raise SettingsError(f"{where}: {key} is neither true nor false")
    return value


def _order(where: str, row: Mapping[str, Any], position: int) -> int:
    order = row.get("order", position)
    if isinstance(order, bool) or not isinstance(order, int) or order < 1:
        raise SettingsError(f"{where}: order is no positive whole number")
    return order


def _value(where: str, entry: Any) -> Value:
    return Value(_text(where, entry, "key"), _text(where, entry, "name"))
