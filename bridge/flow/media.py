"""A message's files: fetched from their provider, made safe, kept. Before anything is decided, since a photo may
say where it was taken, and after the message itself is stored, so that no file holds up an acknowledgement.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.errors import Permanent
from bridge.ports import Blobs, Channel, Develop, Store
from bridge.vocabulary import Attachment, Inbound, Media, Pin

log = logging.getLogger(__name__)

MOST_FILES = 10  # of one message; Twilio's most
TOKEN_BYTES = 24
SWEPT_AFTER = timedelta(hours=1)  # a file that comes again just now is kept before its row is


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a message's files: those kept, in their order, and how many were refused."""

    kept: tuple[Media, ...] = ()
    refused: int = 0

    @property
    def pin(self) -> Pin | None:
        """Where the first photo that says so was taken."""
        return next((file.pin for file in self.kept if file.pin), None)


@dataclass(frozen=True, slots=True)
class Files:
    """What it takes to keep files: the channels they come by, how they are made safe, and where they lie."""

    channels: Mapping[str, Channel]
    develop: Develop
    blobs: Blobs

    async def take(self, message: Inbound) -> Taken:
        """Fetches and keeps a message's files. Raises Retryable while the provider cannot give one."""
        kept, refused = [], max(0, len(message.attachments) - MOST_FILES)
        for attachment in message.attachments[:MOST_FILES]:
            try:
                kept.append(await self._keep(message, attachment))
            except Permanent as error:
                refused += 1
                log.warning("file refused", extra={"account_id": message.account_id, "error": str(error)})
        return Taken(tuple(kept), refused)

    async def discard(self, message: Inbound) -> None:
        """Has the provider forget what is kept here; that it does not is no reason to do anything again."""
        for attachment in message.attachments[:MOST_FILES]:
            try:
                await self.channels[message.account_id].discard(attachment)
            except Exception as error:
                log.warning("file not discarded", extra={"account_id": message.account_id, "error": repr(error)})

    async def _keep(self, message: Inbound, attachment: Attachment) -> Media:
        content = await self.channels[message.account_id].fetch(attachment, message.raw)
        developed = await asyncio.to_thread(self.develop, content)
        blob_id = await asyncio.to_thread(self.blobs.keep, developed.content)
        return Media(secrets.token_urlsafe(TOKEN_BYTES), blob_id, developed.media_type, developed.pin)


async def sweep(store: Store, blobs: Blobs, now: datetime) -> int:
    """Deletes the files that nobody is shown any more; how many."""
    unseen = await store.write(lambda tx: tx.take_unseen(now - SWEPT_AFTER))
    for blob_id in unseen:
        await asyncio.to_thread(blobs.drop, blob_id)
    return len(unseen)
