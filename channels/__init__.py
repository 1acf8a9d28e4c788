"""The ways residents reach the bridge: one file each, one line here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import httpx
from pydantic import BaseModel

from bridge.ports import Channel, Clock
from channels import chat, mail, sms

Create = Callable[[str, Any, Clock, httpx.AsyncBaseTransport | None], Channel]


class Kind(NamedTuple):
    """A kind of channel: what the operator may set, and `create(account_id, settings, clock, transport)`."""

    settings: type[BaseModel]
    create: Create


REGISTRY: dict[str, Kind] = {
    "sms": Kind(sms.Settings, sms.create),
    "mail": Kind(mail.Settings, mail.create),
    "chat": Kind(chat.Settings, chat.create),
}
