"""What a provider says became of a reply, recorded and acted on.

Who opted out is not written to again. Who was not reached is tried once more, later; whoever cannot be reached on
this address gets the words by mail where a mail address is known, and staff are told. An account that may not send
is marked red until a message of its own arrives again.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from bridge.flow.settling import Handling, settle, spent
from bridge.ports import Transaction
from bridge.vocabulary import Conversation, Delivery, DeliveryTold, Outbound, Told, Trouble

log = logging.getLogger(__name__)

AGAIN_AFTER = timedelta(minutes=30)
WARN_AT = 0.8  # of a month's segments


def told(handling: Handling, tx: Transaction, account_id: str, address: str, delivery: Delivery) -> bool:
    """Acts on a report. False when the message it is about is not known (yet)."""
    known = tx.note_delivery(account_id, delivery) if delivery.provider_id else None
    if delivery.state == "delivered":
        for reason in ("barred", "filtered"):
            tx.out_of_trouble(account_id, reason)
    if delivery.state in ("barred", "filtered"):
        _troubled(tx, account_id, delivery)
    conversation = tx.conversation(known.conversation_id) if known else tx.at_address(account_id, address)
    if conversation and (known is None or known.news):
        _act(handling, tx, conversation, delivery, known)
    return known is not None or not delivery.provider_id or delivery.state == "opted_out"


def refused(
    handling: Handling, tx: Transaction, reply: Outbound, delivery: Delivery, conversation_id: str, reason: str
) -> None:
    """The same for a reply that the provider refused to take at all."""
    if delivery.state in ("barred", "filtered"):
        _troubled(tx, reply.account_id, delivery)
    _act(
        handling, tx, tx.conversation(conversation_id), delivery, Told(conversation_id, reply, True, True), reason
    )


def _act(
    handling: Handling,
    tx: Transaction,
    conversation: Conversation,
    delivery: Delivery,
    known: Told | None,
    reason: str = "",
) -> None:
    if delivery.state in ("queued", "sent", "delivered"):
        return
    reply = known.reply if known else None
    if delivery.state == "missed" and reply and known and not known.again:
        tx.say_again(conversation, reply, AGAIN_AFTER)
        return
    state = "unreachable" if delivery.state == "missed" else delivery.state
    if state != "opted_out" and reply and (mail := by_mail(handling, tx, conversation, reply)):
        tx.add_reply(conversation, mail)
    settle(handling, tx, conversation, DeliveryTold(state, delivery.code, reason))


def by_mail(handling: Handling, tx: Transaction, conversation: Conversation, reply: Outbound) -> Outbound | None:
    """The reply as a mail, where the resident gave an address and the city has a mailbox."""
    if reply.channel == "mail":
        return None
    address = next((r.contact["email"] for r in tx.reports_of(conversation.id) if r.contact.get("email")), "")
    mailboxes = (a for a in handling.mailboxes if conversation.city_id in handling.cities_of.get(a, ()))
    account_id = next(mailboxes, "")
    if not (address and account_id):
        return None
    thread = f"{reply.account_id}/{reply.thread}"
    return replace(
        reply, account_id=account_id, channel="mail", to=address, thread=thread, in_reply_to="", ask_location=False
    )


def _troubled(tx: Transaction, account_id: str, delivery: Delivery) -> None:
    trouble = (
        Trouble("red", "barred", delivery.code)
        if delivery.state == "barred"
        else Trouble("amber", "filtered", delivery.code)
    )
    if tx.in_trouble(account_id, trouble):
        log.error("account in trouble", extra={"account_id": account_id, "code": delivery.code})


# ------------------------------------------------------------------------------------------------ the budget


def watch_budget(handling: Handling, tx: Transaction, account_id: str, now: datetime) -> None:
    """Marks an account that comes near its budget; a new month clears it."""
    if not handling.budgets.get(account_id):
        return
    part = spent(handling, tx, account_id, now)
    if part < WARN_AT:
        tx.out_of_trouble(account_id, "budget")
        return
    trouble = Trouble("amber", "budget", "100" if part >= 1 else "80")
    if tx.in_trouble(account_id, trouble):
        log.warning("segment budget", extra={"account_id": account_id, "percent": round(100 * part)})
