"""An online geocoder is asked only what the gazetteer cannot place, once, in its turn, and may fail."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from bridge.app import SystemClock
from bridge.app.parts import with_geocoder
from bridge.flow.jurisdiction import Jurisdiction
from bridge.open311.client import Client
from bridge.open311.profile import Profile
from classifiers.geocode import PlaceLocator
from classifiers.places import online
from config.settings import parse

IN_FAIRVIEW = {"display_name": "9 New Ct, Fairview", "lat": "40.3500", "lon": "-99.5100", "addresstype": "house"}
ELSEWHERE = {**IN_FAIRVIEW, "lat": "48.85", "lon": "2.29"}


class Twin:
    """A geocoder on a loopback socket that answers as told and writes down what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[dict[str, Any]] = []
        self.answer: Any = [IN_FAIRVIEW]
        self.status = 200
        self.retry_after = ""


@pytest.fixture
def twin() -> Iterator[Twin]:
    twin = Twin()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            twin.asked.append({**query, "agent": self.headers["User-Agent"]})
            self.send_response(twin.status)
            if twin.retry_after:
                self.send_header("Retry-After", twin.retry_after)
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
    service = online.service("nominatim", twin.url)
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


def test_a_busy_service_is_left_alone(asking: online.OnlineLocator, twin: Twin) -> None:
    twin.status, twin.answer, twin.retry_after = 429, "slow down", "120"
    for place in ("9 Newbury Ct", "11 Newbury Ct", "13 Newbury Ct"):
        assert asking.locate(f"hole at {place}", "en").ask
    assert len(twin.asked) == 1


async def test_a_city_switches_one_on_in_its_settings(twin: Twin, locator: PlaceLocator, tmp_path: Path) -> None:
    written = SETTINGS.format(url=twin.url)
    settings = parse(written, tmp_path, {}, {})
    settings.data_dir.mkdir()
    jurisdiction = with_geocoder(settings, settings.city[0], jurisdiction_of(locator))
    assert jurisdiction.locator.locate("hole at 9 Newbury Ct", "en").candidates[0].address == "9 New Ct, Fairview"
    assert twin.asked[0]["q"] == ["9 Newbury Ct, Fairview, NE"]
    assert (settings.data_dir / "geocoder-fairview.db").is_file()


def test_without_the_setting_nothing_is_asked(locator: PlaceLocator, tmp_path: Path) -> None:
    settings = parse(SETTINGS.split("[city.geocoder]")[0], tmp_path, {}, {})
    assert with_geocoder(settings, settings.city[0], jurisdiction_of(locator)).locator is locator


SETTINGS = """
[[city]]
id = "fairview"
name = "City of Fairview"
endpoint = "https://fairview.example"
gazetteer = "fairview.geojson"
[city.geocoder]
service = "nominatim"
contact = "ops@fairview.example"
region = "Fairview, NE"
url = "{url}"
"""


def jurisdiction_of(locator: PlaceLocator) -> Jurisdiction:
    client = Client(Profile(endpoint="https://fairview.example"), None, clock=SystemClock())
    return Jurisdiction(
        "fairview", "City of Fairview", client, locator, lambda _: pytest.fail("offered"), lambda *_: "en"
    )


def test_a_public_service_is_asked_in_its_turn_wherever_it_is_written(twin: Twin) -> None:
    assert online.service("nominatim", "https://nominatim.openstreetmap.org/search?x=1").seconds_between >= 1
    assert online.service("nominatim").seconds_between >= 1
    assert online.service("nominatim", twin.url).seconds_between == 0


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
