"""What was filed: lists, the map, and everything about one report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, and_, case, func, or_, text, update
from sqlalchemy import cast as to
from sqlmodel import col, select

from bridge.store import tables as t
from bridge.store import values
from bridge.store.console.part import Part, beyond, hits, within
from bridge.vocabulary.console import AttemptRow, Cell, RequestFile, RequestRow, Spot, StatusLine

CELL = 0.002  # degrees, some two hundred metres
MOST_FOUND = 500  # of a search, the newest
MOST_SINGLE = 300  # reports that a map shows one by one


class Requests(Part):
    """Reports, their submissions and what became of them."""

    def requests(
        self,
        cities: Sequence[str],
        after: str = "",
        city_id: str = "",
        state: str = "",
        service: str = "",
        words: str = "",
        limit: int = 50,
    ) -> tuple[RequestRow, ...]:
        statement = _requests().where(within(col(t.Report.city_id), cities), *_in_state(state))
        if city_id:
            statement = statement.where(t.Report.city_id == city_id)
        if service:
            statement = statement.where(t.Report.service_code == service)
        if words:
            statement = statement.where(col(t.Report.id).in_(self._named(words)))
        key = col(t.Report.created_at), col(t.Report.id)
        paged = beyond(statement, *key, after, newest_first=True).limit(limit)
        return tuple(_row(*found) for found in self._session.execute(paged))

    def _named(self, words: str) -> list[str]:
        """Ids of reports with that number or reference; else those of the newest conversations with the words."""
        number = col(t.Report.service_request_id) == words.strip()
        reference = col(t.Report.reference) == words.strip().upper()
        found = list(self._session.exec(select(t.Report.id).where(or_(number, reference)).limit(MOST_FOUND)))
        if found:
            return found
        talks = {conversation_id for conversation_id, _, _ in hits(self._session, words, MOST_FOUND)}
        said = select(t.Report.id).where(col(t.Report.conversation_id).in_(talks))
        return list(self._session.exec(said))

    def requests_of_conversation(self, conversation_id: str) -> tuple[RequestRow, ...]:
        own = _requests().where(t.Report.conversation_id == conversation_id)
        rows = self._session.execute(own.order_by(col(t.Report.id).desc()).limit(20))
        return tuple(_row(*found) for found in rows)

    def spots(
        self, cities: Sequence[str], box: tuple[float, float, float, float], cells: int, state: str = ""
    ) -> tuple[Spot, ...]:
        south, west, north, east = box
        lat, long = col(t.Report.lat), col(t.Report.long)
        inside = (
            within(col(t.Report.city_id), cities),
            lat.between(south, north),
            long.between(west, east),
            *_in_state(state),
        )
        few = self._session.exec(select(t.Report.id).where(*inside).limit(MOST_SINGLE + 1)).all()
        if len(few) <= MOST_SINGLE:
            rows = self._session.exec(select(t.Report).where(col(t.Report.id).in_(few)))
            return tuple(
                Spot(row.lat or 0.0, row.long or 0.0, 1, row.id, _label(row), row.status or row.state)
                for row in rows
            )
        size_y, size_x = (north - south) / cells or 1.0, (east - west) / cells or 1.0
        y, x = to((lat - south) / size_y, Integer), to((long - west) / size_x, Integer)
        grouped: Any = select(func.avg(lat), func.avg(long), func.count()).where(*inside).group_by(y, x)
        return tuple(Spot(*found) for found in self._session.execute(grouped))

    def cells(self, cities: Sequence[str]) -> tuple[Cell, ...]:
        lat, long, status = col(t.Report.lat), col(t.Report.long), col(t.Report.status)
        state = case(
            (status == "closed", "closed"),
            (col(t.Report.state) == "accepted", "open"),
            else_=col(t.Report.state),
        ).label("stands")
        counted: Any = (
            select(func.avg(lat), func.avg(long), func.count(), state)
            .where(within(col(t.Report.city_id), cities), lat.is_not(None))
            .group_by(to(lat / CELL, Integer), to(long / CELL, Integer), text("stands"))
        )
        return tuple(Cell(*found) for found in self._session.execute(counted))

    def extent(self, cities: Sequence[str]) -> tuple[float, float, float, float] | None:
        lat, long = col(t.Report.lat), col(t.Report.long)
        recent = (
            select(lat.label("lat"), long.label("long"))
            .where(within(col(t.Report.city_id), cities), lat.is_not(None))
            .order_by(col(t.Report.created_at).desc())
            .limit(1000)
            .subquery()
        )
        found = self._session.execute(
            select(
                func.min(recent.c.lat), func.min(recent.c.long), func.max(recent.c.lat), func.max(recent.c.long)
            )
        ).first()
        return tuple(found) if found and found[0] is not None else None

    def request_file(self, report_id: str) -> RequestFile | None:
        found = self._session.execute(
            select(t.Report, t.Conversation)
            .join(t.Conversation, col(t.Conversation.id) == col(t.Report.conversation_id))
            .where(t.Report.id == report_id)
        ).first()
        if found is None:
            return None
        row, conversation = found
        attempts = select(t.Attempt).where(t.Attempt.report_id == report_id).order_by(col(t.Attempt.id))
        seen = select(t.StatusHistory).where(t.StatusHistory.report_id == report_id)
        followers = select(func.count()).select_from(t.Follower).where(t.Follower.report_id == report_id)
        outbox = self._session.exec(_submission(report_id)).first()
        return RequestFile(
            report=values.report(row),
            channel=conversation.channel,
            address=conversation.address,
            outbox_state=outbox.state if outbox else "",
            outbox_error=outbox.error if outbox else "",
            outbox_id=outbox.id if outbox else "",
            attempts=tuple(map(_attempt, self._session.exec(attempts))),
            statuses=tuple(
                StatusLine(line.seen_at, line.status, line.raw_status, line.status_notes)
                for line in self._session.exec(seen.order_by(col(t.StatusHistory.id)))
            ),
            followers=self._session.exec(followers).one(),
        )

    def reopen_submission(self, report_id: str, now: datetime) -> bool:
        row = self._session.exec(_submission(report_id)).first()
        if row is None or row.state != "dead":
            return False
        unsettled = update(t.Attempt).where(
            col(t.Attempt.outbox_id) == row.id,
            or_(col(t.Attempt.outcome).is_(None), col(t.Attempt.outcome) == "unsure"),
        )
        self._session.execute(unsettled.values(outcome="absent", closed_at=now))
        row.state, row.due_at, row.error, row.attempts = "open", now, "", 0
        row.lease = row.lease_until = row.finished_at = None
        self._session.get_one(t.Report, report_id).state = "queued"
        self._session.flush()
        return True

    def withdraw(self, outbox_ids: Sequence[str]) -> int:
        unsent = update(t.Outbox).where(
            col(t.Outbox.id).in_(outbox_ids), col(t.Outbox.state) == "open", col(t.Outbox.attempts) == 0
        )
        gone = unsent.values(state="withdrawn", finished_at=self._clock.now()).returning(col(t.Outbox.id))
        return len(self._session.execute(gone).all())

    def submission_of(self, report_id: str) -> str:
        row = self._session.exec(_submission(report_id)).first()
        return row.id if row else ""

    def set_report_state(self, report_id: str, state: str) -> None:
        self._session.get_one(t.Report, report_id).state = state


def _requests() -> Any:
    return select(t.Report, t.Conversation.channel).join(
        t.Conversation, col(t.Conversation.id) == col(t.Report.conversation_id)
    )


def _submission(report_id: str) -> Any:
    mine = and_(col(t.Outbox.report_id) == report_id, col(t.Outbox.kind) == "submission")
    return select(t.Outbox).where(mine).order_by(col(t.Outbox.id).desc()).limit(1)


def _in_state(state: str) -> tuple[Any, ...]:
    """What a filter of the list means: a state of sending, or a status at the city."""
    match state:
        case "queued" | "refused" | "unsure" | "cancelled":
            return (t.Report.state == state,)
        case "open":
            return (t.Report.state == "accepted", t.Report.status != "closed")
        case "closed":
            return (t.Report.status == "closed",)
        case _:
            return ()


def _row(report: t.Report, channel: str) -> RequestRow:
    return RequestRow(
        id=report.id,
        reference=report.reference,
        city_id=report.city_id,
        conversation_id=report.conversation_id,
        channel=channel,
        service_name=report.service_name,
        address=str(report.place.get("address", "")),
        state=report.state,
        status=report.status,
        number=report.service_request_id or "",
        created_at=report.created_at,
        lat=report.lat,
        long=report.long,
    )


def _label(report: t.Report) -> str:
    return f"{report.service_name}, {report.place.get('address', '')}"


def _attempt(row: t.Attempt) -> AttemptRow:
    return AttemptRow(
        row.id,
        row.opened_at,
        row.closed_at,
        row.outcome,  # type: ignore[arg-type]  # written by us alone
        row.detail,
        row.submission,
        row.request,
        row.answer,
    )
