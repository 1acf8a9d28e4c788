"""Which conversation a mail belongs to: tokens in reply addresses and in our Message-IDs. Pure."""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b32encode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from channels.hygiene import clean
from channels.mail_mime import Letter

DETAIL_MARK: Final = "+"  # RFC 5233
IDS_LIMIT: Final = 50

_THREAD = re.compile(r"[a-z2-7]{16}")


@dataclass(frozen=True, slots=True)
class Sealer:
    """Signs and reads the tokens of one mailbox.

    A token is the thread's own sixteen characters and a MAC over account and thread, so it can be neither
    guessed nor moved to another mailbox. Without a key nothing is signed and nothing is believed.
    """

    account_id: str
    key: bytes = b""

    def token(self, thread: str) -> str:
        """The token of a thread; "" without a key, or for a thread this channel did not name."""
        if not self.key or not _THREAD.fullmatch(thread):
            return ""
        mac = hmac.new(self.key, f"{self.account_id}\0{thread}".encode(), hashlib.sha256).digest()
        return thread + b32encode(mac).decode().lower()[:16]

    def thread(self, token: str) -> str:
        """The thread of a token; "" when the token was not made with this key for this account."""
        thread = token[:16].lower()
        ours = self.token(thread)
        return thread if ours and hmac.compare_digest(ours.encode(), token.lower().encode()) else ""

    def thread_of(self, sender: str) -> str:
        """The thread of a sender who answers nothing of ours."""
        digest = hashlib.sha256(f"{self.account_id}\0{sender}".encode()).digest()
        return b32encode(digest).decode().lower()[:16]


def thread_of(letter: Letter, recipient: str, sender: str, sealer: Sealer) -> str:
    """By the token the mail was sent to, else by the mail of ours it answers, else by its sender."""
    threads = (sealer.thread(token) for token in _tokens(letter, recipient))
    return next(filter(None, threads), "") or sealer.thread_of(sender or letter.header("message-id"))


def message_ids(value: str) -> list[str]:
    """The Message-IDs in a header value, with their angle brackets."""
    return re.findall(r"<[^<>\s]{1,250}>", clean(value))[:IDS_LIMIT]


def tagged(address: str, token: str) -> str:
    """An address with a token as its detail: `report+token@domain`."""
    local, _, domain = address.rpartition("@")
    return f"{local}{DETAIL_MARK}{token}@{domain}" if token else address


def _tokens(letter: Letter, recipient: str) -> Iterator[str]:
    yield recipient.rpartition("@")[0].partition(DETAIL_MARK)[2]
    answered = message_ids(letter.header("in-reply-to")) + message_ids(letter.header("references"))[::-1]
    for message_id in answered:
        yield message_id.rpartition("@")[0].rpartition(".")[2]
