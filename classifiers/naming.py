"""What services are called in another language, where the city itself does not say.

A city's service is known by its name alone: only one that is listed under a name of the taxonomy's is called by
that type's name. Anything looser could tell a resident of another service than the city has.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from classifiers.training.taxonomy import HERE, read_taxonomy

NAMES = HERE / "names"


@lru_cache(maxsize=1)
def usual_names() -> Mapping[str, Mapping[str, str]]:
    """By language, then by the city's name for a service, in lower case. A name of two types is left out."""
    types = read_taxonomy()
    listed = {t.id: {name.lower() for name in (t.name, *t.names)} for t in types}
    of_one = {name for name, types in Counter(n for names in listed.values() for n in names).items() if types == 1}
    return {
        path.stem: {
            name: said for type_id, said in _named(path).items() for name in listed[type_id] if name in of_one
        }
        for path in sorted(NAMES.glob("*.toml"))
    }


def _named(path: Path) -> Mapping[str, str]:
    return tomllib.loads(path.read_text(encoding="utf-8"))
