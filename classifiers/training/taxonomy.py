"""The built-in taxonomy of municipal services and its written training text.

`taxonomy.toml` describes each type and `groups.toml` the groups of them; `corpus/<language>.txt` holds the
sentences: a line `[type_id]` opens a type, then one message a line, `{place}` where a resident would name a place.
`emergencies/<language>.txt` holds what
is for the emergency line, in sections of the kinds of alarm. All are meant to be read and extended.
"""

from __future__ import annotations

import tomllib
import zlib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
TAXONOMY = HERE / "taxonomy.toml"
GROUPS = HERE / "groups.toml"
CORPUS = HERE / "corpus"
EMERGENCIES = HERE / "emergencies"

NOT_CIVIC = "not_civic"
"""The corpus section of texts that are no municipal matter; it has no entry in the taxonomy."""

_PLACES = {
    "en": (
        "5th and Main", "412 Elm St", "the library", "Oak Avenue", "1200 block of W Pine", "88 Chapel Street",
        "Howard Ave", "the corner of Lake and 3rd", "27 Orchard", "Whalley and Norton", "the high school",
        "MLK Blvd", "1630 N Western", "the post office", "Union Square", "350 Park Road", "Edgewood park",
        "Route 34", "9 Maple Ct", "the bus station", "Grand & Ferry", "2nd Street", "77 Prospect Hill Rd",
        "State St near the bridge", "the senior center", "Church and Wall", "615 E 21st", "Sunset Drive",
        "the Shell station", "Franklin Street", "114 Cedar Ln apt 3", "Broadway", "the fire station",
        "Winthrop Av", "Clark/Addison", "48 High Street", "St Marys church", "Dover Road", "the train station",
        "Fountain st between 2nd and 3rd",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ServiceType:
    """A kind of municipal service, with the words under which cities list it."""

    id: str
    name: str
    description: str
    keywords: tuple[str, ...]
    group: str
    near: tuple[str, ...]
    names: tuple[str, ...]
    common: int  # 3 daily, 2 often, 1 seldom


@dataclass(frozen=True, slots=True)
class Line:
    """A training sentence of a type (or of NOT_CIVIC), its place slot filled."""

    type_id: str
    text: str


def read_taxonomy(path: Path = TAXONOMY) -> tuple[ServiceType, ...]:
    """The types in file order. Raises KeyError or tomllib.TOMLDecodeError for a malformed file."""
    entries = tomllib.loads(path.read_text(encoding="utf-8"))
    return tuple(
        ServiceType(
            id=type_id,
            name=entry["name"],
            description=entry["description"],
            keywords=tuple(entry["keywords"]),
            group=entry["group"],
            near=tuple(entry.get("near", ())),
            names=tuple(entry.get("examples_of_names", ())),
            common=entry.get("common", 1),
        )
        for type_id, entry in entries.items()
    )


def read_groups(path: Path = GROUPS) -> dict[str, tuple[str, ...]]:
    """Names of wide services by group of types."""
    entries = tomllib.loads(path.read_text(encoding="utf-8"))
    return {group: tuple(entry["names"]) for group, entry in entries.items()}


def read_corpus(path: Path) -> tuple[Line, ...]:
    """The sentences of one language, places filled the same way every time."""
    places = _PLACES.get(path.stem, _PLACES["en"])
    lines: list[Line] = []
    type_id = ""
    for raw in path.read_text(encoding="utf-8").splitlines():
        text = raw.strip()
        if text.startswith("[") and text.endswith("]"):
            type_id = text[1:-1]
        elif text and not text.startswith("#"):
            lines.append(Line(type_id, _placed(text, places)))
    return tuple(lines)


def _placed(text: str, places: tuple[str, ...]) -> str:
    """A message with its slot filled, in the writing of the message: no capitals where it has none."""
    place = places[zlib.crc32(text.encode()) % len(places)]
    bare = text.replace("{place}", "")
    if bare == bare.lower():
        place = place.lower()
    elif bare == bare.upper():
        place = place.upper()
    return text.replace("{place}", place)
