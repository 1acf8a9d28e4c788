"""The services residents are offered, of those a city lists: headings left out, namesakes told apart. Pure.

FixMyStreet's PopulateServiceList has met each of these. What is changed here is for eyes alone: the service code
is what is sent.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from bridge.vocabulary import Service

_HEADING = re.compile(r"^\W{2,}|\b(do not use|placeholder|dummy)\b", re.IGNORECASE)


def is_placeholder(name: str) -> bool:
    """Whether a name is a heading between services, or says itself that it is none."""
    return bool(_HEADING.search(name.strip()))


def offered(listed: Iterable[Service]) -> tuple[Service, ...]:
    """Those a resident can mean, each under a name of its own."""
    named = [replace(service, service_name=service.service_name or service.service_code) for service in listed]
    meant = [service for service in named if not is_placeholder(service.service_name)]
    namesakes: dict[str, list[Service]] = defaultdict(list)
    for service in meant:
        namesakes[service.service_name.casefold()].append(service)
    return tuple(_apart(service, namesakes[service.service_name.casefold()]) for service in meant)


def _apart(service: Service, namesakes: Sequence[Service]) -> Service:
    """By their groups where those differ, else by their codes."""
    if len(namesakes) == 1:
        return service
    groups = {namesake.group for namesake in namesakes}
    mark = service.group if len(groups) == len(namesakes) and service.group else service.service_code
    return replace(service, service_name=f"{service.service_name} ({mark})")
