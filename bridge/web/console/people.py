"""Accounts, one's own settings, and the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from starlette.responses import Response

from bridge.flow.staffing import Conflict, Unknown
from bridge.ports import Transaction
from bridge.vocabulary.console import Account, Invitation, Role, Theme
from bridge.web.console.signin import INVITED_FOR, invite
from bridge.web.console.visit import Visit, to

PAGE = 100

ACTIONS = {
    "account.changed": "changed an account",
    "account.invited": "invited somebody",
    "account.made": "got an account",
    "account.password": "set a password",
    "account.reset": "made a password link",
    "channel.tested": "sent a test",
    "city.changed": "worked on a request",
    "deed.undone": "undid something",
    "draft.taken": "took a report over",
    "figures.exported": "exported figures",
    "hold.lifted": "lifted a legal hold",
    "hold.set": "set a legal hold",
    "learning.asked": "had a model learned",
    "login": "signed in",
    "login.failed": "failed to sign in",
    "logout": "signed out",
    "looked": "looked at",
    "model.used": "took a model into use",
    "note.added": "added a note",
    "report.cancelled": "cancelled a report",
    "report.merged": "merged a report",
    "report.resent": "sent a report again",
    "report.sent": "sent a report",
    "resident.answered": "answered a resident",
    "resident.deleted": "deleted a resident’s data",
    "resident.exported": "handed out a resident’s data",
    "retention.set": "changed how long things are kept",
    "sender.blocked": "blocked a sender",
    "task.closed": "set an item aside",
    "template.dropped": "deleted a reply template",
    "template.kept": "kept a reply template",
    "threshold.set": "set a threshold",
    "wording.set": "changed a text",
    "work.tried_again": "tried something again",
}


async def people(visit: Visit) -> Response:
    known = await visit.console.handling.store.read(lambda tx: tx.console.accounts())
    return visit.page("people.html", people=known, link="")


async def invite_person(visit: Visit) -> Response:
    """Shows the link once: it is given on by hand, and is of use for three days."""
    email, role = visit.field("email", 200).lower(), visit.field("role")
    if "@" not in email or role not in get_args(Role):
        raise Conflict("An invitation needs an e-mail address and a role.")
    cities = tuple(city for city in visit.form.getlist("cities") if city in visit.cities)
    store, now = visit.console.handling.store, visit.console.handling.clock.now()
    invitation = Invitation(email, role, now + INVITED_FOR, tuple(map(str, cities)))  # type: ignore[arg-type]  # checked above
    link = await invite(store, invitation)
    await visit.trace("account.invited", "account", email, role=role)
    return visit.page("people.html", people=await _all(visit), link=_whole(visit, link), invited=email)


async def change_person(visit: Visit) -> Response:
    account = await _found(visit, visit.path("id"))
    role, active = visit.field("role"), visit.field("active") == "yes"
    if role not in get_args(Role):
        raise Conflict("There is no such role.")
    if account.id == visit.me.id and (role != "admin" or not active):
        raise Conflict("Nobody takes their own administrator's rights: ask another administrator.")
    changes = {"role": role, "active": active}

    def work(tx: Transaction) -> None:
        tx.console.change_account(account.id, changes)
        if not active or role != account.role:
            tx.console.end_sessions(account_id=account.id)

    await visit.console.handling.store.write(work)
    await visit.trace("account.changed", "account", account.id, role=role, active=str(active))
    return to("/people")


async def reset_person(visit: Visit) -> Response:
    account = await _found(visit, visit.path("id"))
    store, now = visit.console.handling.store, visit.console.handling.clock.now()
    reset = Invitation(account.email, account.role, now + INVITED_FOR, account.cities, account.id)
    link = await invite(store, reset)
    await visit.trace("account.reset", "account", account.id)
    return visit.page("people.html", people=await _all(visit), link=_whole(visit, link), invited=account.email)


async def myself(visit: Visit) -> Response:
    return visit.page("myself.html")


async def change_myself(visit: Visit) -> Response:
    theme = visit.field("theme")
    changes = {
        "theme": theme if theme in get_args(Theme) else "auto",
        "shortcuts": visit.field("shortcuts") == "yes",
        "name": visit.field("name", 80) or visit.me.name,
    }
    await visit.console.handling.store.write(lambda tx: tx.console.change_account(visit.me.id, changes))
    await visit.trace("account.changed", "account", visit.me.id, **{key: str(changes[key]) for key in changes})
    return to("/me", saved="yes")


async def audit(visit: Visit) -> Response:
    after, who = visit.query.get("after", ""), visit.query.get("who", "")
    store = visit.console.handling.store
    entries = await store.read(lambda tx: tx.console.audited(after, who, PAGE))
    more = entries[-1].id if len(entries) == PAGE else ""
    return visit.page("audit.html", entries=entries, actions=ACTIONS, more=more, who=who, people=await _all(visit))


async def _found(visit: Visit, account_id: str) -> Account:
    found = await visit.console.handling.store.read(lambda tx: tx.console.account(account_id))
    if found is None:
        raise Unknown("there is no such account")
    return found


async def _all(visit: Visit) -> Sequence[Account]:
    return await visit.console.handling.store.read(lambda tx: tx.console.accounts())


def _whole(visit: Visit, path: str) -> str:
    return f"{visit.console.public_url}{path}"
