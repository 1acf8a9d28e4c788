"""What a resident wrote themselves: a mail's body without quoted replies, signatures and client adverts. Pure.

Every pattern is applied line by line to lines of bounded length, so no body costs more than linear time.
"""

from __future__ import annotations

import re
from typing import Final

import quotequail

LINE_LIMIT: Final = 2_000

_SIGNATURE_START: Final = re.compile(r"^(--|––|—|__+)\s*$")
_ADVERT: Final = re.compile(
    r"^\s*(sent (from|via|with) |get outlook for|enviado (desde|con) (mi )?"
    r"|gesendet (von|mit) |von meinem .* gesendet)",
    re.IGNORECASE,
)


def own_words(body: str) -> str:
    """The part of a body its sender wrote for this message."""
    visible = "\n".join(text for expanded, text in quotequail.quote(body, quote_intro_line=True) if expanded)
    return _unsigned(visible).strip()


def _unsigned(text: str) -> str:
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if _SIGNATURE_START.match(line[:LINE_LIMIT]):
            return "\n".join(lines[:number])
    while lines and (not lines[-1].strip() or _ADVERT.match(lines[-1][:LINE_LIMIT])):
        lines.pop()
    return "\n".join(lines)
