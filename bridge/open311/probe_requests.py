"""The steps of a probe that look at requests: lists, ids, states, dates, pages, changes, updates."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from bridge.open311 import updates, wire
from bridge.open311.answers import Answer
from bridge.open311.bench import Bench
from bridge.open311.following import SPARE
from bridge.open311.instants import read_instant
from bridge.open311.listing import ROUND_CAPS, reading, write_time
from bridge.open311.polling import Means, delay
from bridge.open311.shapes import Row, text
from bridge.vocabulary import ServiceRequest

_UNKNOWN_ID = "0-no-such-request"
_EXAMPLES = (100, 500, 2000)  # young requests for which a delay is told


def _rows(work: Bench, answer: Answer | None) -> tuple[ServiceRequest, ...]:
    if answer is None or not answer.success:
        return ()
    return wire.requests(answer.document.tree, reading(work.profile))


async def _recent(work: Bench) -> None:
    answer = await work.ask(work.profile.requests_path)
    if answer is None:
        return
    if not answer.success:
        told = f"the list answered {answer.status}: {wire.words(answer.document)}"
        if answer.status >= 500 and answer.status != 501:
            work.note("bad", "requests", told)
        else:
            work.quirk("requests", f"{told}; single ids are what is left", list_windows=False, many_ids=False)
        return
    work.recent = _rows(work, answer)
    count = len(work.recent)
    if count in ROUND_CAPS or count > 1000:
        work.quirk("requests", f"the list ends at {count} rows", row_cap=count)
    else:
        work.note("fine", "requests", f"{count} in the list of the last 90 days")
    _look_at_rows(work, [row.raw for row in work.recent])
    _look_at_times(work, [row.raw for row in work.recent])


def _look_at_rows(work: Bench, rows: Sequence[Row]) -> None:
    words = sorted({text(row.get("status")).lower() for row in rows} - {"open", "closed"})
    if words:
        folded = {word: wire.fold_status(word) for word in words if word}
        work.quirk("requests", f"status words of its own: {', '.join(words) or 'empty'}", status_words=folded)
    missing = [name for name in ("service_code", "requested_datetime", "description") if _never(rows, name)]
    if rows and missing:
        work.note("odd", "requests", f"rows lack {', '.join(missing)}")
    if rows and _never(rows, "updated_datetime"):
        work.note("odd", "requests", "updated_datetime is never set; changes are told by status and notes")


def _never(rows: Sequence[Row], name: str) -> bool:
    values = [text(row.get(name)) for row in rows]
    if name.endswith("_datetime"):
        return all(read_instant(value) is None for value in values)
    return not any(values)


def _look_at_times(work: Bench, rows: Sequence[Row]) -> None:
    times = [value for row in rows if (value := text(row.get("requested_datetime")))]
    naive = [value for value in times if (moment := _parsed(value)) and moment.tzinfo is None]
    if naive:
        work.note("bad", "times", f"without a zone ({naive[0]}): set time_zone to the city's own")
    ahead = work.clock.now() + timedelta(minutes=work.profile.clock_skew_minutes)
    if any((moment := read_instant(value)) and moment > ahead for value in times if value.endswith("Z")):
        work.quirk(
            "times", "in the future with a Z: local time, so set time_zone to the city's own", false_utc=True
        )


def _parsed(value: str) -> datetime | None:
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


# ------------------------------------------------------------------------------------------------- by id


async def _many_ids(work: Bench) -> None:
    ids = [row.service_request_id for row in work.recent if row.service_request_id][:3]
    if not work.profile.many_ids:
        return
    if len(ids) < 3:
        work.note("fine", "ids", "too few requests to see whether comma lists of ids work")
        return
    shown = {row.service_request_id for row in _rows(work, await _by_ids(work, ids))}
    if shown == set(ids):
        work.note("fine", "ids", "comma lists work")
        return
    told = f"of three ids in a comma list {len(shown & set(ids))} are answered"
    if shown - set(ids):
        told += ", and others that were not asked for"
    work.quirk("ids", told, many_ids=False)


async def _by_ids(work: Bench, ids: Sequence[str]) -> Answer | None:
    return await work.ask(work.profile.requests_path, {"service_request_id": ",".join(ids)})


async def _single(work: Bench) -> None:
    ids = [row.service_request_id for row in work.recent if row.service_request_id]
    for path in dict.fromkeys((work.profile.request_path, "request")) if ids else ():
        answer = await work.ask(f"{path}/{quote(ids[0], safe='')}")
        if ids[0] in {row.service_request_id for row in _rows(work, answer)}:
            if path != work.profile.request_path:
                work.quirk("single request", f"read at {path}/ID", request_path=path)
            else:
                work.note("fine", "single request", f"read at {path}/ID")
            return
    if ids:
        work.quirk("single request", "cannot be read alone", single_reads=False)


async def _unknown(work: Bench) -> None:
    answer = await work.ask(f"{work.profile.request_path}/{_UNKNOWN_ID}")
    if answer is None or answer.status == 404:
        return
    work.note("bad" if answer.status >= 500 else "odd", "unknown request", f"answered {answer.status}, not 404")


# --------------------------------------------------------------------------------------- states and dates


async def _states(work: Bench) -> None:
    if not work.recent:
        return
    closed = _rows(work, await work.ask(work.profile.requests_path, {"status": "closed"}))
    both = _rows(work, await work.ask(work.profile.requests_path, {"status": "open,closed"}))
    listed = {row.status for row in work.recent}
    if any(row.status == "open" for row in closed):
        work.quirk("states", "the status filter is ignored", status_filter="no")
    elif not both:
        work.quirk("states", "one status at a time: open,closed answers none", status_filter="one")
    elif listed == {"open"} and closed:
        work.quirk("states", "lists are of open requests unless asked", list_states=("open", "closed"))
    else:
        work.note("fine", "states", "the status filter works")


async def _dates(work: Bench) -> None:
    """Asks for the newer half of what was listed, and looks which rows come."""
    times = sorted(row.requested_datetime for row in work.recent if row.requested_datetime)
    if not work.profile.list_windows:
        return
    if len(times) < 4 or times[0] == times[-1]:
        work.note("fine", "dates", "too few requests to see whether start_date and end_date work")
        return
    if work.profile.false_utc and work.profile.time_zone == "UTC":
        work.note("odd", "dates", "cannot be looked at before time_zone is set; check again with it")
        return
    middle, end = times[len(times) // 2], times[-1] + timedelta(seconds=1)
    for query_times in ("utc", "local"):
        profile = work.profile.model_copy(update={"query_times": query_times})
        span = {"start_date": write_time(middle, profile), "end_date": write_time(end, profile)}
        rows = _rows(work, await work.ask(work.profile.requests_path, span))
        turned = {"start_date": span["end_date"], "end_date": span["start_date"]}
        if not rows and _rows(work, await work.ask(work.profile.requests_path, turned)):
            work.quirk("dates", "start_date is taken for end_date", swapped_dates=True, query_times=query_times)
            return
        if rows:
            _judge_dates(work, rows, middle, query_times)
            return
    work.quirk("dates", "a list by start_date and end_date answers nothing", list_windows=False)


def _judge_dates(work: Bench, rows: Sequence[ServiceRequest], middle: datetime, query_times: str) -> None:
    if query_times == "local":
        work.quirk("dates", "taken without a zone only", query_times="local")
    slack = timedelta(days=1) if query_times == "local" else timedelta(seconds=1)
    if any(row.requested_datetime and row.requested_datetime < middle - slack for row in rows):
        work.quirk("dates", "start_date and end_date are not followed", list_windows=False)
    else:
        work.note("fine", "dates", "start_date and end_date work")


# ------------------------------------------------------------------------------------ beyond the specification


async def _pages(work: Bench) -> None:
    if len(work.recent) < work.profile.row_cap:
        return
    second = _rows(work, await work.ask(work.profile.requests_path, {"page": "2"}))
    first_ids = {row.service_request_id for row in work.recent}
    if second and not first_ids & {row.service_request_id for row in second}:
        work.gain("pages", "page=2 goes on where the list ends", paging=True)


async def _changes(work: Bench) -> None:
    if not work.recent:
        return
    future = write_time(work.clock.now() + timedelta(days=1), work.profile)
    answer = await work.ask(work.profile.requests_path, {"updated_after": future})
    if answer is not None and answer.success and answer.document.readable and not _rows(work, answer):
        work.gain("changes", "updated_after works, so changes cost one read", updated_after=True)


async def _updates(work: Bench) -> None:
    now = work.clock.now().astimezone(UTC)
    start, end = (write_time(moment, work.profile) for moment in (now - timedelta(days=1), now))
    span = {"start_date": start, "end_date": end}
    answer = await work.ask(updates.PATH, span)
    if answer and answer.document.tree == [] and "xml" in work.profile.formats:  # of what, only XML says
        answer = await work.ask(updates.PATH, span, format="xml")
    if answer is None or not answer.success or not answer.document.readable:
        return
    tree = answer.document.tree
    wrapped = isinstance(tree, dict) and any("update" in key for key in tree)
    if wrapped or updates.updates(tree):
        work.gain("updates", "mySociety's service request updates are offered", updates=True)


async def _delay(work: Bench) -> None:
    """Says what following costs here; a warning where single ids are all there is."""
    profile = work.profile
    if profile.updates or profile.updated_after or not profile.reads_per_minute:
        return
    ids, cap = profile.ids_per_read if profile.many_ids else 1, profile.row_cap if profile.list_windows else 0
    means = Means(ids, cap, rows_per_hour=_traffic(work.recent))
    left = max(profile.reads_per_minute - SPARE, 1)  # what following leaves to tokens and look-ups
    told = [f"{_minutes(delay(young, means, left))} with {young}" for young in _EXAMPLES]
    words = f"with {profile.reads_per_minute} reads a minute a change is seen after at most {', '.join(told)}"
    words += " open requests of the last two days (minutes)"
    work.note("fine" if profile.many_ids or profile.list_windows else "odd", "delay", words)


def _traffic(rows: Sequence[ServiceRequest]) -> float:
    """Requests an hour, by the span the listed ones cover."""
    times = [row.requested_datetime for row in rows if row.requested_datetime]
    if len(times) < 2:
        return 1.0
    return len(times) / max((max(times) - min(times)) / timedelta(hours=1), 1.0)


def _minutes(wait: timedelta) -> str:
    return f"{wait / timedelta(minutes=1):.0f}"


REQUEST_STEPS: tuple[Callable[[Bench], Awaitable[None]], ...] = (
    _recent, _many_ids, _single, _unknown, _states, _dates, _pages, _changes, _updates, _delay,
)  # fmt: skip
