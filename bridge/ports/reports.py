"""Reports: what is filed, who follows it, what the city shows of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from bridge.vocabulary import Conversation, FileReport, Receipt, Report, ServiceRequest, Watched


class ReportsOf(Protocol):
    """Reports."""

    def add_report(
        self, conversation: Conversation, city_id: str, filed: FileReport, service_name: str
    ) -> Report: ...
    def report(self, report_id: str) -> Report: ...
    def mark_report(self, report_id: str, mark: int) -> None:
        """What its resident gave the city, 1 to 5."""
        ...

    def reports_of(self, conversation_id: str) -> tuple[Report, ...]: ...
    def nearby(self, city_id: str, lat: float, long: float, metres: float, since: datetime) -> tuple[Report, ...]:
        """Open reports of anybody, at most that many metres north, south, east or west, newest first."""
        ...

    def add_follower(self, report: Report, conversation: Conversation) -> None: ...
    def add_known(self, report: Report, conversation: Conversation, poll_at: datetime) -> None:
        """Has the conversation hear of a request that only the city had so far; nothing when it is known."""
        ...

    def followers(self, report: Report) -> tuple[Conversation, ...]:
        """Who else hears of the report, locked."""
        ...

    def save_report(self, report: Report, *, poll_at: datetime | None = None) -> None: ...
    def add_status(self, report: Report, seen: ServiceRequest, now: datetime) -> None: ...
    def watched(self, city_id: str, now: datetime, limit: int) -> tuple[Watched, ...]:
        """Reports whose token or status is due to be asked for, longest due first."""
        ...

    def watch_again(self, times: Mapping[Watched, datetime | None]) -> None:
        """Sets when each is due again (None: never). One whose fingerprint has changed meanwhile is left alone."""
        ...

    def numbered(self, city_id: str, receipt: Receipt) -> str | None:
        """The id of the report that has the receipt's number or token at the city's endpoint."""
        ...
