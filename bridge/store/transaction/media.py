"""Photos and recordings of residents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, or_, update
from sqlmodel import col, select

from bridge.store import tables as t
from bridge.store.transaction.holds import Holds
from bridge.vocabulary import Conversation, Media, Pin


class MediaPart(Holds):
    """The part of a transaction that is about residents' files."""

    def add_media(self, conversation: Conversation, media: Sequence[Media]) -> None:
        for file in media:
            pin = file.pin
            self._session.add(
                t.Media(
                    token=file.token,
                    conversation_id=conversation.id,
                    blob_id=file.blob_id,
                    media_type=file.media_type,
                    lat=pin.lat if pin else None,
                    long=pin.long if pin else None,
                    accuracy_m=pin.accuracy_m if pin else None,
                    created_at=self._clock.now(),
                )
            )
        self._session.flush()

    def attach(self, report_id: str, tokens: Sequence[str]) -> None:
        if tokens:
            named = update(t.Media).where(col(t.Media.token).in_(tokens))
            self._session.execute(named.values(report_id=report_id))

    def media(self, token: str) -> Media | None:
        seen = select(t.Media).where(t.Media.token == token, col(t.Media.revoked_at).is_(None))
        row = self._session.exec(seen).first()
        return _media(row) if row else None

    def revoke(self, token: str) -> bool:
        gone = update(t.Media).where(col(t.Media.token) == token).values(revoked_at=self._clock.now())
        return self._session.execute(gone.returning(col(t.Media.id))).first() is not None

    def media_of(self, report_id: str) -> tuple[Media, ...]:
        seen = select(t.Media).where(t.Media.report_id == report_id, col(t.Media.revoked_at).is_(None))
        return tuple(_media(row) for row in self._session.exec(seen.order_by(col(t.Media.id))))

    def media_in(self, conversation_id: str) -> tuple[Media, ...]:
        seen = select(t.Media).where(t.Media.conversation_id == conversation_id, col(t.Media.revoked_at).is_(None))
        return tuple(_media(row) for row in self._session.exec(seen.order_by(col(t.Media.id))))

    def take_unseen(self, before: datetime) -> tuple[str, ...]:
        seen = select(t.Media.blob_id).where(
            or_(col(t.Media.revoked_at).is_(None), col(t.Media.revoked_at) >= before)
        )
        if self._all_is_held():
            return ()
        held = select(t.Conversation.id).where(col(t.Conversation.contact_id).in_(self._held_contacts()))
        kept = select(t.Media.blob_id).where(col(t.Media.conversation_id).in_(held))
        unseen = delete(t.Media).where(col(t.Media.blob_id).not_in(seen), col(t.Media.blob_id).not_in(kept))
        return tuple(set(self._session.scalars(unseen.returning(col(t.Media.blob_id)))))


def _media(row: t.Media) -> Media:
    pin = Pin(row.lat, row.long, row.accuracy_m) if row.lat is not None and row.long is not None else None
    return Media(row.token, row.blob_id, row.media_type, pin)
