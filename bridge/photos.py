"""A file a resident sent, made safe to keep and to show: photos are taken apart and made again, recordings are
known by their first bytes, everything else is refused.

A file is believed in nothing. Its kind is what its own first bytes say, of a short list; a photo is decoded under
limits of size and memory, asked where it was taken, and then its bare pixels are written anew, so that nothing it
carried (place, time, camera, thumbnail, comment, or what hides behind its end) is published. Pure, and slow: call
from a thread.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any, Final

from PIL import Image, ImageOps

from bridge.errors import Permanent
from bridge.vocabulary import Developed, Pin

FILE_LIMIT: Final = 20 * 1024 * 1024  # bytes
PIXEL_LIMIT: Final = 60_000_000  # more than any phone sends; decoded 180 MB at most
LONGEST_SIDE: Final = 2560  # pixels; a house number across the street stays readable
QUALITY: Final = 85
FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP")  # JPEG: MPO too, of cameras with two lenses
HEIC: Final = "HEIF"

# EXIF 2.3, GPS Info IFD (https://www.cipa.jp/std/documents/e/DC-008-2012_E.pdf, 4.6.6)
_GPS_IFD, _LAT_REF, _LAT, _LONG_REF, _LONG, _ERROR = 0x8825, 1, 2, 3, 4, 31
METRES_A_DEGREE: Final = 111_320.0
USUAL_ERROR: Final = 15.0  # metres; a phone's GPS in a street, where the photo does not say


def develop(content: bytes) -> Developed:
    """A photo as a JPEG of our own, or a recording as it is. Raises Permanent whose `code` is one of too_large,
    too_many_pixels, damaged, heic (where the optional decoder is not installed) and not_a_photo."""
    if len(content) > FILE_LIMIT:
        raise Permanent(f"a file of more than {FILE_LIMIT} bytes", code="too_large")
    kind = sniffed(content)
    if kind.startswith("audio/"):
        return Developed(content, kind)
    if not kind:
        raise Permanent("neither a photo nor a recording that can be shown", code="not_a_photo")
    return _photo(content, _heic() if kind == "image/heic" else FORMATS)


def sniffed(content: bytes) -> str:
    """What the first bytes say: the type of a photo or recording that is taken, else ""."""
    return next((kind for kind, fits in _SIGNATURES.items() if fits(content[:16])), "")


_SIGNATURES: Final[Mapping[str, Callable[[bytes], bool]]] = {
    "image/jpeg": lambda head: head.startswith(b"\xff\xd8\xff"),
    "image/png": lambda head: head.startswith(b"\x89PNG\r\n\x1a\n"),
    "image/gif": lambda head: head.startswith((b"GIF87a", b"GIF89a")),
    "image/webp": lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP",
    "image/heic": lambda head: head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"mif1", b"msf1"),
    "audio/ogg": lambda head: head.startswith(b"OggS"),
    "audio/amr": lambda head: head.startswith(b"#!AMR"),
    "audio/mpeg": lambda head: head.startswith((b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")),
    "audio/aac": lambda head: head.startswith((b"\xff\xf1", b"\xff\xf9")),
    "audio/mp4": lambda head: head[4:8] == b"ftyp" and head[8:12] in (b"M4A ", b"M4B "),
}


def _heic() -> tuple[str, ...]:
    try:
        from pi_heif import register_heif_opener  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        raise Permanent("a HEIC photo, and pi-heif is not installed", code="heic") from None
    register_heif_opener()
    return (HEIC,)


def _photo(content: bytes, formats: tuple[str, ...]) -> Developed:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd EXIF, which is left out anyway; the limits are our own
            with Image.open(BytesIO(content), formats=formats) as image:
                return _made_again(image)
    except Permanent:
        raise
    except Image.DecompressionBombError:
        raise _too_many_pixels() from None
    except Exception as error:  # whatever a decoder trips over
        raise Permanent(f"a damaged photo ({type(error).__name__})", code="damaged") from None


def _made_again(image: Image.Image) -> Developed:
    width, height = image.size
    if width * height > PIXEL_LIMIT:
        raise _too_many_pixels()
    pin = _taken_at(image)
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))  # first: a JPEG is then never decoded in full
    bare = _flat(ImageOps.exif_transpose(image))
    bare.info.clear()  # JPEG's writer would put a comment found here into the new file
    out = BytesIO()
    bare.save(out, "JPEG", quality=QUALITY)
    return Developed(out.getvalue(), "image/jpeg", pin)


def _flat(image: Image.Image) -> Image.Image:
    """Without transparency: what was see-through is white."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        ground = Image.new("RGB", image.size, "white")
        ground.paste(image, mask=image.getchannel("A"))
        return ground
    return image.convert("RGB")


def _too_many_pixels() -> Permanent:
    return Permanent(f"a photo of more than {PIXEL_LIMIT} pixels", code="too_many_pixels")


# ------------------------------------------------------------------------------------ where it was taken


def _taken_at(image: Image.Image) -> Pin | None:
    """Where a photo says that it was taken; None where it does not, or says what cannot be."""
    try:
        gps = image.getexif().get_ifd(_GPS_IFD)
        lat, lat_step = _degrees(gps[_LAT])
        long, long_step = _degrees(gps[_LONG])
        lat *= -1 if _text(gps.get(_LAT_REF)).upper().startswith("S") else 1
        long *= -1 if _text(gps.get(_LONG_REF)).upper().startswith("W") else 1
        error = _positive(gps.get(_ERROR)) or USUAL_ERROR
    except Exception:  # EXIF is written by anybody
        return None
    if not (abs(lat) <= 90 and abs(long) <= 180) or (lat, long) == (0, 0):  # where cameras without a fix are
        return None
    written = max(lat_step, long_step * math.cos(math.radians(lat))) * METRES_A_DEGREE
    return Pin(lat, long, accuracy_m=round(max(error, written), 1))


def _degrees(parts: Any) -> tuple[float, float]:
    """Degrees of degrees, minutes and seconds, and how finely they are written (in degrees). Whole minutes without
    seconds are a mile wide."""
    units = (1.0, 1 / 60, 1 / 3600)
    values = [float(part) for part in parts][:3]
    if not values or any(not math.isfinite(value) or value < 0 for value in values):
        raise ValueError("no position")
    told = max((n for n, value in enumerate(values) if value), default=0)
    finest = units[told] / max(1, getattr(parts[told], "denominator", 1))
    return sum(value * unit for value, unit in zip(values, units, strict=False)), finest


def _positive(value: Any) -> float:
    number = float(value) if value is not None else 0.0
    return number if math.isfinite(number) and number > 0 else 0.0


def _text(value: Any) -> str:
    return value.decode("ascii", "replace") if isinstance(value, bytes) else str(value or "")
