"""What is odd about what a city offers, and how often it was asked lately."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlmodel import select
from sqlmodel.sql.expression import SelectOfScalar

from bridge.store import tables as t
from bridge.store.transaction.unit import Unit
from bridge.vocabulary import Oddity


class Cities(Unit):
    """The part of a transaction that is about what cities offer, and how often they are asked."""

    def reads(self, city_id: str) -> tuple[datetime, ...]:
        self._in_turn("reads", city_id)
        row = self._session.get(t.CityReads, city_id)
        return tuple(map(datetime.fromisoformat, row.taken)) if row else ()

    def note_reads(self, city_id: str, taken: Iterable[datetime]) -> None:
        self._session.merge(t.CityReads(city_id=city_id, taken=[moment.isoformat() for moment in taken]))

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
