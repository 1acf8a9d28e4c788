"""Photos sent with a request or an update."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from PIL import Image

KEY_FIELDS = {"api_key": "a-key-for-tests", "service_code": "001", "lat": "39", "long": "-86"}
WHERE_TAKEN = b"a secret place"


def picture(kind: str = "JPEG", size: tuple[int, int] = (40, 30), mode: str = "RGB") -> bytes:
    out = BytesIO()
    exif = Image.Exif()
    exif[0x010E] = WHERE_TAKEN.decode()  # ImageDescription
    exif[0x0112] = 6  # Orientation: turned by 90 degrees
    Image.new(mode, size, 200 if mode in "1LP" else (200, 10, 10, 100)[: len(mode)]).save(out, kind, exif=exif)
    return out.getvalue()


def send(city: Any, *files: bytes, **fields: str) -> Any:
    parts = [("media", (f"{n}.jpg", content, "image/jpeg")) for n, content in enumerate(files)]
    return city.http.post("/requests.json", data=KEY_FIELDS | fields, files=parts)


def media_url(city: Any, answer: Any) -> str:
    assert answer.status_code == 200, answer.text
    [row] = city.json(f"/requests/{answer.json()[0]['service_request_id']}.json")
    return str(row["media_url"])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_served_as_a_jpeg_without_its_metadata(city: Any, kind: str) -> None:
    answer = city.http.get(media_url(city, send(city, picture(kind))))
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert WHERE_TAKEN in picture(kind)
    assert WHERE_TAKEN not in answer.content
    served = Image.open(BytesIO(answer.content))
    assert (served.format, len(served.getexif())) == ("JPEG", 0)


def test_a_photo_is_turned_upright(city: Any) -> None:
    served = city.http.get(media_url(city, send(city, picture(size=(40, 30))))).content
    assert Image.open(BytesIO(served)).size == (30, 40)


def test_a_large_photo_is_made_smaller(city: Any) -> None:
    served = city.http.get(media_url(city, send(city, picture(size=(4000, 1000))))).content
    assert max(Image.open(BytesIO(served)).size) == 2560


@pytest.mark.parametrize("mode", ["L", "P", "RGBA"])
def test_any_kind_of_pixels_is_taken(city: Any, mode: str) -> None:
    assert send(city, picture("PNG", mode=mode)).status_code == 200


def test_the_address_of_a_photo_cannot_be_guessed(city: Any) -> None:
    first, second = (media_url(city, send(city, picture())) for _ in range(2))
    assert first != second
    assert len(first.rpartition("/")[2]) == len("x" * 32 + ".jpg")


@pytest.mark.parametrize("name", ["x.jpg", "..%2Fcity.sqlite", "a" * 32 + ".jpg", "%2e%2e/city.sqlite"])
def test_nothing_else_is_served_from_the_folder(city: Any, name: str) -> None:
    assert city.http.get(f"/media/{name}").status_code == 404


def test_several_photos_and_a_link_come_with_extensions(city: Any) -> None:
    answer = send(city, picture(), picture(), media_url="https://photos.example/1.jpg")
    [row] = city.json(f"/requests/{answer.json()[0]['service_request_id']}.json", extensions="true")
    assert row["media_urls"][0] == row["media_url"]
    assert row["media_urls"][2] == "https://photos.example/1.jpg"
    assert len(row["media_urls"]) == 3


def test_a_link_is_passed_on_as_it_came(city: Any) -> None:
    number = city.file(media_url="https://photos.example/1.jpg?a=1&b=2")
    assert city.json(f"/requests/{number}.json")[0]["media_url"] == "https://photos.example/1.jpg?a=1&b=2"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"GIF89a nonsense", "A file is no photo"),
        (b"<svg onload='alert(1)'/>", "A file is no photo"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "A file is no photo"),
        (picture()[:300], "A photo is damaged."),
        (picture("PNG", (9000, 9000), "1"), "A photo may have at most 50 megapixels."),
        (b"\xff" * (10 * 1024 * 1024 + 1), "A photo may be at most 10 MB."),
    ],
)
def test_what_is_no_photo_is_refused_and_nothing_stored(city: Any, content: bytes, words: str) -> None:
    answer = send(city, content)
    assert answer.status_code == 400
    assert words in answer.json()[0]["description"]
    assert city.desk.requests(public=False) == []
    assert not city.desk.photo_folder.exists()


def test_more_photos_than_five_are_refused(city: Any) -> None:
    assert send(city, *[picture()] * 6).status_code == 400


def test_a_form_with_photos_has_a_limit_as_a_whole(city: Any) -> None:
    answer = send(city, *[b"\xff" * 6_000_000] * 5)
    assert answer.json()[0]["description"] == "The request is too large: more than 25165824 bytes."


def test_a_multipart_form_without_photos_is_a_form(city: Any) -> None:
    parts = {name: (None, value) for name, value in KEY_FIELDS.items()}
    assert city.http.post("/requests.json", files=parts).status_code == 200


def test_a_photo_lives_under_the_mounted_prefix(run_city: Any) -> None:
    with run_city(mounted=True) as city:
        url = media_url(city, send(city, picture()))
        assert "/open311/v2/media/" in url
        assert city.http.get(url).status_code == 200
