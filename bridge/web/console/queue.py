"""What needs a person: the list, one item, and everything that can be done with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from starlette.responses import JSONResponse, Response

from bridge.errors import BridgeError
from bridge.flow import staffing
from bridge.flow.draft import description
from bridge.flow.staffing import Completed, Unknown
from bridge.ports import Transaction
from bridge.vocabulary import Attribute, Media, Place, Report
from bridge.vocabulary.console import (
    Account,
    ConversationRow,
    Line,
    QueueItem,
    RequestFile,
    StaffAction,
    Template,
)
from bridge.web.console.paging import PAGE, ended
from bridge.web.console.visit import Visit, to

HELD_FOR = timedelta(minutes=5)
MOST_REPLY = 1600


class Incomplete(BridgeError):
    """What was sent lacks something; the message says what."""


@dataclass(frozen=True, slots=True)
class Open:
    """All that the page of one item shows."""

    item: QueueItem
    lines: tuple[Line, ...]
    who: ConversationRow
    twins: tuple[Report, ...]
    templates: tuple[Template, ...]
    actions: tuple[StaffAction, ...]
    request: RequestFile | None
    photos: tuple[str, ...]
    recordings: tuple[Media, ...]


async def queue(visit: Visit) -> Response:
    reason, city, after = (visit.query.get(name, "") for name in ("reason", "city", "after"))
    mine = visit.me.cities

    def read(tx: Transaction) -> tuple[tuple[QueueItem, ...], dict[str, int]]:
        rows = tx.console.queue(mine, after, reason, city if city in visit.cities else "", PAGE)
        return rows, dict(tx.console.queue_counts(mine))

    rows, counts = await visit.console.handling.store.read(read)
    return visit.page(
        "queue.html",
        rows=rows,
        counts=counts,
        total=sum(counts.values()),
        reason=reason,
        city=city,
        more=ended(rows, "due_at"),
        did=await done(visit),
    )


async def silent(visit: Visit) -> Response:
    mine = visit.me.cities
    store = visit.console.handling.store
    rows = await store.read(lambda tx: tx.console.silent(mine, "", PAGE))
    counts = await store.read(lambda tx: dict(tx.console.queue_counts(mine)))
    return visit.page(
        "silent.html", rows=rows, counts=counts, total=sum(counts.values()), reason="silent", did=None
    )


async def take_over(visit: Visit) -> Response:
    await staffing.take_over(visit.console.handling, visit.person, visit.path("id"))
    return to("/queue", reason="unfinished")


async def item(visit: Visit) -> Response:
    found = await _open(visit, visit.path("id"))
    await _hold(visit, found.item)
    await visit.looked("conversation", found.item.conversation_id)
    return await _item_page(visit, found)


async def _item_page(visit: Visit, found: Open, wrong: str = "", status: int = 200) -> Response:
    task, draft = found.item, found.item.draft
    city = visit.console.handling.jurisdictions[task.city_id]
    code = visit.field("service_code") or (draft.service_code if draft else "")
    if not code and draft and draft.guesses:
        code = draft.guesses[0].service_code
    words = visit.field("description") or (description(draft) if draft and draft.words else task.note)
    place = draft.place if draft else None
    if place is None and draft and draft.candidates:
        place = draft.candidates[0]
    return visit.page(
        "item.html",
        status,
        found=found,
        task=task,
        draft=draft,
        services=sorted(city.services.values(), key=lambda service: service.service_name),
        policy=city.policy,
        code=code,
        words=words,
        place=place,
        place_words=visit.field("address", 300) or (place.address if place else ""),
        attributes=await _attributes(visit, task.city_id, code),
        answers={**(draft.attributes if draft else {}), **_answered(visit)},
        held=_held_by_another(visit, task),
        zone=visit.zone(task.city_id),
        wrong=wrong,
        did=await done(visit),
        can_file=task.reason not in ("refused", "unsure", "correction", "not_fixed", "undelivered"),
    )


async def reasons(visit: Visit) -> Response:
    """The words that speak most for the best guess; asked for after the page, since it takes a moment."""
    found = await _task(visit, visit.path("id"))
    draft = found.draft
    if draft is None or not draft.guesses:
        return visit.page("telling.html", words=())
    language = await visit.console.handling.store.read(
        lambda tx: tx.conversation(found.conversation_id).state.language
    )
    text, code = "\n".join(draft.words), draft.guesses[0].service_code
    words = await staffing.telling_words(visit.console.handling, found.city_id, text, language or "en", code)
    return visit.page("telling.html", words=words)


async def questions(visit: Visit) -> Response:
    """The fields of a service's own questions, when another service is chosen."""
    found = await _task(visit, visit.path("id"))
    code = visit.query.get("service_code", "")
    draft = found.draft
    return visit.page(
        "attributes.html",
        attributes=await _attributes(visit, found.city_id, code),
        answers=dict(draft.attributes) if draft else {},
    )


async def places(visit: Visit) -> Response:
    """Places for words, or for a point of the map, as JSON."""
    city_id = visit.query.get("city", "")
    visit.see(city_id)
    if city_id not in visit.cities:
        raise Unknown("there is no such city")
    handling = visit.console.handling
    if "lat" in visit.query:
        lat, long = _degrees(visit.query.get("lat", ""), 90), _degrees(visit.query.get("long", ""), 180)
        if lat is None or long is None:
            raise Incomplete("That is no point on the map.")
        place = await staffing.place_at(handling, city_id, lat, long)
        found: tuple[Place, ...] = (place,) if place else ()
    else:
        found = await staffing.places(handling, city_id, visit.query.get("words", "")[:300], "en")
    return JSONResponse([{"address": p.address, "lat": p.lat, "long": p.long, "why": p.why} for p in found])


async def send(visit: Visit) -> Response:
    task = await _task(visit, visit.path("id"))
    try:
        report = await _completed(visit, task)
    except Incomplete as error:
        return await _item_page(visit, await _open(visit, task.id), str(error), 400)
    deed = await staffing.send(visit.console.handling, visit.person, task.id, report)
    return await _on(visit, task, deed)


async def answer(visit: Visit) -> Response:
    task = await _task(visit, visit.path("id"))
    words = visit.field("words", MOST_REPLY)
    if not words:
        return await _item_page(visit, await _open(visit, task.id), "The answer is empty.", 400)
    deed = await staffing.answer(visit.console.handling, visit.person, task.conversation_id, words, task.id)
    return await _on(visit, task, deed)


async def merge(visit: Visit) -> Response:
    task = await _task(visit, visit.path("id"))
    twins = await visit.console.handling.store.read(lambda tx: staffing.twins(visit.console.handling, tx, task))
    chosen = visit.field("report_id", 64)
    if chosen not in [twin.id for twin in twins]:
        raise Unknown("there is no such report near")
    deed = await staffing.merge(visit.console.handling, visit.person, task.id, chosen)
    return await _on(visit, task, deed)


async def block(visit: Visit) -> Response:
    task = await _task(visit, visit.path("id"))
    return await _on(visit, task, await staffing.block(visit.console.handling, visit.person, task.id))


async def close(visit: Visit) -> Response:
    task = await _task(visit, visit.path("id"))
    return await _on(visit, task, await staffing.close(visit.console.handling, visit.person, task.id))


async def undo(visit: Visit) -> Response:
    action = await staffing.undo(visit.console.handling, visit.person, visit.path("id"))
    if action.task_id:
        return to(f"/queue/{action.task_id}", undone=action.kind)
    return to(f"/conversations/{action.conversation_id}", undone=action.kind)


async def presence(visit: Visit) -> Response:
    """Asked now and then by an open item: who else is here, and whether it is done already."""
    task = await _task(visit, visit.path("id"))
    held = _held_by_another(visit, task)
    if not held:
        await _hold(visit, task)
    return visit.page("presence.html", task=task, held=held)


async def done(visit: Visit) -> StaffAction | None:
    """What this person has just done and can still undo."""
    action_id = visit.query.get("did", "")
    if not action_id:
        return None
    action = await visit.console.handling.store.read(lambda tx: tx.console.action(action_id))
    return action if action and action.account_id == visit.me.id and not action.undone_at else None


# ------------------------------------------------------------------------------------------------ inside


async def _on(visit: Visit, task: QueueItem, deed: str) -> Response:
    """To the next item, where what was done can be undone."""
    mine = visit.me.cities
    following = await visit.console.handling.store.read(lambda tx: tx.console.next_item(mine, task))
    return to(f"/queue/{following}" if following else "/queue", did=deed)


async def _task(visit: Visit, task_id: str) -> QueueItem:
    found = await visit.console.handling.store.read(lambda tx: tx.console.item(task_id))
    if found is None:
        raise Unknown("there is no such item")
    visit.see(found.city_id)
    return found


async def _open(visit: Visit, task_id: str) -> Open:
    task = await _task(visit, task_id)
    return await visit.console.handling.store.read(partial(_read, visit, task))


def _read(visit: Visit, task: QueueItem, tx: Transaction) -> Open:
    who = tx.console.conversation_row(task.conversation_id)
    assert who
    return Open(
        item=task,
        lines=tx.console.transcript(task.conversation_id),
        who=who,
        twins=staffing.twins(visit.console.handling, tx, task),
        templates=tx.console.templates(task.city_id),
        actions=tx.console.actions_of(task.id),
        request=tx.console.request_file(task.report_id) if task.report_id else None,
        photos=_photos(task, tx),
        recordings=tuple(file for file in tx.media_in(task.conversation_id) if not file.is_photo),
    )


def _photos(task: QueueItem, tx: Transaction) -> tuple[str, ...]:
    """Public names of the photos that came with it and were not taken back."""
    named = task.draft.photos if task.draft else ()
    own = tuple(media.token for media in tx.media_of(task.report_id) if media.is_photo) if task.report_id else ()
    return tuple(token for token in (*named, *own) if tx.media(token))


def _held_by_another(visit: Visit, task: QueueItem) -> str:
    now = visit.console.handling.clock.now()
    fresh = task.held_at is not None and now - task.held_at < HELD_FOR
    return task.held_name if fresh and task.held_by != visit.me.id else ""


async def _hold(visit: Visit, task: QueueItem) -> None:
    if task.closed_at or _held_by_another(visit, task) or visit.me.role == "viewer":
        return
    me: Account = visit.me
    now = visit.console.handling.clock.now()
    await visit.console.handling.store.write(lambda tx: tx.console.hold(task.id, me, now))


async def _attributes(visit: Visit, city_id: str, code: str) -> tuple[Attribute, ...]:
    city = visit.console.handling.jurisdictions[city_id]
    if code not in city.services or not city.services[code].metadata:
        return ()
    try:
        return await city.endpoint.definition(code)
    except BridgeError:
        return ()


def _answered(visit: Visit) -> dict[str, tuple[str, ...]]:
    given: dict[str, tuple[str, ...]] = {}
    for name, value in visit.form.multi_items():
        if name.startswith("attribute.") and isinstance(value, str) and value.strip():
            code = name.removeprefix("attribute.")
            given[code] = (*given.get(code, ()), value.strip()[:1000])
    return given


async def _completed(visit: Visit, task: QueueItem) -> Completed:
    city = visit.console.handling.jurisdictions[task.city_id]
    code, words = visit.field("service_code"), visit.field("description")
    if code not in city.services:
        raise Incomplete("Please choose a service.")
    if not words:
        raise Incomplete("Please say what it is about.")
    attributes = await _attributes(visit, task.city_id, code)
    answers = {a.code: _answered(visit)[a.code] for a in attributes if a.code in _answered(visit)}
    missing = [a.description or a.code for a in attributes if a.required and a.variable and a.code not in answers]
    if missing:
        raise Incomplete(f"The city needs an answer: {missing[0]}")
    return Completed(code, await _place(visit, task), words, answers)


async def _place(visit: Visit, task: QueueItem) -> Place:
    """The place of the form: the draft's own if untouched, a point of the map, or what the words name."""
    address = visit.field("address", 300)
    lat, long = _degrees(visit.field("lat"), 90), _degrees(visit.field("long"), 180)
    draft = task.draft
    known = [p for p in ((draft.place, *draft.candidates) if draft else ()) if p]
    for place in known:
        if place.address == address and (lat is None or _same(place, lat, long)):
            return place
    if not address:
        raise Incomplete("Please say where it is.")
    if lat is not None and long is not None:
        if await staffing.place_at(visit.console.handling, task.city_id, lat, long) is None:
            raise Incomplete("That point is not in the city.")
        return Place(address, lat, long, why="set by staff", source="staff")
    found = await staffing.places(visit.console.handling, task.city_id, address, "en")
    if not found:
        raise Incomplete("That place is not known here. Set it on the map, or write a house number or a corner.")
    return found[0]


def _same(place: Place, lat: float, long: float | None) -> bool:
    if place.lat is None or place.long is None or long is None:
        return False
    return abs(place.lat - lat) < 1e-6 and abs(place.long - long) < 1e-6


def _degrees(text: str, most: float) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) <= most else None
