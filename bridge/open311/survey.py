"""What is odd about a city's services and definitions, in words for its staff. Pure.

FixMyStreet's PopulateServiceList has met all of it: names with trailing blanks, two services of one name,
services without a code, empty definitions where metadata says there is one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bridge.open311.documents import Tree
from bridge.open311.offered import is_placeholder
from bridge.open311.shapes import Row, rows, text
from bridge.open311.wire import WRAPPINGS, definition
from bridge.vocabulary import Attribute

Level = Literal["fine", "odd", "bad"]
_DOUBTFUL = re.compile(r"\b(test|fake|deprecated|old)\b", re.IGNORECASE)
_DATATYPES = ("string", "number", "datetime", "text", "singlevaluelist", "multivaluelist")
_MANY = 300
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing seen: fine, odd (the bridge copes) or bad (a person must act), about what, in a sentence."""

    level: Level
    subject: str
    words: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.words}"


def of_services(tree: Tree) -> tuple[Finding, ...]:
    """What is odd about a service list."""
    found = rows(tree, WRAPPINGS, ("service_code", "service_name"))
    return tuple(Finding(level, "services", words) for level, words in _of_services(found))


def of_definition(service_code: str, tree: Tree) -> tuple[Finding, ...]:
    """What is odd about the definition of a service whose metadata says that there is one."""
    subject = f"definition of {service_code}"
    return tuple(Finding("odd", subject, words) for words in _of_attributes(definition(tree)))


def unreadable_definition(service_code: str, told: str) -> tuple[Finding, ...]:
    """What a definition is that the city does not show although metadata says that there is one."""
    return (Finding("odd", f"definition of {service_code}", f"{told}: nothing is asked"),)


def _of_services(found: Sequence[Row]) -> Iterator[tuple[Level, str]]:
    if not found:
        yield "bad", "the list is empty"
    codes = [text(row.get("service_code")) for row in found]
    names = [str(row.get("service_name") or "") for row in found]
    if nameless := [name.strip() or "(no name)" for code, name in zip(codes, names, strict=True) if not code]:
        yield "odd", f"{len(nameless)} without a service_code are left out: {_some(nameless)}"
    if twice := _repeated(code for code in codes if code):
        yield "odd", f"one service_code for several services, the first is used: {_some(twice)}"
    if twice := _repeated(name.strip().casefold() for name in names if name.strip()):
        yield "odd", f"one name for several services, told apart by group or code: {_some(twice)}"
    if blank := [code for code, name in zip(codes, names, strict=True) if code and not name.strip()]:
        yield "bad", f"without a name, so residents see the code: {_some(blank)}"
    if padded := [name.strip() for name in names if name != name.strip()]:
        yield "odd", f"blanks around names are trimmed: {_some(padded)}"
    if fake := [name.strip() for name in names if is_placeholder(name)]:
        yield "odd", f"not meant for residents, by their names, and left out: {_some(fake)}"
    if doubtful := [name.strip() for name in names if _DOUBTFUL.search(name) and not is_placeholder(name)]:
        yield "odd", f"perhaps not meant for residents, by their names: {_some(doubtful)}"
    if kinds := sorted({text(row.get("type")) for row in found} - {"realtime", "batch", "blackbox", ""}):
        yield "odd", f"unknown types are taken for realtime: {_some(kinds)}"
    if len(found) > _MANY:
        yield "odd", f"{len(found)} of them: a resident's choice among them will be wide"


def _of_attributes(attributes: Sequence[Attribute]) -> Iterator[str]:
    if not attributes:
        yield "empty or unreadable, though metadata says that there is one: nothing is asked"
    if twice := _repeated(attribute.code for attribute in attributes):
        yield f"one code for several attributes: {_some(twice)}"
    if unknown := [word for word in map(_datatype, attributes) if word not in _DATATYPES]:
        yield f"datatypes outside the specification: {_some(unknown)}"
    if bare := [a.code for a in attributes if a.datatype.endswith("list") and a.variable and not a.values]:
        yield f"lists without values take any answer: {_some(bare)}"


def _datatype(attribute: Attribute) -> str:
    return text(attribute.raw.get("datatype")).lower()


def _repeated(words: Iterable[str]) -> list[str]:
    return [word for word, times in Counter(words).items() if times > 1]


def _some(words: Sequence[Any]) -> str:
    distinct = list(dict.fromkeys(str(word) for word in words))
    more = f" and {len(distinct) - _SHOWN} more" if len(distinct) > _SHOWN else ""
    return ", ".join(distinct[:_SHOWN]) + more
