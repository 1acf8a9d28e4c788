"""What is kept of residents: for how long, what is held, and handing out or deleting what is one resident's."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import get_args

from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from bridge.flow import retention as ages
from bridge.flow.records import export
from bridge.flow.staffing import Unknown
from bridge.ports import Transaction
from bridge.vocabulary import Hold, Kept, Query, Retention
from bridge.web.console.requests import file_of
from bridge.web.console.visit import Visit, Wrong, to

KINDS: dict[Kept, tuple[str, str]] = {
    "raw": ("Originals", "What providers sent, byte for byte."),
    "messages": ("Messages", "What was said, both ways."),
    "photos": ("Photos and recordings", "What residents sent with their words."),
    "reports": ("Reports", "Those the city has closed or refused, with all that belongs to them."),
    "contacts": ("Residents", "Names and addresses of those not heard of since."),
}
LONGEST_DAYS = 36_500
DELETIONS = 10


@dataclass(frozen=True, slots=True)
class Age:
    """How long a kind is kept, in days, 0 for good; and how many rows would go if it were so."""

    kind: Kept
    label: str
    about: str
    days: int
    going: int | None = None


async def retention(visit: Visit) -> Response:
    now = await _now_ruled(visit)
    return await _page(visit, {kind: _days(now, kind) for kind in KINDS})


async def set_retention(visit: Visit) -> Response:
    """Shows first how many rows would go with the ages of the form; keeps them once that was seen."""
    _for_all_cities(visit)
    wanted = {kind: _asked(visit.field(kind, 8), label) for kind, (label, _) in KINDS.items()}
    now = await _now_ruled(visit)
    before = {kind: _days(now, kind) for kind in KINDS}
    changed = {kind: days for kind, days in wanted.items() if days != before[kind]}
    if visit.field("seen") != "yes" or not changed:
        return await _page(visit, wanted, seen=bool(changed))

    def work(tx: Transaction) -> None:
        for kind, days in changed.items():
            tx.set_retention_age(kind, days)

    await visit.store.write(work)
    told = {kind: f"{before[kind] or 'for good'} to {days or 'for good'}" for kind, days in changed.items()}
    await visit.trace("retention.set", "retention", "", **told)
    return to("/setup/retention", saved="yes")


async def hold(visit: Visit) -> Response:
    """A legal hold on everything, on a city, on one resident or on one report."""
    target, reason = visit.field("target", 64), visit.field("reason", 300)
    if not reason:
        raise Wrong("A hold needs a reason, for whoever lifts it.")
    if visit.field("conversation"):
        conversation_id, contact_id = visit.field("conversation", 64), ""
        contact_id = await _contact(visit, conversation_id)
        work, back = partial(_hold, visit, "resident", contact_id, reason), f"/conversations/{conversation_id}"
    elif report_id := visit.field("report", 64):
        await file_of(visit, report_id)
        work, back = partial(_hold, visit, "report", report_id, reason), f"/requests/{report_id}"
    elif target in visit.cities:
        work, back = partial(_hold, visit, "city", target, reason), "/setup/retention"
    else:
        _for_all_cities(visit)
        work, back = partial(_hold, visit, "everything", "", reason), "/setup/retention"
    made = await visit.store.write(work)
    await visit.trace("hold.set", "hold", made.id, scope=made.scope, target=made.target)
    return to(back, saved="yes")


async def lift(visit: Visit) -> Response:
    """Ends a hold; back to the report where that was asked for on its page."""
    id_, report_id = visit.path("id"), visit.field("report", 64)
    if id_ not in [one.id for one in await _holds(visit)]:
        raise Unknown("there is no such hold")
    await visit.store.write(lambda tx: tx.lift_hold(id_))
    await visit.trace("hold.lifted", "hold", id_)
    return to(f"/requests/{report_id}" if report_id.isalnum() else "/setup/retention", saved="yes")


async def hand_out(visit: Visit) -> Response:
    """All that is kept of one resident, as an archive."""
    id_ = visit.path("id")
    contact_id = await _contact(visit, id_)
    await visit.trace("resident.exported", "conversation", id_)
    scratch = await asyncio.to_thread(tempfile.mkdtemp)
    folder = Path(scratch) / "resident"
    try:
        await export(visit.store, Query(contact_id=contact_id), folder, visit.console.blobs)
        archive = await asyncio.to_thread(shutil.make_archive, str(folder), "zip", folder)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    gone = BackgroundTask(partial(shutil.rmtree, ignore_errors=True), scratch)
    return FileResponse(archive, filename=f"resident-{contact_id[:12]}.zip", background=gone)


async def erase(visit: Visit) -> Response:
    """Deletes what is kept of one resident, if whoever asks wrote that they mean it and no hold covers it."""
    id_ = visit.path("id")
    contact_id = await _contact(visit, id_)
    if visit.field("sure").lower() != "delete":
        raise Wrong("Write the word “delete” to confirm. Nothing was deleted.")
    reason, who = visit.field("reason", 200) or "the resident asked", visit.me.name
    gone = await visit.store.write(lambda tx: tx.delete_resident(contact_id, reason, who))
    await visit.trace("resident.deleted", "conversation", id_, rows=str(gone))
    return to(f"/conversations/{id_}", erased="yes")


# ------------------------------------------------------------------------------------------------ inside


async def _page(visit: Visit, wanted: dict[Kept, int], *, seen: bool = False) -> Response:
    """`seen`: with how many rows would go, to be confirmed."""
    now = visit.console.handling.clock.now()

    def going(tx: Transaction) -> dict[Kept, int]:
        return {kind: tx.expired_count(kind, now - timedelta(days=days)) for kind, days in wanted.items() if days}

    counts = await visit.store.read(going) if seen else {}
    rows = [Age(kind, label, about, wanted[kind], counts.get(kind)) for kind, (label, about) in KINDS.items()]
    return visit.page(
        "setup_retention.html",
        tab="retention",
        rows=rows,
        seen=seen,
        held=await _holds(visit),
        deletions=await visit.store.read(lambda tx: tx.deletions(DELETIONS)),
        kinds=KINDS,
        may_change=not visit.me.cities,
    )


async def _now_ruled(visit: Visit) -> Retention:
    own = await visit.store.read(lambda tx: tx.retention_ages())
    return ages.ruled(visit.console.retention, own)


def _days(rules: Retention, kind: Kept) -> int:
    keep = rules.keep.get(kind)
    return max(1, keep // timedelta(days=1)) if keep else 0


def _asked(text: str, label: str) -> int:
    if not text:
        return 0
    if not text.isdecimal() or not 0 < int(text) <= LONGEST_DAYS:
        raise Wrong(f"{label}: a whole number of days, or nothing for good.")
    return int(text)


def _for_all_cities(visit: Visit) -> None:
    if visit.me.cities:
        raise Wrong("This is about every city; your account is bound to some of them.")


async def _holds(visit: Visit) -> list[Hold]:
    """Those that stand and that this person may lift: all, or those on their cities and on reports there."""

    def read(tx: Transaction) -> list[Hold]:
        return [one for one in tx.holds() if not visit.me.cities or _city_of(tx, one) in visit.cities]

    return await visit.store.read(read)


def _city_of(tx: Transaction, one: Hold) -> str:
    """ "" for a hold that is no single city's."""
    if one.scope == "report":
        found = tx.console.request_file(one.target)  # a command may hold what is not there
        return found.report.city_id if found else ""
    return one.target if one.scope == "city" else ""


def _hold(visit: Visit, scope: str, target: str, reason: str, tx: Transaction) -> Hold:
    return tx.set_hold(scope, target, reason, visit.me.name)  # type: ignore[arg-type]  # one of the scopes


async def _contact(visit: Visit, conversation_id: str) -> str:
    """The resident of a conversation that this person may see."""
    row = await visit.store.read(lambda tx: tx.console.conversation_row(conversation_id))
    if row is None:
        raise Unknown("there is no such conversation")
    visit.see(row.city_id)
    conversation = await visit.store.read(lambda tx: tx.conversation(conversation_id))
    return conversation.contact_id


assert set(KINDS) == set(get_args(Kept))  # a new kind has a name here too
