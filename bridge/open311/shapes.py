"""What real servers wrap their rows in, unwrapped; and single values of any type as the vocabulary's. Pure.

Rows come as the specification's array, under `service_requests`, `request`, `service_request`, `data`, one
alone without its array, or nested in any mix of these (georeport facts: uReport, codefornl, FixMyStreet,
Mark-a-Spot, govflow, Tampere). So a row is recognised by its own keys and everything else is wrapping.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from bridge.open311.documents import Tree

Row = Mapping[str, Any]


def rows(tree: Tree, wrappings: Collection[str], marks: Collection[str]) -> list[Row]:
    """Every mapping that has one of the keys `marks`, in order, looked for through lists and `wrappings`."""
    return list(_rows(tree, wrappings, marks))


def text(value: Any) -> str:
    """A string from whatever came: numbers as written, None and containers as "", blanks trimmed."""
    if value is None or isinstance(value, bool | Mapping | list):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def flag(value: Any, default: bool = False) -> bool:
    """A truth value: real ones, numbers, and the strings that mySociety and simple-crm send ("false")."""
    word = str(value).strip().lower()
    if word in ("true", "1", "yes", "y", "t"):
        return True
    return False if word in ("false", "0", "no", "n", "f") else default


def number(value: Any) -> float | None:
    """A finite number from a number or a numeric string, else None."""
    if isinstance(value, bool):
        return None
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def strings(value: Any) -> tuple[str, ...]:
    """The strings in a value that should be one string but may be a list, a list in a mapping, or empty."""
    if isinstance(value, Mapping):
        return tuple(found for inner in value.values() for found in strings(inner))
    if isinstance(value, list):
        return tuple(found for inner in value for found in strings(inner))
    return (found,) if (found := text(value)) else ()


def items(value: Any, name: str) -> list[Any]:
    """The members of a container: a list, `{name: list}`, `{name: one}`, a list of `{name: one}`, one alone."""
    if isinstance(value, Mapping) and name in value:
        return items(value[name], name)
    if _numbered(value):
        return [found for inner in value.values() for found in items(inner, name)]
    if isinstance(value, list):
        return [found for inner in value for found in items(inner, name)]
    return [] if value is None or value == "" else [value]


def _numbered(value: Any) -> bool:
    """Whether it is a list that PHP wrote as an object, as it does when one of its keys was taken out."""
    return isinstance(value, Mapping) and bool(value) and all(key.isdecimal() for key in value)


def _rows(tree: Tree, wrappings: Collection[str], marks: Collection[str]) -> Iterator[Row]:
    if isinstance(tree, list):
        for item in tree:
            yield from _rows(item, wrappings, marks)
    elif isinstance(tree, Mapping):
        if any(mark in tree for mark in marks):
            yield tree
        elif _numbered(tree):
            for row in tree.values():
                yield from _rows(row, wrappings, marks)
        else:
            for key in wrappings:
                yield from _rows(tree.get(key), wrappings, marks)
