"""How often the place of a short text is found, by how it is put beside the problem.

python -m tests.bench.places_in_texts

A line of the services' corpus that names no place, of six words at most, and a place of the demo city, drawn by
lot (the same ones each time), in small letters for the most part. Found is the place itself among those offered.
"""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bridge.app import build_models, models_cache
from bridge.demo.providers import FOLDER
from classifiers import addresses, gazetteer
from classifiers.geocode import PlaceLocator
from classifiers.training.taxonomy import CORPUS

TEXTS, SEED, MOST_WORDS = 1000, 7, 6
STREETS = ("Elm", "Oak", "Maple", "Pine", "Cedar", "Main", "Walnut", "Chestnut", "Mill")
CROSSED = ("1st", "2nd", "3rd", "4th", "5th", "6th", "7th", "8th", "9th")
JOINTS = {
    "en": (" ", " ", ", ", ". ", " - ", " at ", " on ", "\n"),
    "es": (" ", " ", ", ", ". ", " - ", " en ", "\n"),
}
AND = {"en": "and", "es": "y"}


@dataclass(frozen=True, slots=True)
class Text:
    """A text, how its place is put, and what the place's address must hold."""

    words: str
    form: str
    joint: str
    holds: tuple[str, ...]


def texts(language: str) -> Iterator[Text]:
    chance = random.Random(SEED)
    lines = (CORPUS / f"{language}.txt").read_text(encoding="utf-8").splitlines()
    problems = [
        line
        for line in lines
        if line and line[0] not in "#[" and "{" not in line and len(line.split()) <= MOST_WORDS
    ]
    for _ in range(TEXTS):
        problem = chance.choice(problems).rstrip(".!?")
        number = chance.randint(1, 9) * 100 + chance.randint(1, 40)
        street, other = chance.choice(STREETS), chance.choice(CROSSED)
        form, place, holds = chance.choice(
            (
                ("number, street and type", f"{number} {street} St", (f"{number} {street}",)),
                ("number and street", f"{number} {street}", (f"{number} {street}",)),
                ("corner with types", f"{street} St {AND[language]} {other} St", (street, other)),
                ("corner", f"{street} {AND[language]} {other}", (street, other)),
                ("corner", f"{other} & {street}", (street, other)),
            )
        )
        joint = chance.choice(JOINTS[language])
        words = f"{problem}{joint}{place}"
        yield Text(words.lower() if chance.random() < 0.6 else words, form, joint, holds)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        built = gazetteer.build([FOLDER / "fairview.geojson"], Path(folder) / "fairview.sqlite")
        finder = addresses.load(build_models(models_cache(), print).places)
        locator = PlaceLocator(gazetteer.open_gazetteer(built), finder)
        for language in ("en", "es"):
            said: Counter[str] = Counter()
            found: Counter[str] = Counter()
            for text in texts(language):
                right = any(
                    all(part in place.address for part in text.holds)
                    for place in locator.locate(text.words, language).candidates
                )
                for kind in ("all", text.form, f"behind {text.joint!r}"):
                    said[kind] += 1
                    found[kind] += right
            for kind, count in said.items():
                print(f"{language}  {kind:26} {found[kind] / count:.3f} of {count}")


if __name__ == "__main__":
    main()
