"""What is odd about what a city offers, for its staff to see."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from bridge.vocabulary import Oddity


class CitiesOf(Protocol):
    """Oddities of a city's service list and definitions, as long as they are there."""

    def note_oddities(self, city_id: str, oddities: Collection[Oddity]) -> tuple[Oddity, ...]:
        """Puts these in the place of those known before; the new ones among them."""
        ...

    def oddities(self, city_id: str) -> tuple[Oddity, ...]:
        """Those of now, the bad ones first, each with since when."""
        ...
