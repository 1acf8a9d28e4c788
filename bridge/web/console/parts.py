"""What the console stands on, made by `app`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bridge.city.desk import Desk
from bridge.flow.settling import Handling
from bridge.ports import Blobs, Catalog
from bridge.vocabulary import Retention
from bridge.web.console.taking import Taken
from classifiers.places.drawing import Box, Drawing
from config.settings import ConsoleSettings

MOUNT = "/console"


@dataclass(frozen=True, slots=True)
class AccountInfo:
    """A configured number, mailbox or bot."""

    id: str
    channel: str
    cities: tuple[str, ...]
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Console:
    """Everything a page may ask. `secret` signs what has to come back unchanged from a browser; `retention` is the
    settings file's; `learns`: learning runs that are asked for are done;
    `drawing`: the streets of a city in a box, for a map without tiles."""

    handling: Handling
    settings: ConsoleSettings
    secret: bytes = field(repr=False)
    catalog: Catalog
    public_url: str
    desks: Mapping[str, Desk] = field(default_factory=dict)
    accounts: Sequence[AccountInfo] = ()
    taken: Taken = field(default_factory=Taken)
    city_settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    circuits: Callable[[], Mapping[str, tuple[datetime | None, ...]]] = dict
    test: Callable[[str, str], Awaitable[None]] | None = None
    retention: Retention = field(default_factory=Retention)
    blobs: Blobs | None = None
    learns: bool = False
    drawing: Callable[[str, Box], Awaitable[Drawing]] | None = None

    @property
    def undo(self) -> timedelta:
        return timedelta(seconds=self.settings.undo_seconds)

    @property
    def secure(self) -> bool:
        """Whether cookies travel over https alone."""
        return self.public_url.startswith("https:")
