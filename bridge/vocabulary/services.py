"""What a city offers: GeoReport v2 services and the attributes of their definitions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Service:
    """A row of GET Service List. `type` is realtime (id at once), batch (token first) or blackbox (neither)."""

    service_code: str
    service_name: str
    description: str = ""
    metadata: bool = False
    type: Literal["realtime", "batch", "blackbox"] = "realtime"
    keywords: tuple[str, ...] = ()
    group: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


Datatype = Literal["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"]


@dataclass(frozen=True, slots=True)
class Value:
    """A permitted value of a list attribute: the `key` is sent, the `name` is shown."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """A question of a service definition. `variable` False: a text to show, nothing to send."""

    code: str
    datatype: Datatype
    description: str = ""
    required: bool = False
    variable: bool = True
    datatype_description: str = ""
    order: int = 0
    values: tuple[Value, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Oddity:
    """Something odd about what a city offers, in a sentence for its staff: `bad` when a person must act, `odd`
    when the bridge copes."""

    level: Literal["odd", "bad"]
    words: str
    since: datetime | None = None
