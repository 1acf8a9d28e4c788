"""What a client asked, what it is about to be answered, and the register of quirks between the two."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode

from python_multipart import parse_form
from python_multipart.exceptions import FormParserError

from bridge.city.answers import Format
from bridge.errors import SettingsError

Resource = Literal["services", "service", "requests", "request", "token", "discovery", "updates", "other"]
ROOTS: Mapping[Resource, str] = {
    "services": "services",
    "service": "service_definition",
    "requests": "service_requests",
    "request": "service_requests",
    "token": "service_requests",
    "discovery": "discovery",
    "updates": "service_request_updates",
    "other": "errors",
}
FORM = "application/x-www-form-urlencoded"
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `name` is the code, id or token of the path; `memory` is shared by all requests of one
    imitation, `marks` is what one hook tells a later one."""

    method: str
    path: str
    prefix: str = ""
    resource: Resource = "other"
    name: str = ""
    format: Format | None = None
    query: Pairs = ()
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    now: datetime = field(default=datetime.min.replace(tzinfo=UTC), compare=False)
    memory: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    marks: frozenset[str] = frozenset()

    @property
    def posts(self) -> bool:
        """It would file a request."""
        return self.method == "POST" and self.resource == "requests"

    @property
    def urlencoded(self) -> bool:
        return self.headers.get("content-type", "").startswith(FORM)

    @property
    def form(self) -> Pairs:
        """The pairs of an urlencoded or multipart body, files left out."""
        if self.urlencoded:
            return tuple(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))
        kind = self.headers.get("content-type", "")
        return _multipart(kind, self.body) if kind.startswith("multipart/form-data") else ()

    @property
    def arguments(self) -> dict[str, str]:
        """Query of a GET, form of a POST; the last of a name counts."""
        return dict(self.form if self.method == "POST" else self.query)

    def with_form(self, pairs: Pairs) -> Asked:
        """Another form; a multipart one stays as it is."""
        return replace(self, body=urlencode(pairs).encode()) if self.urlencoded else self

    def as_list(self) -> Asked:
        """The same request taken for GET Service Requests without arguments."""
        return replace(self, method="GET", resource="requests", name="", query=(), body=b"")


def _multipart(kind: str, body: bytes) -> Pairs:
    pairs: list[tuple[str, str]] = []

    def keep(field: Any) -> None:
        pairs.append(
            (field.field_name.decode("utf-8", "replace"), (field.value or b"").decode("utf-8", "replace"))
        )

    with suppress(FormParserError):
        parse_form({"Content-Type": kind.encode()}, BytesIO(body), keep, lambda file: None)
    return tuple(pairs)


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: `value` to be written under `root`, or `content` as it is. `then` is what happens to the
    connection, `delay` how many seconds the answer waits."""

    status: int = 200
    root: str = "service_requests"
    value: Any = None
    content: bytes | None = None
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    then: Literal["answer", "drop", "truncate"] = "answer"

    @property
    def good(self) -> bool:
        return self.status < 300 and self.content is None

    @property
    def rows(self) -> list[Any]:
        return self.value if isinstance(self.value, list) else []

    def each(self, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Reply:
        """Every row changed."""
        listed = self.good and isinstance(self.value, list)
        return replace(self, value=[change(dict(row)) for row in self.rows]) if listed else self


OnAsk = Callable[[Asked, str], "Asked | Reply"]
OnReply = Callable[[Asked, Reply, str], Reply]
OnWrite = Callable[[Asked, bytes, str], bytes]


@dataclass(frozen=True, slots=True)
class Quirk:
    """A named oddity and who has it. `ask` changes the request or answers it, `reply` changes the answer,
    `write` its bytes; each also gets the quirk's argument, "" when none was given."""

    name: str
    about: str
    ask: OnAsk | None = None
    reply: OnReply | None = None
    write: OnWrite | None = None


QUIRKS: dict[str, Quirk] = {}


def _noted(name: str, about: str | None) -> Quirk:
    return QUIRKS.get(name) or Quirk(name, " ".join((about or "").split()))


def on_ask(name: str) -> Callable[[OnAsk], OnAsk]:
    def note(function: OnAsk) -> OnAsk:
        QUIRKS[name] = replace(_noted(name, function.__doc__), ask=function)
        return function

    return note


def on_reply(name: str) -> Callable[[OnReply], OnReply]:
    def note(function: OnReply) -> OnReply:
        QUIRKS[name] = replace(_noted(name, function.__doc__), reply=function)
        return function

    return note


def on_write(name: str) -> Callable[[OnWrite], OnWrite]:
    def note(function: OnWrite) -> OnWrite:
        QUIRKS[name] = replace(_noted(name, function.__doc__), write=function)
        return function

    return note


# ---------------------------------------------------------------------------------------------- choosing

Chosen = tuple[tuple[Quirk, str], ...]
Choose = Callable[[Asked], Sequence[str]]  # which quirks, as "name" or "name=argument"


def parse(wishes: Sequence[str]) -> Chosen:
    """Quirks with their arguments, in the order of their register: types are spoiled before rows are wrapped.
    Raises SettingsError for a name nobody registered."""
    chosen = []
    for wish in wishes:
        name, _, argument = wish.partition("=")
        if name.strip() not in QUIRKS:
            raise SettingsError(f"imitate: there is no quirk {name.strip()!r}")
        chosen.append((QUIRKS[name.strip()], argument.strip()))
    order = list(QUIRKS)
    return tuple(sorted(chosen, key=lambda choice: order.index(choice[0].name)))
