"""What was said: every resident's conversation, with replies, notes and a search."""

from __future__ import annotations

from starlette.responses import Response

from bridge.flow import staffing
from bridge.flow.staffing import Conflict, Unknown
from bridge.ports import Transaction
from bridge.vocabulary.console import ConversationRow, Line, RequestRow, Template
from bridge.web.console.paging import PAGE, ended
from bridge.web.console.queue import MOST_REPLY, done
from bridge.web.console.visit import Visit, to

ONLY = {"": "All", "open": "Waiting for a person", "blocked": "Blocked", "opted_out": "Opted out"}
LONGEST_SEARCH = 120


async def conversations(visit: Visit) -> Response:
    words, channel, city, only, after = (
        visit.query.get(name, "")[:LONGEST_SEARCH] for name in ("words", "channel", "city", "only", "after")
    )
    mine, store = visit.me.cities, visit.console.handling.store
    chosen = city if city in visit.cities else ""
    if words.strip():
        await visit.looked("search", "", words=words)
        hits = await store.read(lambda tx: tx.console.found(mine, words, PAGE))
        return visit.page(
            "conversations.html", rows=(), hits=hits, words=words, channel="", city="", only="", more=""
        )
    rows = await store.read(
        lambda tx: tx.console.conversations(mine, after, channel, chosen, only if only in ONLY else "", PAGE)
    )
    return visit.page(
        "conversations.html",
        rows=rows,
        hits=(),
        words="",
        channel=channel,
        city=chosen,
        only=only,
        more=ended(rows, "updated_at"),
    )


Whole = tuple[
    ConversationRow,
    tuple[Line, ...],
    tuple[ConversationRow, ...],
    tuple[RequestRow, ...],
    tuple[Template, ...],
]


async def conversation(visit: Visit) -> Response:
    id_ = visit.path("id")
    who, lines, others, requests, templates = await _whole(visit, id_)
    await visit.looked("conversation", id_)
    return visit.page(
        "conversation.html",
        who=who,
        lines=lines,
        others=others,
        requests=requests,
        templates=templates,
        zone=visit.zone(who.city_id),
        media=await visit.store.read(lambda tx: tx.media_in(id_)),
        held=await visit.store.read(lambda tx: tx.is_held(tx.conversation(id_).contact_id)),
        did=await done(visit),
    )


async def talk(visit: Visit) -> Response:
    """The transcript alone, asked for again and again while the page is open."""
    who, lines, *_ = await _whole(visit, visit.path("id"))
    return visit.page("transcript.html", lines=lines, zone=visit.zone(who.city_id))


async def reply(visit: Visit) -> Response:
    id_, words = visit.path("id"), visit.field("words", MOST_REPLY)
    if not words:
        raise Conflict("The reply is empty.")
    await _whole(visit, id_)
    deed = await staffing.answer(visit.console.handling, visit.person, id_, words)
    return to(f"/conversations/{id_}", did=deed)


async def note(visit: Visit) -> Response:
    id_, words = visit.path("id"), visit.field("note", 2000)
    await _whole(visit, id_)
    if words:
        await visit.console.handling.store.write(lambda tx: tx.console.add_note(id_, visit.me, words))
        await visit.trace("note.added", "conversation", id_)
    return to(f"/conversations/{id_}")


async def set_blocked(visit: Visit) -> Response:
    id_ = visit.path("id")
    await _whole(visit, id_)
    await staffing.set_blocked(visit.console.handling, visit.person, id_, visit.field("blocked") == "yes")
    return to(f"/conversations/{id_}", saved="yes")


async def _whole(visit: Visit, id_: str) -> Whole:
    def read(tx: Transaction) -> Whole | None:
        who = tx.console.conversation_row(id_)
        if who is None:
            return None
        console = tx.console
        return (
            who,
            console.transcript(id_),
            console.others_of(id_),
            console.requests_of_conversation(id_),
            console.templates(who.city_id),
        )

    found = await visit.console.handling.store.read(read)
    if found is None:
        raise Unknown("there is no such conversation")
    visit.see(found[0].city_id)
    return found
