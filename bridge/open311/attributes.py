"""Answers to a service definition's questions, checked and put the way the datatype is sent. Pure.

Servers hardly check: uReport, simple-crm and codefornl take a request without its required attributes, and
mySociety's adapter files "nonsense" for a list. So every datatype is checked here before a POST.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Literal

from bridge.open311.instants import read_instant, write_instant
from bridge.open311.shapes import number, text
from bridge.vocabulary import Attribute

Why = Literal["missing", "number", "datetime", "choice", "one_line", "one_value"]
_NOT_ASKED = ("server_set", "hidden_field")  # mySociety's `automated`: filled by the server or the sender


@dataclass(frozen=True, slots=True)
class Fault:
    """An answer that the city could not take. `why` is missing, or what the answer should have been."""

    code: str
    why: Why
    value: str = ""

    def __str__(self) -> str:
        return f"{self.code}: {_WORDS[self.why]}" + (f" ({self.value})" if self.value else "")


_WORDS: Mapping[Why, str] = {
    "missing": "an answer is required",
    "number": "must be a number",
    "datetime": "must be a date and time",
    "choice": "must be one of the listed values",
    "one_line": "must be one line",
    "one_value": "takes one value",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """Answers as they are sent, and what is wrong with the others."""

    values: Mapping[str, tuple[str, ...]]
    faults: tuple[Fault, ...]


def asked(attributes: Sequence[Attribute]) -> tuple[Attribute, ...]:
    """The attributes a resident must be asked for, in order: required, variable, and not filled by machines."""
    return tuple(a for a in attributes if a.required and a.variable and not _automated(a))


def check(attributes: Sequence[Attribute], answers: Mapping[str, Sequence[str]], zone: tzinfo = UTC) -> Checked:
    """Every answer against its attribute. Answers to questions the definition does not have are left out:
    mySociety refuses unknown parameters. A time without zone is in `zone`."""
    values: dict[str, tuple[str, ...]] = {}
    faults: list[Fault] = []
    for attribute in (a for a in attributes if a.variable):
        given = tuple(value.strip() for value in answers.get(attribute.code, ()) if value.strip())
        sent, wrong = _check(attribute, given, zone)
        faults += wrong
        if sent and not wrong:
            values[attribute.code] = sent
    return Checked(values, tuple(faults))


def filled(
    attributes: Sequence[Attribute], answers: Mapping[str, Sequence[str]], known: Mapping[str, str]
) -> dict[str, Sequence[str]]:
    """The answers, and what the sender knows of required attributes that no resident is asked for: those that
    councils of FixMyStreet name `fixmystreet_id`, `title` or `closest_address` and mark as automated."""
    own = {a.code: (known[a.code],) for a in attributes if a.required and _automated(a) and known.get(a.code)}
    fit = {a.code for a in attributes if a.code in own and _put(a, own[a.code][0], UTC) is not None}
    return {**{code: value for code, value in own.items() if code in fit}, **answers}


def lists(attributes: Sequence[Attribute]) -> frozenset[str]:
    """Codes of the attributes whose values go as lists."""
    return frozenset(attribute.code for attribute in attributes if attribute.datatype == "multivaluelist")


def _check(attribute: Attribute, given: tuple[str, ...], zone: tzinfo) -> tuple[tuple[str, ...], list[Fault]]:
    if not given:
        missing = attribute.required and not _automated(attribute)
        return (), [Fault(attribute.code, "missing")] if missing else []
    if len(given) > 1 and attribute.datatype != "multivaluelist":
        return (), [Fault(attribute.code, "one_value", ", ".join(given))]
    sent: list[str] = []
    faults: list[Fault] = []
    for value in given:
        put = _put(attribute, value, zone)
        if put is None:
            faults.append(Fault(attribute.code, _wanted(attribute), value))
        else:
            sent.append(put)
    return tuple(dict.fromkeys(sent)), faults


def _put(attribute: Attribute, value: str, zone: tzinfo) -> str | None:
    """The value as it is sent, None when it cannot be."""
    match attribute.datatype:
        case "number":
            return _number(value)
        case "datetime":
            moment = read_instant(value, zone)
            return write_instant(moment) if moment else None
        case "singlevaluelist" | "multivaluelist":
            return _key(attribute, value)
        case "string":
            return None if "\n" in value or "\r" in value else value
        case "text":
            return value


def _number(value: str) -> str | None:
    """A decimal number as typed, a decimal comma as a point; not "nan", "1e999" or "1_000"."""
    plain = value.replace(",", ".") if value.count(",") == 1 and "." not in value else value
    return plain if number(plain) is not None and "_" not in plain else None


def _key(attribute: Attribute, value: str) -> str | None:
    """The key of a listed value, given as key or as name; any value where the definition lists none."""
    if not attribute.values:
        return value
    folded = value.casefold()
    for listed in attribute.values:
        if value == listed.key:
            return listed.key
    return next((v.key for v in attribute.values if folded in (v.key.casefold(), v.name.casefold())), None)


def _wanted(attribute: Attribute) -> Why:
    match attribute.datatype:
        case "number":
            return "number"
        case "datetime":
            return "datetime"
        case "singlevaluelist" | "multivaluelist":
            return "choice"
        case _:
            return "one_line"


def _automated(attribute: Attribute) -> bool:
    return text(attribute.raw.get("automated")) in _NOT_ASKED
