"""Photos that come with a form: looked at, made again without what they carry, kept under a secret name.

A file is trusted in nothing: its type is what Pillow finds of a short list of formats, and what is stored is
a new picture of the same pixels, so neither GPS positions nor anything hidden in the file is published.
"""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from bridge.city.answers import refuse

FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
FILE_LIMIT = 10 * 1024 * 1024
PIXEL_LIMIT = 50_000_000
LONGEST_SIDE = 2560
FOLDER = "media"
_NAME = re.compile(r"[A-Za-z0-9_-]{32}\.jpg")


@dataclass(frozen=True, slots=True)
class Photo:
    """A JPEG of our own making. `name` has 192 random bits: only who was told it can fetch it."""

    content: bytes = field(repr=False)
    name: str = field(default_factory=lambda: f"{secrets.token_urlsafe(24)}.jpg")

    @property
    def url(self) -> str:
        """Where it is served, relative to the endpoint."""
        return f"{FOLDER}/{self.name}"


def take(content: bytes) -> Photo:
    """A clean photo of an uploaded file. Takes CPU time: call it from a thread. Raises Refused (400)."""
    if len(content) > FILE_LIMIT:
        raise refuse(400, f"A photo may be at most {FILE_LIMIT // 1024**2} MB.")
    try:
        with Image.open(BytesIO(content), formats=FORMATS) as image:
            return Photo(_again(image))
    except (UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise refuse(400, "A file is no photo: JPEG, PNG, GIF and WebP are taken.") from None
    except (OSError, ValueError, SyntaxError, EOFError, IndexError):
        raise refuse(400, "A photo is damaged.") from None


def _again(image: Image.Image) -> bytes:
    width, height = image.size
    if width * height > PIXEL_LIMIT:
        raise refuse(400, f"A photo may have at most {PIXEL_LIMIT // 1_000_000} megapixels.")
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))  # first: a JPEG is then never decoded in full
    out = BytesIO()
    _flat(ImageOps.exif_transpose(image)).save(out, "JPEG", quality=85)
    return out.getvalue()


def _flat(image: Image.Image) -> Image.Image:
    """The pixels alone on white ground: a new image has none of the old one's metadata."""
    layer = image.convert("RGBA")
    ground = Image.new("RGB", image.size, "white")
    ground.paste(layer, mask=layer.getchannel("A"))
    return ground


def keep(photo: Photo, folder: Path) -> None:
    """Writes the file so that it is there for good before the row that names it is."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / photo.name).open("xb") as file:
        file.write(photo.content)
        file.flush()
        os.fsync(file.fileno())


def find(name: str, folder: Path) -> Path | None:
    """The file of a name we gave; None for any other."""
    path = folder / name
    return path if _NAME.fullmatch(name) and path.is_file() else None
