"""Photos as phones send them, made here: with a place, a turn, a camera's secrets."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from PIL import Image
from PIL.TiffImagePlugin import IFDRational

SECRET = "a very secret garden"
RED, BLUE = (200, 20, 20), (20, 20, 200)
GPS_IFD = 0x8825


def photo(
    kind: str = "JPEG",
    size: tuple[int, int] = (320, 240),
    mode: str = "RGB",
    gps: dict[int, Any] | None = None,
    turned: int = 1,
    colour: tuple[int, int, int] = RED,
) -> bytes:
    """A picture whose file holds a secret wherever its kind has room for one."""
    exif = Image.Exif()
    exif[0x010E] = SECRET  # ImageDescription
    exif[0x0110] = SECRET  # Model
    exif[0x0112] = turned  # Orientation
    if gps:
        exif[GPS_IFD] = gps
    more: dict[str, Any] = {"comment": SECRET.encode()} if kind in ("JPEG", "GIF") else {}
    if kind in ("JPEG", "WEBP"):
        more["xmp"] = f"<x>{SECRET}</x>".encode()
    if kind != "GIF":
        more["exif"] = exif
    image = Image.new("RGB", size, colour).convert(mode)
    out = BytesIO()
    image.save(out, kind, **more)
    return out.getvalue() + SECRET.encode()  # and behind its end


def position(lat: float, long: float, error: float | None = None) -> dict[int, Any]:
    """A GPS directory in degrees, minutes and hundredths of seconds, as phones write it."""
    gps: dict[int, Any] = {1: "N" if lat >= 0 else "S", 2: _sexagesimal(lat), 3: "E" if long >= 0 else "W"}
    gps[4] = _sexagesimal(long)
    if error is not None:
        gps[31] = IFDRational(round(error * 100), 100)
    return gps


def _sexagesimal(value: float) -> tuple[IFDRational, IFDRational, IFDRational]:
    hundredths = round(abs(value) * 360_000)
    return (
        IFDRational(hundredths // 360_000, 1),
        IFDRational(hundredths % 360_000 // 6_000, 1),
        IFDRational(hundredths % 6_000, 100),
    )
