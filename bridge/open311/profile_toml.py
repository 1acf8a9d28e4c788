"""A profile as TOML a person reads: each switch with its reason behind it. The inverse of `profile.load`. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bridge.open311.profile import Profile, reasons


def suggested(profile: Profile, why: Mapping[str, str] | None = None) -> str:
    """The endpoint and what differs from the defaults, each with `why` it was chosen or else its reason."""
    told = {**reasons(), **(why or {})}
    return "".join(f"{line}\n" for line in _lines(profile, told, {"endpoint", *_changed(profile)}))


def explained(profile: Profile) -> str:
    """Every switch there is: the profile's own values set, the defaults commented out."""
    changed = {"endpoint", *_changed(profile)}
    blocks = []
    for name, reason in reasons().items():
        setting = f"{name} = {_value(getattr(profile, name))}"
        blocks.append(f"# {reason}\n{setting if name in changed else '#' + setting}\n")
    return "\n".join(blocks)


def _lines(profile: Profile, told: Mapping[str, str], names: set[str]) -> Iterator[str]:
    for name in reasons():
        if name in names:
            setting = f"{name} = {_value(getattr(profile, name))}"
            yield setting if name == "endpoint" else f"{setting}  # {told[name]}"


def _changed(profile: Profile) -> set[str]:
    plain = Profile(endpoint=profile.endpoint)
    return {name for name in reasons() if getattr(profile, name) != getattr(plain, name)}


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        inner = ", ".join(f"{json.dumps(key, ensure_ascii=False)} = {_value(item)}" for key, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)
