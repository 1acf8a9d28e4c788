"""What is odd about what a city offers, for its staff to see, and how often it was asked lately."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Protocol

from bridge.vocabulary import Oddity


class CitiesOf(Protocol):
    """Oddities of a city's service list and definitions, as long as they are there, and how often it is asked."""

    def reads(self, city_id: str) -> tuple[datetime, ...]:
        """When the city was read from lately, by whichever process. Nobody else reads or notes it meanwhile."""
        ...

    def note_reads(self, city_id: str, taken: Iterable[datetime]) -> None: ...

    def note_oddities(self, city_id: str, oddities: Collection[Oddity]) -> tuple[Oddity, ...]:
        """Puts these in the place of those known before; the new ones among them."""
        ...

    def oddities(self, city_id: str) -> tuple[Oddity, ...]:
        """Those of now, the bad ones first, each with since when."""
        ...
