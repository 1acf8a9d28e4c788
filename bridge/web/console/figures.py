"""How it is going: what a manager reads. The numbers are taken beforehand, not while somebody waits."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, timedelta

from starlette.responses import Response

from bridge.vocabulary.console import Figures, Wait
from bridge.web.console.look import CHANNELS
from bridge.web.console.plots import Plot, lines, stacked
from bridge.web.console.visit import Visit

SPANS = (30, 90, 365)
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
MOST_BARS = 45

TABLES = (
    "reports",
    "acknowledged",
    "closed",
    "unaided",
    "questions",
    "confidence",
    "corrections",
    "marks",
    "unanswerable",
    "failures",
    "city",
)


async def page(visit: Visit) -> Response:
    days = _days(visit)
    at, found = await visit.console.taken.figures.get(visit.console.handling, (visit.me.cities, days))
    return visit.page("figures.html", plots=plots(found), tiles=_tiles(found), days=days, spans=SPANS, taken_at=at)


async def export(visit: Visit) -> Response:
    """One table as CSV; cells that a spreadsheet would take for a formula are made text."""
    _, found = await visit.console.taken.figures.get(visit.console.handling, (visit.me.cities, _days(visit)))
    name = visit.path("table")
    rows = table(found, name if name in TABLES else TABLES[0])
    out = io.StringIO()
    csv.writer(out).writerows([[_cell(value) for value in row] for row in rows])
    await visit.trace("figures.exported", name)
    return Response(
        out.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def plots(found: Figures) -> list[tuple[str, Plot]]:
    """Each plot with the name of its table."""
    return [
        ("reports", _by_day("Reports a day, by channel", found, by_channel=True)),
        ("reports", _by_day("Reports a day, by service", found, by_channel=False)),
        ("acknowledged", _waits("Minutes until the city has it", found.acknowledged, MINUTE, " min")),
        ("closed", _waits("Days until it is closed", found.closed, DAY, " d")),
        (
            "unaided",
            lines(
                "Filed without a person",
                [week for week, _ in found.unaided],
                {"share": [share * 100 for _, share in found.unaided]},
                "%",
                top=100,
            ),
        ),
        (
            "questions",
            lines(
                "Questions asked for each report",
                [week for week, _ in found.questions],
                {"questions": [each for _, each in found.questions]},
            ),
        ),
        (
            "confidence",
            lines(
                "How sure the bridge was of the service",
                [week for week, _ in found.confidence],
                {"best guess": [p * 100 for _, p in found.confidence]},
                "%",
                top=100,
            ),
        ),
        (
            "corrections",
            stacked(
                "Services that a person corrected",
                [week for week, _ in found.corrections],
                {"corrections": [count for _, count in found.corrections]},
            ),
        ),
        (
            "marks",
            lines(
                "Marks that residents gave, of 5",
                [week for week, _, _ in found.marks],
                {"mean mark": [mean for _, mean, _ in found.marks]},
                top=5,
            ),
        ),
        (
            "unanswerable",
            stacked(
                "Reports whose resident cannot be answered",
                [week for week, _ in found.unanswerable],
                {"reports": [count for _, count in found.unanswerable]},
            ),
        ),
        ("failures", _failures(found)),
        ("city", _waits("Seconds the city takes to answer", found.city_seconds, 1.0, " s")),
    ]


def table(found: Figures, name: str) -> list[tuple[object, ...]]:
    """The numbers behind a plot, with a first row of names."""
    waits = {"acknowledged": found.acknowledged, "closed": found.closed, "city": found.city_seconds}
    match name:
        case "acknowledged" | "closed" | "city":
            head = ("week", "median_seconds", "ninth_decile_seconds", "count")
            return [head, *((w.week, round(w.median, 1), round(w.ninth, 1), w.count) for w in waits[name])]
        case "unaided":
            return [("week", "share"), *((week, round(share, 4)) for week, share in found.unaided)]
        case "questions":
            return [("week", "questions_per_report"), *((week, round(each, 3)) for week, each in found.questions)]
        case "confidence":
            return [("week", "mean_confidence"), *((week, round(p, 4)) for week, p in found.confidence)]
        case "corrections":
            return [("week", "corrections"), *found.corrections]
        case "marks":
            return [
                ("week", "mean_mark_of_5", "marks"),
                *((week, round(mean, 3), n) for week, mean, n in found.marks),
            ]
        case "unanswerable":
            return [("week", "reports"), *found.unanswerable]
        case "failures":
            return [("channel", "sent", "failed"), *found.failures]
        case _:
            head = ("day", "channel", "service", "reports")
            return [head, *((r.day, r.channel, r.service_name, r.reports) for r in found.days)]


def _failures(found: Figures) -> Plot:
    names = [CHANNELS.get(channel, channel) for channel, _, _ in found.failures]
    arrived = [float(sent - bad) for _, sent, bad in found.failures]
    failed = [float(bad) for _, _, bad in found.failures]
    return stacked(
        "Messages to residents, and those that did not arrive",
        [f"     {name}" for name in names],
        {"arrived": arrived, "failed": failed},
    )


def _by_day(title: str, found: Figures, *, by_channel: bool) -> Plot:
    days = sorted({row.day for row in found.days})
    if days:
        first, last = date.fromisoformat(days[0]), date.fromisoformat(days[-1])
        days = [(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]
    weekly = len(days) > MOST_BARS
    labels = sorted({_monday(day) for day in days}) if weekly else days
    place = {label: i for i, label in enumerate(labels)}
    series: dict[str, list[float]] = defaultdict(lambda: [0.0] * len(labels))
    for row in found.days:
        name = CHANNELS.get(row.channel, row.channel) if by_channel else row.service_name
        series[name][place[_monday(row.day) if weekly else row.day]] += row.reports
    return stacked(title.replace("a day", "a week") if weekly else title, labels, series)


def _waits(title: str, waits: Sequence[Wait], unit: float, shown: str) -> Plot:
    return lines(
        title,
        [wait.week for wait in waits],
        {"half of them": [w.median / unit for w in waits], "nine of ten": [w.ninth / unit for w in waits]},
        shown,
    )


def _tiles(found: Figures) -> list[tuple[str, str]]:
    reports = sum(row.reports for row in found.days)
    sent, bad = sum(f[1] for f in found.failures), sum(f[2] for f in found.failures)
    by_service = Counter[str]()
    for row in found.days:
        by_service[row.service_name] += row.reports
    alone = found.unaided[-1][1] if found.unaided else 0
    closed = found.closed[-1].median / DAY if found.closed else 0
    return [
        (f"{reports:,}", "reports"),
        (f"{alone:.0%}", "filed without a person, last week"),
        (f"{closed:.1f} d", "until closed, half of last week’s"),
        (f"{bad / sent:.1%}" if sent else "none", "of messages did not arrive"),
        (by_service.most_common(1)[0][0] if by_service else "none", "most reported"),
    ]


def _days(visit: Visit) -> int:
    asked = visit.query.get("days", "")
    return int(asked) if asked in map(str, SPANS) else SPANS[1]


def _monday(day: str) -> str:
    at = date.fromisoformat(day)
    return (at - timedelta(days=at.weekday())).isoformat()


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" else value
