"""How it is going, counted: a few statements over the rows of some days, and medians of what they bring."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func
from sqlmodel import col, select

from bridge.store import tables as t
from bridge.store.console.part import Part, within
from bridge.store.values import QUEUES
from bridge.vocabulary.console import DayCount, Figures, Totals, Wait

MOST_MEASURED = 20_000  # newest rows that a median is taken of


class FiguresPart(Part):
    """Counts over the rows."""

    def totals(self, now: datetime) -> Totals:
        open_tasks = col(t.StaffTask.closed_at).is_(None)
        tasks = select(func.count()).select_from(t.StaffTask).where(open_tasks)
        waiting = select(func.count(), func.min(t.Outbox.created_at)).where(t.Outbox.state == "open")
        count, oldest = self._session.execute(waiting).one()
        return Totals(
            open_tasks=self._session.exec(tasks).one(),
            overdue_tasks=self._session.exec(tasks.where(t.StaffTask.due_at < now)).one(),
            dead=sum(map(self._dead, QUEUES)),
            waiting=count,
            oldest_waiting=oldest,
        )

    def _dead(self, table: Any) -> int:
        statement = select(func.count()).select_from(table).where(table.state == "dead")
        return int(self._session.exec(statement).one())

    def figures(self, cities: Sequence[str], since: datetime) -> Figures:
        return Figures(
            days=self._days(cities, since),
            acknowledged=_waits(self._acknowledged(cities, since)),
            closed=_waits(self._closed(cities, since)),
            unaided=self._unaided(cities, since),
            questions=self._questions(cities, since),
            confidence=self._confidence(cities, since),
            corrections=self._corrections(cities, since),
            marks=self._marks(cities, since),
            unanswerable=self._unanswerable(cities, since),
            failures=self._failures(cities, since),
            city_seconds=_waits(self._city_seconds(cities, since)),
        )

    def _days(self, cities: Sequence[str], since: datetime) -> tuple[DayCount, ...]:
        day = func.date(t.Report.created_at)
        statement: Any = (
            select(day, t.Conversation.channel, t.Report.service_name, func.count())
            .join(t.Conversation, col(t.Conversation.id) == col(t.Report.conversation_id))
            .where(t.Report.created_at >= since, within(col(t.Report.city_id), cities))
            .group_by(day, t.Conversation.channel, t.Report.service_name)
            .order_by(day)
        )
        return tuple(
            DayCount(str(at), channel, name, count)
            for at, channel, name, count in self._session.execute(statement)
        )

    def _acknowledged(self, cities: Sequence[str], since: datetime) -> Iterable[tuple[datetime, timedelta]]:
        statement: Any = (
            select(t.Report.created_at, t.Attempt.closed_at)
            .join(t.Attempt, col(t.Attempt.report_id) == col(t.Report.id))
            .where(
                t.Report.created_at >= since,
                t.Attempt.outcome == "accepted",
                within(col(t.Report.city_id), cities),
            )
        )
        newest = statement.order_by(col(t.Report.created_at).desc()).limit(MOST_MEASURED)
        return [(came, taken - came) for came, taken in self._session.execute(newest)]

    def _closed(self, cities: Sequence[str], since: datetime) -> Iterable[tuple[datetime, timedelta]]:
        statement: Any = (
            select(t.Report.created_at, t.StatusHistory.seen_at)
            .join(t.StatusHistory, col(t.StatusHistory.report_id) == col(t.Report.id))
            .where(
                t.Report.created_at >= since,
                t.StatusHistory.status == "closed",
                within(col(t.Report.city_id), cities),
            )
        )
        newest = statement.order_by(col(t.Report.created_at).desc()).limit(MOST_MEASURED)
        return [(came, done - came) for came, done in self._session.execute(newest)]

    def _city_seconds(self, cities: Sequence[str], since: datetime) -> Iterable[tuple[datetime, timedelta]]:
        statement: Any = (
            select(t.Attempt.opened_at, t.Attempt.closed_at)
            .join(t.Report, col(t.Report.id) == col(t.Attempt.report_id))
            .where(
                t.Report.created_at >= since,
                col(t.Attempt.closed_at).is_not(None),
                within(col(t.Report.city_id), cities),
            )
        )
        newest = statement.order_by(col(t.Report.created_at).desc()).limit(MOST_MEASURED)
        return [(begun, ended - begun) for begun, ended in self._session.execute(newest)]

    def _unaided(self, cities: Sequence[str], since: datetime) -> tuple[tuple[str, float], ...]:
        """Of the reports of a week, the share that no person had to touch."""
        day = func.date(t.Report.created_at)
        alone = func.sum(case((col(t.Outbox.author) == "", 1), else_=0))
        statement: Any = (
            select(day, func.count(), alone)
            .join(t.Outbox, col(t.Outbox.report_id) == col(t.Report.id))
            .where(
                t.Report.created_at >= since, t.Outbox.kind == "submission", within(col(t.Report.city_id), cities)
            )
            .group_by(day)
        )
        all_, without = Counter[str](), Counter[str]()
        for at, count, unaided in self._session.execute(statement):
            all_[_week(str(at))] += count
            without[_week(str(at))] += int(unaided)
        return tuple((week, without[week] / all_[week]) for week in sorted(all_))

    def _questions(self, cities: Sequence[str], since: datetime) -> tuple[tuple[str, float], ...]:
        """Questions asked of residents, for each report of the week."""
        day = func.date(t.Outbox.created_at)
        asked: Any = (
            select(day, func.count())
            .join(t.Conversation, col(t.Conversation.id) == col(t.Outbox.conversation_id))
            .where(
                col(t.Outbox.question).is_(True),
                t.Outbox.created_at >= since,
                within(col(t.Conversation.city_id), cities),
            )
            .group_by(day)
        )
        questions, reports = Counter[str](), Counter[str]()
        for at, count in self._session.execute(asked):
            questions[_week(str(at))] += count
        for row in self._days(cities, since):
            reports[_week(row.day)] += row.reports
        return tuple((week, questions[week] / reports[week]) for week in sorted(reports))

    def _confidence(self, cities: Sequence[str], since: datetime) -> tuple[tuple[str, float], ...]:
        """How sure the best guess was: of what was filed, and of what was handed to a person and not filed."""
        weeks: dict[str, list[float]] = defaultdict(list)
        filed = select(t.Report.created_at, t.Report.certainty).where(
            t.Report.created_at >= since,
            col(t.Report.certainty).is_not(None),
            within(col(t.Report.city_id), cities),
        )
        for at, certainty in self._session.execute(
            filed.order_by(col(t.Report.created_at).desc()).limit(MOST_MEASURED)
        ):
            weeks[_week(at.date().isoformat())].append(certainty)
        statement = select(t.StaffTask.created_at, t.StaffTask.draft).where(
            col(t.StaffTask.outcome) != "send",
            t.StaffTask.created_at >= since,
            col(t.StaffTask.draft).is_not(None),
            within(col(t.StaffTask.city_id), cities),
        )
        for at, draft in self._session.execute(statement.limit(MOST_MEASURED)):
            if draft and draft.get("guesses"):
                weeks[_week(at.date().isoformat())].append(float(draft["guesses"][0]["p"]))
        return tuple((week, statistics.fmean(weeks[week])) for week in sorted(weeks))

    def _corrections(self, cities: Sequence[str], since: datetime) -> tuple[tuple[str, int], ...]:
        statement = select(t.TrainingExample.at).where(
            t.TrainingExample.at >= since, within(col(t.TrainingExample.city_id), cities)
        )
        weeks = Counter(_week(at.date().isoformat()) for at in self._session.exec(statement))
        return tuple(sorted(weeks.items()))

    def _marks(self, cities: Sequence[str], since: datetime) -> tuple[tuple[str, float, int], ...]:
        statement = select(t.Report.created_at, t.Report.mark).where(
            t.Report.created_at >= since, col(t.Report.mark).is_not(None), within(col(t.Report.city_id), cities)
        )
        weeks: dict[str, list[int]] = defaultdict(list)
        for at, mark in self._session.execute(statement):
            weeks[_week(at.date().isoformat())].append(mark)
        return tuple((week, statistics.fmean(weeks[week]), len(weeks[week])) for week in sorted(weeks))

    def _unanswerable(self, cities: Sequence[str], since: datetime) -> tuple[tuple[str, int], ...]:
        statement = select(t.Report.created_at).where(
            t.Report.created_at >= since,
            col(t.Report.answerable).is_(False),
            within(col(t.Report.city_id), cities),
        )
        weeks = Counter(_week(at.date().isoformat()) for at in self._session.exec(statement))
        return tuple(sorted(weeks.items()))

    def _failures(self, cities: Sequence[str], since: datetime) -> tuple[tuple[str, int, int], ...]:
        failed = case((col(t.Outbox.state) == "dead", 1), (col(t.Outbox.delivery) == "failed", 1), else_=0)
        statement: Any = (
            select(t.Conversation.channel, func.count(), func.sum(failed))
            .join(t.Outbox, col(t.Outbox.conversation_id) == col(t.Conversation.id))
            .where(
                t.Conversation.updated_at >= since,
                t.Outbox.kind == "reply",
                within(col(t.Conversation.city_id), cities),
            )
            .group_by(t.Conversation.channel)
        )
        return tuple((channel, sent, int(bad or 0)) for channel, sent, bad in self._session.execute(statement))


def _waits(pairs: Iterable[tuple[datetime, timedelta]]) -> tuple[Wait, ...]:
    weeks: dict[str, list[float]] = defaultdict(list)
    for came, took in pairs:
        weeks[_week(came.date().isoformat())].append(max(0.0, took.total_seconds()))
    return tuple(_wait(week, sorted(weeks[week])) for week in sorted(weeks))


def _wait(week: str, seconds: Sequence[float]) -> Wait:
    ninth = seconds[min(len(seconds) - 1, int(len(seconds) * 0.9))]
    return Wait(week, statistics.median(seconds), ninth, len(seconds))


def _week(day: str) -> str:
    """The Monday of a day's week."""
    date = datetime.fromisoformat(day).date()
    return (date - timedelta(days=date.weekday())).isoformat()
