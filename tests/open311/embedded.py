"""The embedded city on a real socket, imitating whatever a test names, and clients of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bridge.city.desk import Desk
from bridge.open311 import Client, File, Profile
from tests.open311.scripted import KEY, ManualClock

SERVICES = [
    {"service_code": "001", "service_name": "Pothole", "type": "realtime", "group": "street"},
    {"service_code": "002", "service_name": "Abandoned car", "type": "batch", "keywords": "wreck, parked"},
    {"service_code": "003", "service_name": "A tip for the city", "type": "blackbox"},
    {"service_code": "004", "service_name": "Street lamp", "type": "realtime"},
]
DEFINITIONS = {
    "004": {
        "attributes": [
            {"code": "INFO", "datatype": "text", "variable": False, "order": 1, "description": "Stay clear."},
            {"code": "POLE", "datatype": "string", "required": True, "order": 2, "description": "Number?"},
            {"code": "COUNT", "datatype": "number", "order": 3, "description": "How many?"},
            {"code": "SINCE", "datatype": "datetime", "order": 4, "description": "Since when?"},
            {
                "code": "STATE",
                "datatype": "singlevaluelist",
                "order": 5,
                "description": "What is wrong?",
                "values": [{"key": "1", "name": "Out"}, {"key": "2", "name": "On by day"}],
            },
            {
                "code": "SEEN",
                "datatype": "multivaluelist",
                "order": 6,
                "description": "What do you see?",
                "values": [{"key": "3", "name": "Wires"}, {"key": "4", "name": "Glass"}],
            },
        ]
    }
}


@dataclass
class EmbeddedCity:
    """A running city. `quirks` are imitated for every request, or chosen by `choose` for each."""

    endpoint: str
    desk: Desk
    clock: ManualClock
    quirks: list[str] = field(default_factory=list)

    def client(self, photo: bytes = b"", **switches: Any) -> Client:
        """A client with the profile switches of a test, and no limits but those."""
        usual = {"fresh_requests_listed": True, "settle_seconds": 0, "reads_per_minute": 0, "circuit_failures": 0}
        profile = Profile.model_validate({"endpoint": self.endpoint, **usual, **switches})

        async def fetch(url: str) -> File:
            return File("photo.jpg", "image/jpeg", photo)

        return Client(profile, KEY, clock=self.clock, sleep=self.clock.sleep, photo=fetch if photo else None)

    def stored(self) -> list[str]:
        """The descriptions the city has stored, those no list shows included."""
        return [row.description for row in self.desk.requests(public=False)]

    def answers(self, words: str) -> dict[str, tuple[str, ...]]:
        """The attributes stored with the request whose description holds the words."""
        row = next(row for row in self.desk.requests(public=False) if words in row.description)
        return {code: tuple(values) for code, values in self.desk.answers(row.service_request_id).items()}

    def close(self, words: str, note: str) -> None:
        """Closes the request whose description holds the words."""
        self.clock.pass_(60)
        row = next(row for row in self.desk.requests(public=False) if words in row.description)
        self.desk.change_status(row.service_request_id, "closed", note)


RunEmbedded = Callable[..., AbstractContextManager[EmbeddedCity]]


def catalog(folder: Path) -> dict[str, Path]:
    """The files of the service list and the definitions."""
    (folder / "services.json").write_text(json.dumps(SERVICES))
    (folder / "definitions.json").write_text(json.dumps(DEFINITIONS))
    return {"services": folder / "services.json", "definitions": folder / "definitions.json"}
