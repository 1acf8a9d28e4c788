"""Records handed out: a folder of open formats that needs no program of ours to read.

messages.jsonl   each message, both ways, oldest first
messages.csv     the same for a spreadsheet: when, who, what
reports.jsonl    each report with its place and what the city made of it
raw/             what providers sent, as it came: mails as .eml (their attachments inside), the rest as it came
attachments/     the files that came in mails, taken out
photos/          photos and recordings, named by report or conversation
tables/          of an export of everything: each table, a row a line, but for what would let somebody in
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
import email
import email.policy
import json
import mimetypes
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from bridge.ports import Blobs, Store, Transaction
from bridge.vocabulary import Page, Query, Report, Said, StoredFile

R = TypeVar("R", Said, Report, StoredFile)
Read = Callable[[Transaction, Query, str, int], Sequence[R]]

AT_ONCE = 500
SHEET = ("at", "direction", "channel", "address", "subject", "text", "state", "conversation_id", "id")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(slots=True)
class Exported:
    """How much was handed out."""

    messages: int = 0
    reports: int = 0
    files: int = 0


async def export(store: Store, query: Query, folder: Path, blobs: Blobs | None = None) -> Exported:
    """Writes all that fits into a folder, which is made and must not hold an export already."""
    with await asyncio.to_thread(_Folder, folder, query.word) as into:
        for read in (_said, _told):
            await _each(store, query, read, into.messages)
        await _each(store, query, _filed, into.reports)
        if blobs:
            await _each(store, query, _kept, partial(into.photos, blobs))
    if query == Query():
        await _tables(store, folder / "tables")
    return into.exported


async def _each(store: Store, query: Query, read: Read[R], write: Callable[[Sequence[R]], None]) -> None:
    after = ""
    while found := await store.read(partial(_batch, read, query, after)):
        await asyncio.to_thread(write, found)
        after = found[-1].id


async def _tables(store: Store, folder: Path) -> None:
    for table in await store.read(lambda tx: tx.tables()):
        _put(folder, Path(f"{table}.jsonl"), b"")
        after: Sequence[object] = ()
        while page := await store.read(partial(_rows, table, after)):
            await asyncio.to_thread(_append, folder / f"{table}.jsonl", page)
            after = page.last


def _append(file: Path, page: Page) -> None:
    with file.open("a", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row, default=_plain, ensure_ascii=False) + "\n" for row in page.rows)


def _rows(table: str, after: Sequence[object], tx: Transaction) -> Page | None:
    return tx.rows(table, after, AT_ONCE)


def _batch(read: Read[R], query: Query, after: str, tx: Transaction) -> Sequence[R]:
    return read(tx, query, after, AT_ONCE)


class _Folder:
    """The files of one export, open."""

    def __init__(self, folder: Path, word: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.exported = Exported()
        self._folder = folder
        self._word = word
        self._lines = (folder / "messages.jsonl").open("x", encoding="utf-8")
        self._sheet = (folder / "messages.csv").open("x", encoding="utf-8", newline="")
        self._reports = (folder / "reports.jsonl").open("x", encoding="utf-8")
        self._talks: set[str] = set()  # those with something that fits
        self._rows = csv.writer(self._sheet)
        self._rows.writerow(SHEET)

    def __enter__(self) -> _Folder:
        return self

    def __exit__(self, *_: object) -> None:
        for file in (self._lines, self._sheet, self._reports):
            file.close()

    def messages(self, said: Sequence[Said]) -> None:
        for message in said:
            if _has(self._word, f"{message.subject}\n{message.text}"):
                self._message(message)

    def _message(self, message: Said) -> None:
        self._talks.add(message.conversation_id)
        files = list(_files(message, self._folder))
        plain = {**asdict(message), "raw": None, "files": files}
        self._lines.write(json.dumps(plain, default=_plain, ensure_ascii=False) + "\n")
        self._rows.writerow([_cell(plain[name]) for name in SHEET])
        self.exported.messages += 1
        self.exported.files += len(files)

    def reports(self, filed: Sequence[Report]) -> None:
        for report in filed:
            written = json.dumps(asdict(report), default=_plain, ensure_ascii=False)
            if _has(self._word, written):
                self._reports.write(written + "\n")
                self._talks.add(report.conversation_id)
                self.exported.reports += 1

    def photos(self, blobs: Blobs, files: Sequence[StoredFile]) -> None:
        """Those of conversations that something of was handed out."""
        for file in files:
            if file.conversation_id in self._talks:
                with contextlib.suppress(KeyError):  # swept already
                    name = f"{file.report_id or file.conversation_id}-{file.id}{_ending(file.media_type)}"
                    _put(self._folder, Path("photos") / name, blobs.path(file.blob_id).read_bytes())
                    self.exported.files += 1


def _said(tx: Transaction, query: Query, after: str, limit: int) -> Sequence[Said]:
    return tx.said(query, after, limit)


def _told(tx: Transaction, query: Query, after: str, limit: int) -> Sequence[Said]:
    return tx.told(query, after, limit)


def _kept(tx: Transaction, query: Query, after: str, limit: int) -> Sequence[StoredFile]:
    return tx.files(query, after, limit)


def _filed(tx: Transaction, query: Query, after: str, limit: int) -> Sequence[Report]:
    return tx.filed(query, after, limit)


def _has(word: str, text: str) -> bool:
    return not word or word.casefold() in text.casefold()


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _cell(value: object) -> str:
    """What a spreadsheet would take for a formula is made plain text (OWASP, CSV injection)."""
    text = _plain(value)
    return f"'{text}" if text.startswith(FORMULA) else text


# ------------------------------------------------------------------------------------------------- files


def _files(message: Said, folder: Path) -> Iterator[str]:
    """Writes what came with a message; the names of the files, from the folder."""
    if not message.raw:
        return
    is_mail = message.raw_type == "message/rfc822" or message.channel == "mail"
    name = Path("raw") / f"{message.id}{'.eml' if is_mail else '.raw'}"
    yield _put(folder, name, message.raw)
    if is_mail:
        for number, (part_name, content) in enumerate(_parts(message.raw)):
            yield _put(folder, Path("attachments") / message.id / f"{number}-{_safe(part_name)}", content)


def _put(folder: Path, name: Path, content: bytes) -> str:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return name.as_posix()


def _parts(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Attachments of a mail; one that cannot be read is in the .eml still."""
    for part in email.message_from_bytes(raw, policy=email.policy.compat32).walk():
        name = part.get_filename()
        content = part.get_payload(decode=True)
        if name and isinstance(content, bytes):
            yield name, content


def _ending(media_type: str) -> str:
    return {"image/jpeg": ".jpg"}.get(media_type, mimetypes.guess_extension(media_type) or ".bin")


def _safe(name: str) -> str:
    """A sender chose it: no folder, no hidden file, nothing long."""
    return re.sub(r"[^\w.-]+", "_", name.replace("\\", "/").rpartition("/")[2]).lstrip(".")[-80:] or "file"
