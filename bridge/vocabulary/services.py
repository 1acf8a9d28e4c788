"""What a city offers: GeoReport v2 services and the attributes of their definitions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

_CATCH_ALL = re.compile(
    r"(all |any )?(other|others|misc\w*|general|something else|not listed|none of (these|the above)|unknown|"
    r"uncategori[sz]ed|unspecified)\b"
    r"|(cualquier |todos? los? |todas? las? )?(otr[oa]s?|varios|varias|miscel[aá]ne\w*|algo m[aá]s|generales|"
    r"ningun[oa] de (est[oa]s|las anteriores|los anteriores)|desconocid[oa]|sin (categor[ií]a|clasificar)|"
    r"no (aparece|figura|est[aá]) en la lista)\b"
    r"|.*[-–/:(,]\s*(other|others|misc\w*|otr[oa]s?|varios)\)?$",
    re.IGNORECASE,
)


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

    @property
    def is_catch_all(self) -> bool:
        """Whether this is a city's "Other": what has no service of its own."""
        return bool(_CATCH_ALL.match(self.service_name.replace("_", " ").strip()))


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
