"""How many SMS segments a text costs, and how a long one is cut into messages.

Sizes and alphabets are those of 3GPP TS 23.038 (default alphabet, extension table) and TS 23.040
(concatenated messages): 160 septets or 70 UTF-16 units alone, 153 or 67 each when several are joined. A
character of two units (an extension character, one beyond U+FFFF) never straddles two segments.
"""

from __future__ import annotations

from typing import Literal

Encoding = Literal["gsm7", "ucs2"]

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("^{}\\[~]|€\f")
_ALONE: dict[Encoding, int] = {"gsm7": 160, "ucs2": 70}
_JOINED: dict[Encoding, int] = {"gsm7": 153, "ucs2": 67}


def encoding(text: str) -> Encoding:
    """`gsm7` when every character is in the GSM alphabet or its extension table, else `ucs2`."""
    return "gsm7" if all(char in _BASIC or char in _EXTENSION for char in text) else "ucs2"


def count(text: str) -> int:
    """Segments the text is billed as; at least 1."""
    alphabet = encoding(text)
    widths = [_width(char, alphabet) for char in text]
    if sum(widths) <= _ALONE[alphabet]:
        return 1
    return _packed(widths, _JOINED[alphabet])


def split(text: str, max_segments: int = 10) -> tuple[str, ...]:
    """The text as messages of at most `max_segments` segments each, cut between words, marked (1/2), (2/2).

    A text that fits is returned alone and unchanged. Only white space at a cut is lost; a word longer than a
    whole message is cut inside. Ten segments stay below the 1,600 characters Twilio takes in one body
    (https://www.twilio.com/docs/glossary/what-sms-character-limit).
    """
    if count(text) <= max_segments:
        return (text,)
    digits = 1
    while True:
        room = f" ({'9' * digits}/{'9' * digits})"
        parts = _cut(text, room, max_segments)
        if len(parts) < 10**digits:
            return tuple(f"{part} ({number}/{len(parts)})" for number, part in enumerate(parts, 1))
        digits += 1


def _width(char: str, alphabet: Encoding) -> int:
    wide = char in _EXTENSION if alphabet == "gsm7" else ord(char) > 0xFFFF
    return 2 if wide else 1


def _packed(widths: list[int], size: int) -> int:
    segments, used = 1, 0
    for width in widths:
        if used + width > size:
            segments, used = segments + 1, 0
        used += width
    return segments


def _cut(text: str, marker: str, max_segments: int) -> list[str]:
    parts = []
    rest = text.strip()
    while rest:
        end = _longest(rest, marker, max_segments)
        if end < len(rest):
            end = _word_end(rest, end)
        parts.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return parts


def _longest(text: str, marker: str, max_segments: int) -> int:
    """Length of the longest prefix that fits with its marker; segments never shrink as a prefix grows."""
    low, high = 1, min(len(text), max_segments * _ALONE["gsm7"])
    while low < high:
        middle = (low + high + 1) // 2
        if count(text[:middle] + marker) <= max_segments:
            low = middle
        else:
            high = middle - 1
    return low


def _word_end(text: str, end: int) -> int:
    """The last cut at or before `end` that is between two words; `end` itself when there is none."""
    for cut in range(end, 0, -1):
        if text[cut].isspace() or text[cut - 1].isspace():
            return cut
    return end
