"""A resident's file is taken apart and made again, or refused by a name."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from bridge import photos
from bridge.errors import Permanent
from bridge.photos import develop
from tests.photos.made import BLUE, SECRET, photo, position

HERE = (40.347511, -99.512342)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n(x) run"


def opened(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


def refusal(content: bytes) -> str:
    with pytest.raises(Permanent) as refused:
        develop(content)
    return refused.value.code


def png(width: int, height: int, rows: bytes = b"") -> bytes:
    """A PNG that says how large it is, and holds these rows."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )


# ------------------------------------------------------------------------------------------- what is kept


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_photo_becomes_a_jpeg_that_holds_nothing_but_pixels(kind: str) -> None:
    taken = photo(kind, gps=position(*HERE))
    made = develop(taken)
    assert SECRET.encode() in taken
    assert SECRET.encode() not in made.content
    image = opened(made.content)
    assert (image.format, image.size, made.media_type) == ("JPEG", (320, 240), "image/jpeg")
    assert dict(image.getexif()) == {}
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_of_a_camera_with_two_lenses_the_first_picture_is_kept() -> None:
    out = BytesIO()
    second = Image.new("RGB", (40, 30), "blue")
    Image.new("RGB", (40, 30), "red").save(out, "MPO", save_all=True, append_images=[second])
    made = opened(develop(out.getvalue()).content)
    assert (made.format, made.size) == ("JPEG", (40, 30))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "LA", "I;16"])
def test_pixels_of_any_kind_are_taken(mode: str) -> None:
    out = BytesIO()
    Image.new(mode, (40, 30)).save(out, "PNG")
    assert opened(develop(out.getvalue()).content).mode == "RGB"


def test_what_was_see_through_is_white() -> None:
    out = BytesIO()
    Image.new("RGBA", (40, 30), (0, 0, 0, 0)).save(out, "PNG")
    assert opened(develop(out.getvalue()).content).getpixel((5, 5)) == (255, 255, 255)


def test_a_photo_is_turned_upright() -> None:
    assert opened(develop(photo(turned=6)).content).size == (240, 320)


def test_a_large_photo_is_made_smaller() -> None:
    assert opened(develop(photo(size=(5000, 1000))).content).size == (photos.LONGEST_SIDE, 512)


def test_the_same_photo_is_the_same_file_and_another_is_not() -> None:
    assert develop(photo()).content == develop(photo()).content != develop(photo(colour=BLUE)).content


def test_only_the_first_picture_of_a_moving_one_is_kept() -> None:
    out = BytesIO()
    Image.new("RGB", (40, 30), "red").save(
        out, "GIF", save_all=True, append_images=[Image.new("RGB", (40, 30), "blue")]
    )
    assert getattr(opened(develop(out.getvalue()).content), "n_frames", 1) == 1


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"OggS" + bytes(60), "audio/ogg"),
        (b"#!AMR\n" + bytes(60), "audio/amr"),
        (b"ID3" + bytes(60), "audio/mpeg"),
    ],
)
def test_a_recording_is_kept_as_it_is(content: bytes, media_type: str) -> None:
    made = develop(content)
    assert (made.content, made.media_type, made.is_photo) == (content, media_type, False)


# ---------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    "content", [SVG, EPS, b"%PDF-1.7", b"<html>", b"II*\0" + bytes(60), b"BM" + bytes(60), b""]
)
def test_what_is_no_photo_is_refused_by_its_first_bytes(content: bytes) -> None:
    assert refusal(content) == "not_a_photo"


def test_eps_that_says_it_is_a_jpeg_is_never_run() -> None:
    assert refusal(b"\xff\xd8\xff" + EPS) == "damaged"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_truncated_photo_is_refused(kind: str) -> None:
    whole = photo(kind, size=(400, 300)).removesuffix(SECRET.encode())
    assert refusal(whole[: len(whole) * 3 // 5]) == "damaged"


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    assert refusal(png(50_000, 50_000)) == "too_many_pixels"


def test_more_pixels_than_fit_are_refused_though_no_bomb() -> None:
    assert refusal(png(10_000, 7_000)) == "too_many_pixels"


def test_text_that_unpacks_to_a_lot_is_refused() -> None:
    bomb = b"tEXt", zlib.compress(bytes(80 * 1024 * 1024))
    data = b"Comment\0\0" + bomb[1]
    chunk = struct.pack(">I", len(data)) + b"zTXt" + data + struct.pack(">I", zlib.crc32(b"zTXt" + data))
    whole = png(10, 10, bytes(310))
    with_text = whole[:33] + chunk + whole[33:]
    assert refusal(with_text) == "damaged"


def test_a_file_too_large_is_refused() -> None:
    assert refusal(photo() + bytes(photos.FILE_LIMIT)) == "too_large"


def test_heic_is_named_where_its_decoder_is_not_installed() -> None:
    try:
        import pi_heif  # noqa: F401
    except ImportError:
        assert refusal(b"\0\0\0\x18ftypheic" + bytes(60)) == "heic"
    else:
        assert refusal(b"\0\0\0\x18ftypheic" + bytes(60)) == "damaged"


@hypothesis_settings(max_examples=150, deadline=None)
@given(st.sampled_from(["JPEG", "PNG", "WEBP", "GIF"]), st.data())
@example("JPEG", None)
def test_no_bytes_get_past_it_as_anything_but_a_clean_photo(kind: str, data: st.DataObject | None) -> None:
    content = bytearray(photo(kind, size=(24, 18), gps=position(*HERE)))
    if data:
        for _ in range(data.draw(st.integers(1, 12))):
            content[data.draw(st.integers(8, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        made = develop(bytes(content))
    except Permanent:
        return
    assert opened(made.content).format == "JPEG"
    assert SECRET.encode() not in made.content


@given(st.binary(max_size=200))
def test_any_bytes_are_kept_or_refused_by_a_name(content: bytes) -> None:
    assert named(content) in ("kept", "too_large", "too_many_pixels", "damaged", "heic", "not_a_photo")


def named(content: bytes) -> str:
    try:
        develop(content)
    except Permanent as refused:
        return refused.code
    return "kept"


# --------------------------------------------------------------------------------------- where it was taken


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_where_a_photo_was_taken_is_read(kind: str) -> None:
    pin = develop(photo(kind, gps=position(*HERE, error=4.5))).pin
    assert pin
    assert (pin.lat, pin.long) == pytest.approx(HERE, abs=3e-6)
    assert pin.accuracy_m == 4.5


def test_a_photo_that_does_not_say_how_sure_it_is_has_a_phone_s_usual_error() -> None:
    pin = develop(photo(gps=position(*HERE))).pin
    assert pin
    assert pin.accuracy_m == photos.USUAL_ERROR


def test_the_southern_and_eastern_half_are_read() -> None:
    pin = develop(photo(gps=position(-33.9, 151.2))).pin
    assert pin
    assert (pin.lat, pin.long) == pytest.approx((-33.9, 151.2), abs=3e-6)


def test_whole_minutes_are_a_mile_wide() -> None:
    minutes = (IFDRational(40, 1), IFDRational(20, 1), IFDRational(0, 1))
    pin = develop(photo(gps={1: "N", 2: minutes, 3: "W", 4: minutes})).pin
    assert pin
    assert pin.accuracy_m
    assert pin.accuracy_m > 1_000


@pytest.mark.parametrize(
    "gps",
    [
        {},
        {1: "N", 2: (IFDRational(0, 0),) * 3, 3: "W", 4: (IFDRational(0, 0),) * 3},
        position(0, 0),
        {1: "N", 2: (IFDRational(95, 1),) * 3, 3: "W", 4: (IFDRational(99, 1),) * 3},
        {2: (IFDRational(40, 1),)},
    ],
    ids=["none", "no fix", "null island", "off the earth", "half"],
)
def test_a_place_that_cannot_be_is_none(gps: dict[int, object]) -> None:
    assert develop(photo(gps=gps)).pin is None
