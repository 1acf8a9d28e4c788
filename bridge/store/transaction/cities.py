"""What is odd about what a city offers."""

from __future__ import annotations

from collections.abc import Collection

from sqlmodel import select
from sqlmodel.sql.expression import SelectOfScalar

from bridge.store import tables as t
from bridge.store.transaction.unit import Unit
from bridge.vocabulary import Oddity


class Cities(Unit):
    """The part of a transaction that is about what cities offer."""

    def note_oddities(self, city_id: str, oddities: Collection[Oddity]) -> tuple[Oddity, ...]:
        self._in_turn("oddities", city_id)
        known = {row.words: row for row in self._session.exec(_of(city_id))}
        found = {oddity.words: oddity for oddity in oddities}
        for words in known.keys() - found.keys():
            self._session.delete(known[words])
        new = [found[words] for words in found if words not in known]
        now = self._clock.now()
        self._session.add_all(t.CityOddity(city_id=city_id, words=o.words, level=o.level, since=now) for o in new)
        self._session.flush()
        return tuple(new)

    def oddities(self, city_id: str) -> tuple[Oddity, ...]:
        rows = self._session.exec(_of(city_id))
        found = [Oddity("bad" if row.level == "bad" else "odd", row.words, row.since) for row in rows]
        return tuple(sorted(found, key=lambda oddity: (oddity.level != "bad", oddity.words)))


def _of(city_id: str) -> SelectOfScalar[t.CityOddity]:
    return select(t.CityOddity).where(t.CityOddity.city_id == city_id)
