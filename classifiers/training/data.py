"""Reads labelled reports and service lists from files."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bridge.vocabulary import Service
from classifiers.training.taxonomy import NOT_CIVIC, read_taxonomy


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a reports file. `code` and `name` are its label: equal where the file has one only, "" if none.
    `at` is when it was told, None where the file does not say so in ISO 8601."""

    text: str
    language: str = "en"
    code: str = ""
    name: str = ""
    at: datetime | None = None


def read_rows(path: Path) -> list[Row]:
    """The rows of a JSONL file, blank lines left out, or of a CSV file with a header.

    Labels come from service_code, else category. An export may call the text "description", its time
    "requested_datetime" or "date".

    Raises ValueError, naming the line, where one is no JSON object with a "text".
    """
    if path.suffix.lower() == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            entries = enumerate(csv.DictReader(file), start=2)
            return [_row_of({k: v for k, v in entry.items() if v}, number) for number, entry in entries]
    with path.open(encoding="utf-8-sig") as lines:  # str.splitlines would cut a text at a separator within it
        return [_row(line, number) for number, line in enumerate(lines, start=1) if line.strip()]


def in_time(rows: Sequence[Row]) -> list[Row]:
    """The rows, oldest first; as they are where one of them does not say when it was."""
    told = [(row.at, number) for number, row in enumerate(rows) if row.at]
    return [rows[number] for _, number in sorted(told)] if len(told) == len(rows) else list(rows)


def read_services(path: Path) -> tuple[Service, ...]:
    """A service list: JSONL, or a GeoReport array. Raises ValueError where an entry has no service_code."""
    text = path.read_text(encoding="utf-8").strip()
    if text.startswith("["):
        entries = json.loads(text)
    else:
        entries = [json.loads(line) for line in text.splitlines() if line.strip()]
    return tuple(_service(entry) for entry in entries)


def services_of(rows: Iterable[Row]) -> tuple[Service, ...]:
    """The labels of the rows as a service list; the built-in taxonomy where no row has one."""
    names = {row.code: row.name for row in rows if row.code}
    if names:
        return tuple(Service(code, names[code]) for code in sorted(names))
    return tuple(
        Service(kind.id, kind.name, kind.description, keywords=kind.keywords, group=kind.group)
        for kind in read_taxonomy()
    )


def code_of(row: Row, services: Sequence[Service]) -> str:
    """The service code a row's label means in this list, by code, else by name; the label itself if neither."""
    if any(service.service_code == row.code for service in services):
        return row.code
    named = (s.service_code for s in services if s.service_name.casefold() == row.name.casefold())
    return next(named, row.code)


def _row(line: str, number: int) -> Row:
    try:
        entry = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {number}: {error}") from None
    return _row_of(entry, number)


def _row_of(entry: Any, number: int) -> Row:
    text = entry.get("text", entry.get("description")) if isinstance(entry, dict) else None
    if not isinstance(text, str):
        raise ValueError(f'line {number}: a row needs a "text"')
    name = str(entry.get("category") or entry.get("service_name") or "")
    code = str(entry.get("service_code") or name)
    if code.lower() == NOT_CIVIC:
        code = name = ""
    told = _moment(str(entry.get("requested_datetime") or entry.get("date") or ""))
    return Row(text, str(entry.get("lang") or "en"), code, name or code, told)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _service(entry: Mapping[str, Any]) -> Service:
    if not entry.get("service_code"):
        raise ValueError("a service needs a service_code")
    keywords = entry.get("keywords") or ""
    words = keywords if isinstance(keywords, list) else keywords.split(",")
    return Service(
        service_code=str(entry["service_code"]),
        service_name=str(entry.get("service_name") or entry["service_code"]),
        description=str(entry.get("description") or ""),
        keywords=tuple(word.strip() for word in words if word.strip()),
        group=str(entry.get("group") or ""),
    )
