"""A resident's words as the value of a service attribute. Pure.

GeoReport v2 knows six datatypes; each has one function here, which gives the values to send or None where the
words are no answer. Lists are answered by number or by name, never by guessing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from bridge.flow.commands import bare
from bridge.vocabulary import Attribute, Value

Values = tuple[str, ...]
LONGEST_STRING = 255

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
_DAYS_AGO = {"today": 0, "hoy": 0, "now": 0, "ahora": 0, "yesterday": 1, "ayer": 1, "anteayer": 2}
_AGO = re.compile(
    r"(?:hace |desde hace |about |like |almost |over |casi |unos |unas )*"
    r"(an?|one|two|three|four|five|six|a few|a couple(?: of)?|un|una|dos|tres|cuatro|cinco|seis|\d{1,3}) "
    r"(day|week|month|dia|semana|mes)(?:s|es)?\b"
)
_LAST = re.compile(r"\b(?:last (week|month)|(semana|mes) pasad[ao])\b")
_COUNTS = {
    **dict.fromkeys(("a", "an", "one", "un", "una"), 1),
    **dict.fromkeys(("two", "dos", "a couple", "a couple of"), 2),
    **dict.fromkeys(("three", "tres", "a few"), 3),
    "four": 4,
    "cuatro": 4,
    "five": 5,
    "cinco": 5,
    "six": 6,
    "seis": 6,
}
_DAYS_IN = {"day": 1, "dia": 1, "week": 7, "semana": 7, "month": 30, "mes": 30}
_WEEKDAYS = (
    *(("monday", "lunes"), ("tuesday", "martes"), ("wednesday", "miercoles"), ("thursday", "jueves")),
    *(("friday", "viernes"), ("saturday", "sabado"), ("sunday", "domingo")),
)
_CLOCK = re.compile(r"\b(\d{1,2})(?::(\d{2}))?\s*(am|pm|a\.m\.|p\.m\.)|\b(\d{1,2}):(\d{2})\b", re.IGNORECASE)
_DATE = re.compile(r"\b(\d{1,2})[/-](\d{1,2})(?:[/-](\d{2,4}))?\b")
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")


def interpret(attribute: Attribute, text: str, offered: Sequence[Value], now: datetime) -> Values | None:
    """The values an answer gives, as GeoReport sends them. `offered` are the list values shown, in the order of
    their numbers; `now` is in the city's own zone, which times without one are taken in."""
    words = text.strip()
    if not words:
        return None
    match attribute.datatype:
        case "singlevaluelist":
            return _one(attribute, words, offered)
        case "multivaluelist":
            return _several(attribute, words, offered)
        case "number":
            return _number(words)
        case "datetime":
            return _moment(words, now)
        case "string":
            return (" ".join(words.split())[:LONGEST_STRING],)
        case "text":
            return (words,)


def _one(attribute: Attribute, words: str, offered: Sequence[Value]) -> Values | None:
    picked = _picked(words, attribute, offered)
    return (picked.key,) if picked else None


def _several(attribute: Attribute, words: str, offered: Sequence[Value]) -> Values | None:
    whole = _picked(words, attribute, offered)
    if whole:
        return (whole.key,)
    parts = [part for part in re.split(r"\s*(?:,|;|\n|\band\b|\by\b|&|\+|\s(?=\d+\b))\s*", words) if part]
    picked = [_picked(part, attribute, offered) for part in parts]
    if not picked or any(value is None for value in picked):
        return None
    return tuple(dict.fromkeys(value.key for value in picked if value))


def _picked(words: str, attribute: Attribute, offered: Sequence[Value]) -> Value | None:
    number = re.fullmatch(r"#?(\d{1,2})[.)]?", words)
    if number:
        index = int(number[1]) - 1
        return offered[index] if 0 <= index < len(offered) else None
    said = bare(words)
    same = [value for value in attribute.values if said in (bare(value.name), bare(value.key))]
    like = same or [value for value in attribute.values if re.search(rf"\b{re.escape(said)}\b", bare(value.name))]
    return like[0] if len(like) == 1 else None


def _number(words: str) -> Values | None:
    found = re.findall(r"-?\d+(?:[.,]\d+)?", words)
    return (found[0].replace(",", "."),) if len(found) == 1 else None


def _moment(words: str, now: datetime) -> Values | None:
    day = _day(words, now)
    if day is None:
        return None
    hour, minute = _time(words)
    try:
        return (day.replace(hour=hour, minute=minute, second=0, microsecond=0).isoformat(),)
    except ValueError:
        return None


def _day(words: str, now: datetime) -> datetime | None:
    said = bare(words)
    for word, ago in _DAYS_AGO.items():
        if re.search(rf"\b{word}\b", said):
            return now - timedelta(days=ago)
    if (days := _days_ago(said, now)) is not None:
        return now - timedelta(days=days)
    iso, date = _ISO.search(words), _DATE.search(words)
    try:
        if iso:
            return now.replace(year=int(iso[1]), month=int(iso[2]), day=int(iso[3]))
        if date:
            return _in_past(now, int(date[1]), int(date[2]), date[3])
    except ValueError:
        return None
    return now if _CLOCK.search(words) else None


def _days_ago(said: str, now: datetime) -> int | None:
    """ "three weeks ago", "hace tres semanas", "last month", "since Monday"."""
    ago, last = _AGO.search(said), _LAST.search(said)
    if last:
        return _DAYS_IN[last[1] or last[2]]
    if ago:
        count = int(ago[1]) if ago[1].isdigit() else _COUNTS[ago[1]]
        return count * _DAYS_IN[ago[2]]
    for weekday, names in enumerate(_WEEKDAYS):
        if any(re.search(rf"\b{name}\b", said) for name in names):
            return (now.weekday() - weekday) % 7
    return None


def _in_past(now: datetime, month: int, day: int, year: str | None) -> datetime:
    """Month and day as written in the US; without a year the last such day that was."""
    if year:
        return now.replace(year=int(year) + (2000 if len(year) == 2 else 0), month=month, day=day)
    this_year = now.replace(month=month, day=day)
    return this_year if this_year <= now else this_year.replace(year=now.year - 1)


def _time(words: str) -> tuple[int, int]:
    found = _CLOCK.search(words)
    if not found:
        return 0, 0
    if found[4]:
        return int(found[4]), int(found[5])
    hour = int(found[1]) % 12
    return hour + (12 if found[3].lower().startswith("p") else 0), int(found[2] or 0)


# ----------------------------------------------------------------------------------------- who reports


def email_in(text: str) -> str | None:
    """The mail address in a text."""
    found = _EMAIL.search(text)
    return found[0] if found else None


def name_in(text: str) -> tuple[str, str] | None:
    """First and last name from an answer such as "Ada Field" or "my name is Ada Field"."""
    said = re.sub(r"(?i)^\s*(my name is|i am|i'm|this is|me llamo|mi nombre es|soy)\s+", "", text.strip())
    parts = [part for part in re.split(r"[\s,]+", said) if re.fullmatch(r"[^\W\d_][\w'.-]*", part)]
    if not parts or len(parts) > 4 or len(said) > 60:
        return None
    return parts[0], " ".join(parts[1:])
