"""Reports: what is filed, who follows it, what the city shows of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlmodel import col, select

from bridge import trace
from bridge.store import tables as t
from bridge.store import values, watching
from bridge.store.transaction.conversations import Conversations
from bridge.store.types import new_reference
from bridge.vocabulary import Conversation, FileReport, Receipt, Report, ServiceRequest, Watched

METRES_A_DEGREE = 111_320.0


class Reports(Conversations):
    """The part of a transaction that is about reports."""

    def add_report(self, conversation: Conversation, city_id: str, filed: FileReport, service_name: str) -> Report:
        now = self._clock.now()
        row = t.Report(
            reference=new_reference(),
            city_id=city_id,
            endpoint_id=city_id,
            conversation_id=conversation.id,
            contact_id=conversation.contact_id,
            service_code=filed.service_code,
            service_name=service_name,
            description=filed.description,
            place=values.to_json(values.PLACE, filed.place),
            lat=filed.place.lat,
            long=filed.place.long,
            attributes={code: list(given) for code, given in filed.attributes.items()},
            contact=dict(filed.contact),
            cites=filed.cites,
            trace=trace.current(),
            photos=list(filed.photos),
            certainty=filed.certainty,
            answerable=filed.answerable,
            created_at=now,
            updated_at=now,
        )
        self._session.add(row)
        self._session.flush()
        return values.report(row)

    def report(self, report_id: str) -> Report:
        statement = select(t.Report).where(t.Report.id == report_id)
        return values.report(self._session.exec(self._locked(statement)).one())

    def mark_report(self, report_id: str, mark: int) -> None:
        self._session.get_one(t.Report, report_id).mark = mark

    def reports_of(self, conversation_id: str) -> tuple[Report, ...]:
        statement = (
            select(t.Report)
            .where(t.Report.conversation_id == conversation_id)
            .order_by(col(t.Report.id).desc())
            .limit(20)
        )
        return tuple(values.report(row) for row in self._session.exec(statement))

    def nearby(self, city_id: str, lat: float, long: float, metres: float, since: datetime) -> tuple[Report, ...]:
        high = metres / METRES_A_DEGREE
        wide = high / max(0.01, math.cos(math.radians(lat)))
        statement = (
            select(t.Report)
            .where(
                t.Report.city_id == city_id,
                col(t.Report.lat).between(lat - high, lat + high),
                col(t.Report.long).between(long - wide, long + wide),
                t.Report.created_at >= since,
                t.Report.status != "closed",
                col(t.Report.state).in_(("queued", "accepted")),
            )
            .order_by(col(t.Report.id).desc())
            .limit(20)
        )
        return tuple(values.report(row) for row in self._session.exec(statement))

    def add_follower(self, report: Report, conversation: Conversation) -> None:
        self._session.merge(t.Follower(report_id=report.id, conversation_id=conversation.id))

    def add_known(self, report: Report, conversation: Conversation, poll_at: datetime) -> None:
        known = self.numbered(report.city_id, Receipt(report.service_request_id))
        if known:
            self.add_follower(self.report(known), conversation)
            return
        filed = FileReport(report.service_code, report.description, report.place)
        row = self._session.get_one(
            t.Report, self.add_report(conversation, report.city_id, filed, report.service_name).id
        )
        row.created_at = report.created_at or row.created_at
        self._session.flush()
        self.save_report(replace(report, id=row.id), poll_at=poll_at)

    def followers(self, report: Report) -> tuple[Conversation, ...]:
        statement = select(t.Follower.conversation_id).where(t.Follower.report_id == report.id)
        return tuple(self.conversation(id_) for id_ in self._session.exec(statement).all())

    def save_report(self, report: Report, *, poll_at: datetime | None = None) -> None:
        row = self._session.get_one(t.Report, report.id)
        row.state = report.state
        row.service_request_id = report.service_request_id
        row.token = report.token
        row.status = report.status
        row.raw_status = report.raw_status
        row.status_notes = report.status_notes
        row.fingerprint = report.fingerprint
        row.poll_at = poll_at
        row.updated_at = self._clock.now()
        self._session.flush()

    def add_status(self, report: Report, seen: ServiceRequest, now: datetime) -> None:
        self._session.add(
            t.StatusHistory(
                report_id=report.id,
                seen_at=now,
                status=seen.status,
                raw_status=seen.raw_status,
                status_notes=seen.status_notes,
                row=dict(seen.raw),
            )
        )

    def watched(self, city_id: str, now: datetime, limit: int) -> tuple[Watched, ...]:
        return watching.watched(self._session, city_id, now, limit)

    def watch_again(self, times: Mapping[Watched, datetime | None]) -> None:
        watching.watch_again(self._session, times)

    def numbered(self, city_id: str, receipt: Receipt) -> str | None:
        return watching.numbered(self._session, city_id, receipt)
