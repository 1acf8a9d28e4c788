"""Legal holds: what they cover is not deleted, whoever asks."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, or_
from sqlmodel import col, select

from bridge.store import tables as t
from bridge.store.transaction.unit import Unit
from bridge.vocabulary import Hold, HoldScope


class Holds(Unit):
    """The part of a transaction that is about legal holds."""

    def set_hold(self, scope: HoldScope, target: str, reason: str, by: str) -> Hold:
        row = t.LegalHold(scope=scope, target=target, reason=reason, set_by=by, created_at=self._clock.now())
        self._session.add(row)
        self._session.flush()
        return _hold(row)

    def lift_hold(self, hold_id: str) -> bool:
        row = self._session.get(t.LegalHold, hold_id)
        if row is None or row.lifted_at is not None:
            return False
        row.lifted_at = self._clock.now()
        return True

    def is_held(self, contact_id: str) -> bool:
        theirs = self._held_contacts().where(col(t.Contact.id) == contact_id)
        return self._all_is_held() or self._session.scalars(theirs).first() is not None

    def holds(self) -> tuple[Hold, ...]:
        statement = select(t.LegalHold).where(col(t.LegalHold.lifted_at).is_(None))
        return tuple(_hold(row) for row in self._session.exec(statement.order_by(col(t.LegalHold.id))))

    def _all_is_held(self) -> bool:
        return any(hold.scope == "everything" for hold in self.holds())

    def _held_contacts(self) -> Select[Any]:
        """The ids of the contacts that a hold covers, by themselves, a report of theirs, or their city."""
        targets: dict[str, list[str]] = {"city": [], "resident": [], "report": []}
        for hold in self.holds():
            targets.setdefault(hold.scope, []).append(hold.target)
        of_reports = select(t.Report.contact_id).where(col(t.Report.id).in_(targets["report"]))
        return select(t.Contact.id).where(
            or_(
                col(t.Contact.city_id).in_(targets["city"]),
                col(t.Contact.id).in_(targets["resident"]),
                col(t.Contact.id).in_(of_reports),
            )
        )


def _hold(row: t.LegalHold) -> Hold:
    scope: HoldScope = row.scope  # type: ignore[assignment]  # written by us alone, from the same Literal
    return Hold(row.id, scope, row.target, row.reason, row.set_by, row.created_at, row.lifted_at)
