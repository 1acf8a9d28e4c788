"""What an administrator sets beside the settings file: thresholds of services, texts of the city's own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import col, select

from bridge.store import tables as t
from bridge.store.console.part import Part


class Setup(Part):
    """Thresholds, wordings, and when an account last heard something."""

    def thresholds(self, city_id: str) -> Mapping[str, float]:
        rows = self._session.exec(select(t.Threshold).where(t.Threshold.city_id == city_id))
        return {row.service_code: row.submit for row in rows}

    def set_threshold(self, city_id: str, service_code: str, submit: float | None) -> None:
        known = self._session.get(t.Threshold, (city_id, service_code))
        if submit is not None:
            self._session.merge(t.Threshold(city_id=city_id, service_code=service_code, submit=submit, ask=0.0))
        elif known:
            self._session.delete(known)

    def wordings(self) -> Mapping[tuple[str, str], str]:
        return {(row.language, row.message_id): row.text for row in self._session.exec(select(t.Wording))}

    def set_wording(self, language: str, message_id: str, text: str) -> None:
        known = self._session.get(t.Wording, (language, message_id))
        if text:
            self._session.merge(t.Wording(language=language, message_id=message_id, text=text))
        elif known:
            self._session.delete(known)

    def last_heard(self, account_id: str) -> datetime | None:
        newest = select(t.Conversation.heard_at).where(t.Conversation.account_id == account_id)
        return self._session.exec(newest.order_by(col(t.Conversation.updated_at).desc()).limit(1)).first()
