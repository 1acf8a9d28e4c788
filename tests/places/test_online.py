"""An online geocoder is asked only what the gazetteer cannot place, once, in its turn, and may fail."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from classifiers.geocode import PlaceLocator
from classifiers.places import online

IN_FAIRVIEW = {"display_name": "9 New Ct, Fairview", "lat": "40.3500", "lon": "-99.5100", "addresstype": "house"}
ELSEWHERE = {**IN_FAIRVIEW, "lat": "48.85", "lon": "2.29"}


class Twin:
    """A geocoder on a loopback socket that answers as told and writes down what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[dict[str, Any]] = []
        self.answer: Any = [IN_FAIRVIEW]
        self.status = 200


@pytest.fixture
def twin() -> Iterator[Twin]:
    twin = Twin()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            twin.asked.append({**query, "agent": self.headers["User-Agent"]})
            self.send_response(twin.status)
            self.end_headers()
            self.wfile.write(json.dumps(twin.answer).encode())

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    twin.url = f"http://127.0.0.1:{server.server_port}/"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield twin
    server.shutdown()
    server.server_close()


@pytest.fixture
def asking(twin: Twin, locator: PlaceLocator, tmp_path: Path) -> online.OnlineLocator:
    service = replace(online.nominatim(twin.url), seconds_between=0.0)
    return online.OnlineLocator(
        locator, service, city="Fairview", contact="ops@fairview.example", cache=tmp_path / "cache.db"
    )


def test_what_the_gazetteer_places_is_never_sent_out(asking: online.OnlineLocator, twin: Twin) -> None:
    assert asking.locate("pothole at 412 Oak St", "en").candidates[0].address == "412 Oak St"
    assert twin.asked == []


def test_only_the_words_of_the_place_are_sent_with_the_operators_name(
    asking: online.OnlineLocator, twin: Twin
) -> None:
    located = asking.locate("my name is Jo, hole at 9 Newbury Ct, please hurry", "en")
    assert located.candidates[0].address == "9 New Ct, Fairview"
    assert not located.ask
    assert twin.asked[0]["q"] == ["9 Newbury Ct, Fairview"]
    assert "ops@fairview.example" in twin.asked[0]["agent"]


def test_the_same_question_is_asked_once(asking: online.OnlineLocator, twin: Twin) -> None:
    for _ in range(3):
        asking.locate("hole at 9 Newbury Ct", "en")
    assert len(twin.asked) == 1


def test_an_answer_outside_the_city_is_dropped(asking: online.OnlineLocator, twin: Twin) -> None:
    twin.answer = [ELSEWHERE]
    assert asking.locate("hole at 9 Newbury Ct", "en").candidates == ()


@pytest.mark.parametrize(
    ("status", "answer"), [(503, []), (200, {"odd": 1}), (200, [{"lat": "x"}]), (429, "slow down")]
)
def test_when_the_service_fails_the_offline_answer_stands(
    asking: online.OnlineLocator, twin: Twin, status: int, answer: Any
) -> None:
    twin.status, twin.answer = status, answer
    located = asking.locate("hole at 9 Newbury Ct", "en")
    assert located.ask
    assert located.candidates == ()


def test_photon_and_census_answers_are_read() -> None:
    feature = {
        "geometry": {"coordinates": [-99.51, 40.35]},
        "properties": {"housenumber": "9", "street": "New Ct"},
    }
    match = {"matchedAddress": "9 NEW CT, FAIRVIEW", "coordinates": {"x": -99.51, "y": 40.35}}
    assert online.photon().read({"features": [feature]}) == [("9 New Ct", 40.35, -99.51, 20.0)]
    assert online.census().read({"result": {"addressMatches": [match]}}) == [
        ("9 NEW CT, FAIRVIEW", 40.35, -99.51, 50.0)
    ]
