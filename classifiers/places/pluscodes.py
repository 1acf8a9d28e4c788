"""Plus codes (Open Location Code): "86J58FXQ+GM", or short with the city in mind: "8FXQ+GM Fairview".

After the specification of Open Location Code: pairs of digits to base 20, latitude before longitude, then
digits of a grid of five rows and four columns. A short code leaves out the first digits, which are those of the
nearest such place to a reference point.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from classifiers.places.geometry import METRES_PER_DEGREE, Point

_DIGITS = "23456789CFGHJMPQRVWX"
_ROWS, _COLUMNS = 5, 4
_PAIRS, _BEFORE_PLUS = 10, 8
SHAPE = rf"(?:[{_DIGITS}]{{4}}|[{_DIGITS}]{{6}}|[{_DIGITS}]{{8}})\+[{_DIGITS}]{{2,7}}"
CODE = re.compile(rf"(?<![\w+]){SHAPE}(?![\w+])", re.IGNORECASE)
"""A code that means some metres; shorter ones mean a square of a kilometre and are not said for a place."""


@dataclass(frozen=True, slots=True)
class Area:
    """The middle of a code's square, and how far its corners are from there."""

    at: Point
    reach_m: float


def is_code(text: str) -> bool:
    """Whether a text is a plus code; a sum such as "2222+22" is none."""
    return bool(CODE.fullmatch(text)) and any(c.isalpha() for c in text)


def decode(code: str, near: Point | None = None) -> Area | None:
    """The square of a code; of a short one the square nearest to `near`, None without it."""
    before, _, behind = code.upper().partition("+")
    missing = _BEFORE_PLUS - len(before)
    if not missing:
        return _full(before + behind)
    if near is None:
        return None
    area = _full(_prefix(near)[:missing] + before + behind)
    return _nearest(area, near, 20.0 ** (2 - missing / 2)) if area else None


def _full(digits: str) -> Area | None:
    values = [_DIGITS.index(d) for d in digits]
    lat, long, height, width = -90.0, -180.0, 400.0, 400.0
    for i in range(0, _PAIRS, 2):
        height, width = height / 20, width / 20
        lat, long = lat + values[i] * height, long + values[i + 1] * width
    for value in values[_PAIRS:]:
        height, width = height / _ROWS, width / _COLUMNS
        lat, long = lat + value // _COLUMNS * height, long + value % _COLUMNS * width
    if lat >= 90 or long >= 180:
        return None
    at = (lat + height / 2, long + width / 2)
    east = width * math.cos(math.radians(at[0]))
    return Area(at, METRES_PER_DEGREE * math.hypot(height, east) / 2)


def _prefix(near: Point) -> str:
    """The first eight digits of a point's code."""
    lat, long, size, digits = near[0] + 90, near[1] + 180, 400.0, ""
    for _ in range(_BEFORE_PLUS // 2):
        size /= 20
        digits += _DIGITS[int(lat // size)] + _DIGITS[int(long // size)]
        lat, long = lat % size, long % size
    return digits


def _nearest(area: Area, near: Point, size: float) -> Area:
    """The square moved by whole steps of `size` degrees to where it is nearest."""
    lat, long = (a + size * round((n - a) / size) for a, n in zip(area.at, near, strict=True))
    return Area((lat, long), area.reach_m)
