"""A city's history as training text: residents' words only, each once.

Public histories hold much that no resident wrote: crew notes, templates of an app, our own marker lines, the
same report sent five times. A classifier that learns those learns the app, not the problem.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from classifiers.training.data import Row

_MARKER = re.compile(r"(?im)^\s*ref(?:erence)?[:.]?\s+[A-Z0-9]{6,10}\s*$")
_OURS = re.compile(r"(?im)^(location as described by the resident: .*|\[in english: .*\])$")
_STAFF = re.compile(
    r"(?i)\b(work order|wo ?#|case (was )?(closed|resolved|created)|referred to|forwarded to|inspector|"
    r"duplicate of|crew (was )?dispatched|caller (states|reports|says)|constituent (states|reports|called)|"
    r"(intake|csr|operator) notes?)\b"
)
_SHAPE = re.compile(r"\d+")
_TEMPLATE_REPEATS = 5  # so many reports of one wording, numbers aside, are a form letter
_FEWEST_LETTERS = 3


def cleaned(rows: Iterable[Row]) -> list[Row]:
    """The rows worth learning from, in order: labelled, in a resident's words, no wording of a label twice."""
    stripped = [_replaced(row) for row in rows if row.code]
    templates = _templates(stripped)
    return list(_distinct(row for row in stripped if _worth(row, templates)))


def _replaced(row: Row) -> Row:
    text = _OURS.sub("", _MARKER.sub("", row.text)).strip()
    return replace(row, text=text)


def _templates(rows: Sequence[Row]) -> set[str]:
    counts = Counter(_shape(row.text) for row in rows)
    return {shape for shape, times in counts.items() if times >= _TEMPLATE_REPEATS and len(shape.split()) > 3}


def _worth(row: Row, templates: set[str]) -> bool:
    letters = sum(char.isalpha() for char in row.text)
    return letters >= _FEWEST_LETTERS and _shape(row.text) not in templates and not _STAFF.search(row.text)


def _distinct(rows: Iterable[Row]) -> Iterator[Row]:
    seen: set[tuple[str, str]] = set()
    for row in rows:
        key = (" ".join(row.text.lower().split()), row.code)
        if key not in seen:
            seen.add(key)
            yield row


def _shape(text: str) -> str:
    return " ".join(_SHAPE.sub("0", text.lower()).split())
