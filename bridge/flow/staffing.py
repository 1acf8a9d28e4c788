"""What staff do, each deed one transaction: the event goes through `settle`, the task is closed, the audit log
written, and what it put into the outbox is kept so that it can be undone while it has not left.

A deed on a task that somebody has closed raises Conflict, so that no two people do the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from bridge.errors import BridgeError
from bridge.flow.draft import with_english
from bridge.flow.settling import Handling, settle
from bridge.ports import Transaction
from bridge.vocabulary import (
    FileReport,
    Pin,
    Place,
    Report,
    StaffBlocked,
    StaffFiled,
    StaffMerged,
    StaffReplied,
    StaffTookOver,
)
from bridge.vocabulary.console import Account, Example, QueueItem, StaffAction, Trace

LONGEST_EXPLAINED = 24  # words
MOST_WEIGHED = 8  # of them; each costs one classification


class Conflict(BridgeError):
    """Somebody was faster; the message names them and what they did."""


class Unknown(BridgeError):
    """There is no such thing, or it is not for this person to see."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who acts, from where, and how long what they do can be undone."""

    account: Account
    address: str = ""
    undo: timedelta = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Completed:
    """A report as a person completed it."""

    service_code: str
    place: Place
    description: str
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


async def send(handling: Handling, person: Person, task_id: str, report: Completed) -> str:
    """Files the task's report; the deed's id. A service other than the best guess teaches the city's model."""

    def work(tx: Transaction) -> str:
        item = _open_item(tx, person, task_id)
        conversation = tx.conversation(item.conversation_id)
        tx.on_behalf_of(person.account.name, person.undo)
        contact = {} if item.draft and item.draft.anonymous else dict(item.draft.contact if item.draft else {})
        filed = FileReport(
            report.service_code,
            _described(handling, item, report),
            report.place,
            report.attributes,
            contact,
            item.draft.cites if item.draft else "",
            photos=item.draft.photos if item.draft else (),
            certainty=item.draft.guesses[0].p if item.draft and item.draft.guesses else None,
        )
        settle(handling, tx, conversation, StaffFiled(filed, item.city_id, item.draft))
        made = tx.reports_of(conversation.id)[0]
        _learn(handling, tx, item, report, conversation.state.language)
        _close(tx, person, item, "send")
        _trace(tx, person, "report.sent", "report", made.id, service=report.service_code, task=item.id)
        return _deed(tx, handling, person, item, "send", made.id)

    return await handling.store.write(work)


async def answer(handling: Handling, person: Person, conversation_id: str, words: str, task_id: str = "") -> str:
    """Writes to the resident; the deed's id. With a task, the task is done by it."""

    def work(tx: Transaction) -> str:
        item = _open_item(tx, person, task_id) if task_id else None
        conversation = tx.conversation(conversation_id)
        _allowed(person, conversation.city_id)
        tx.on_behalf_of(person.account.name, person.undo)
        settle(handling, tx, conversation, StaffReplied(words))
        if item:
            _close(tx, person, item, "answer")
        _trace(tx, person, "resident.answered", "conversation", conversation_id)
        return _deed(tx, handling, person, item, "answer", "", conversation_id)

    return await handling.store.write(work)


async def merge(handling: Handling, person: Person, task_id: str, report_id: str) -> str:
    """Has the task's resident follow a report that is there already; the deed's id."""

    def work(tx: Transaction) -> str:
        item = _open_item(tx, person, task_id)
        twin = tx.report(report_id)
        _allowed(person, twin.city_id)
        tx.on_behalf_of(person.account.name, person.undo)
        settle(handling, tx, tx.conversation(item.conversation_id), StaffMerged(twin, item.draft))
        _close(tx, person, item, "merge")
        _trace(tx, person, "report.merged", "report", report_id, task=item.id)
        return _deed(tx, handling, person, item, "merge", report_id)

    return await handling.store.write(work)


async def block(handling: Handling, person: Person, task_id: str) -> str:
    """Blocks the task's sender; the deed's id."""

    def work(tx: Transaction) -> str:
        item = _open_item(tx, person, task_id)
        settle(handling, tx, tx.conversation(item.conversation_id), StaffBlocked(True))
        _close(tx, person, item, "block")
        _trace(tx, person, "sender.blocked", "conversation", item.conversation_id)
        return _deed(tx, handling, person, item, "block", "")

    return await handling.store.write(work)


async def close(handling: Handling, person: Person, task_id: str) -> str:
    """Sets a task aside as done; the deed's id."""

    def work(tx: Transaction) -> str:
        item = _open_item(tx, person, task_id)
        _close(tx, person, item, "close")
        _trace(tx, person, "task.closed", "task", task_id)
        return _deed(tx, handling, person, item, "close", "")

    return await handling.store.write(work)


async def set_blocked(handling: Handling, person: Person, conversation_id: str, blocked: bool) -> None:
    """Blocks or unblocks a sender from their conversation."""

    def work(tx: Transaction) -> None:
        conversation = tx.conversation(conversation_id)
        _allowed(person, conversation.city_id)
        settle(handling, tx, conversation, StaffBlocked(blocked))
        said = "sender.blocked" if blocked else "sender.unblocked"
        _trace(tx, person, said, "conversation", conversation_id)

    await handling.store.write(work)


async def undo(handling: Handling, person: Person, action_id: str) -> StaffAction:
    """Takes a deed back. Raises Conflict once something of it has left."""

    def work(tx: Transaction) -> StaffAction:
        action = tx.console.action(action_id)
        if action is None or action.account_id != person.account.id:
            raise Unknown("there is no such deed of yours")
        if action.undone_at:
            raise Conflict("that was undone already")
        if tx.console.withdraw(action.outbox_ids) < len(action.outbox_ids):
            raise Conflict("too late: it has left already")
        _reverse(handling, tx, action)
        if action.task_id:
            tx.console.reopen_task(action.task_id)
        tx.console.mark_undone(action_id)
        _trace(tx, person, "deed.undone", action.kind, action.id)
        return action

    return await handling.store.write(work)


def _reverse(handling: Handling, tx: Transaction, action: StaffAction) -> None:
    match action.kind:
        case "send":
            tx.console.set_report_state(action.report_id, "cancelled")
        case "merge":
            tx.console.unfollow(action.report_id, action.conversation_id)
        case "block":
            settle(handling, tx, tx.conversation(action.conversation_id), StaffBlocked(False))
        case _:
            pass


async def take_over(handling: Handling, person: Person, conversation_id: str) -> None:
    """Makes a task of a draft whose resident is silent."""

    def work(tx: Transaction) -> None:
        conversation = tx.conversation(conversation_id)
        _allowed(person, conversation.city_id)
        if conversation.state.draft is None:
            raise Conflict("the resident has answered, or somebody took it on already")
        settle(handling, tx, conversation, StaffTookOver())
        _trace(tx, person, "draft.taken", "conversation", conversation_id)

    await handling.store.write(work)


async def resend(handling: Handling, person: Person, report_id: str) -> None:
    """Sends a report once more whose sending had ended without success."""

    def work(tx: Transaction) -> None:
        _allowed(person, tx.report(report_id).city_id)
        if not tx.console.reopen_submission(report_id, handling.clock.now()):
            raise Conflict("this report is not waiting to be sent again")
        _trace(tx, person, "report.resent", "report", report_id)

    await handling.store.write(work)


async def cancel(handling: Handling, person: Person, report_id: str) -> bool:
    """Stops a report that has not left (True), or asks the city to take it back (False)."""

    def work(tx: Transaction) -> bool:
        report = tx.report(report_id)
        _allowed(person, report.city_id)
        stopped = tx.console.withdraw([tx.console.submission_of(report_id)]) == 1
        if stopped or report.state in ("refused", "unsure"):
            tx.console.set_report_state(report_id, "cancelled")
            stopped = True
        elif report.state == "accepted" and report.status != "closed":
            tx.on_behalf_of(person.account.name, timedelta(0))
            tx.add_update(report, CANCELLED)
        else:
            raise Conflict("this report cannot be cancelled any more")
        _trace(tx, person, "report.cancelled", "report", report_id)
        return stopped

    return await handling.store.write(work)


CANCELLED = "The city's staff ask to close this request: it was filed by mistake."


async def places(handling: Handling, city_id: str, words: str, language: str) -> tuple[Place, ...]:
    """Where the words may be, best first."""
    locator = handling.jurisdictions[city_id].locator
    located = await asyncio.to_thread(locator.locate, words, language)
    return tuple(replace(place, source="staff") for place in located.candidates)


async def place_at(handling: Handling, city_id: str, lat: float, long: float) -> Place | None:
    """The place of a point on the map; None outside the city."""
    locator = handling.jurisdictions[city_id].locator
    place = await asyncio.to_thread(locator.at, Pin(lat, long))
    return replace(place, lat=lat, long=long, source="staff") if place else None


async def telling_words(handling: Handling, city_id: str, text: str, language: str, code: str) -> tuple[str, ...]:
    """The words without which the guess would be least sure: each left out in its turn."""
    classifier = handling.jurisdictions[city_id].classifier
    words = text.split()[:LONGEST_EXPLAINED]
    if classifier is None or len(words) < 2:
        return ()

    def sure(said: list[str]) -> float:
        classified = classifier.classify(" ".join(said), language)
        return next((guess.p for guess in classified.guesses if guess.service_code == code), 0.0)

    def weigh() -> tuple[str, ...]:
        whole = sure(words)
        longest = sorted(range(len(words)), key=lambda i: -len(words[i]))[:MOST_WEIGHED]
        losses = [(whole - sure(words[:i] + words[i + 1 :]), words[i]) for i in longest]
        telling = sorted((loss for loss in losses if loss[0] > LEAST_TELLING), reverse=True)
        return tuple(word.strip(".,;:!?\"'()") for _, word in telling[:3])

    return await asyncio.to_thread(weigh)


LEAST_TELLING = 0.01


def twins(handling: Handling, tx: Transaction, item: QueueItem) -> tuple[Report, ...]:
    """Open reports of anybody around the task's place."""
    place = item.draft.place if item.draft else None
    if place is None or place.lat is None or place.long is None:
        return ()
    policy = handling.jurisdictions[item.city_id].policy
    since = handling.clock.now() - policy.twin_age
    return tx.nearby(item.city_id, place.lat, place.long, max(policy.twin_m, 60.0), since)


# ------------------------------------------------------------------------------------------------ inside


def _open_item(tx: Transaction, person: Person, task_id: str) -> QueueItem:
    item = tx.console.item(task_id)
    if item is None:
        raise Unknown("there is no such item")
    _allowed(person, item.city_id)
    if item.closed_at:
        raise Conflict(f"{item.closed_by} was faster: {DONE.get(item.outcome, item.outcome)}")
    return item


DONE = {
    "send": "the report was sent",
    "answer": "the resident was answered",
    "merge": "it was merged with another report",
    "block": "the sender was blocked",
    "close": "it was set aside as done",
}


def _allowed(person: Person, city_id: str) -> None:
    if not person.account.serves(city_id):
        raise Unknown("there is no such thing")


def _close(tx: Transaction, person: Person, item: QueueItem, outcome: str) -> None:
    if not tx.console.close_task(item.id, person.account.name, outcome):
        raise Conflict("somebody was faster")


def _described(handling: Handling, item: QueueItem, report: Completed) -> str:
    """The words that a person sends, with a line of English above them where they are in another language."""
    if not item.draft or item.draft.written == "en":
        return report.description
    service = handling.jurisdictions[item.city_id].services.get(report.service_code)
    return with_english(report.description, service, report.place)


def _learn(handling: Handling, tx: Transaction, item: QueueItem, report: Completed, language: str) -> None:
    draft = item.draft
    guessed = draft.guesses[0].service_code if draft and draft.guesses else ""
    text = "\n".join(draft.words) if draft else item.note
    if text.strip() and guessed != report.service_code:
        now = handling.clock.now()
        tx.console.add_example(Example(item.city_id, text, language, report.service_code, guessed, now))


def _deed(
    tx: Transaction,
    handling: Handling,
    person: Person,
    item: QueueItem | None,
    kind: str,
    report_id: str,
    conversation_id: str = "",
) -> str:
    return tx.console.add_action(
        StaffAction(
            id="",
            kind=kind,  # type: ignore[arg-type]  # named by the callers above
            account_id=person.account.id,
            at=handling.clock.now(),
            conversation_id=item.conversation_id if item else conversation_id,
            task_id=item.id if item else "",
            report_id=report_id,
            outbox_ids=tuple(tx.made),
        )
    )


def _trace(tx: Transaction, person: Person, action: str, subject: str, subject_id: str, **detail: str) -> None:
    account = person.account
    tx.console.audit(Trace(action, subject, subject_id, detail, account.id, account.name, person.address))
