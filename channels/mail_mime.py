"""Reads a mail off the wire without ever failing: headers, the readable body, files. Pure.

The standard library's lenient policy is used throughout: under the strict ones reading a crafted header can
raise IndexError, RecursionError or LookupError.
"""

from __future__ import annotations

import email
import email.header
import email.utils
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from typing import Final

from selectolax.lexbor import LexborHTMLParser

from bridge.vocabulary import Attachment
from channels.hygiene import clean, one_line

PARTS_LIMIT: Final = 200
TEXT_LIMIT: Final = 200_000  # characters of body that are looked at
NESTING_LIMIT: Final = 30
HEADER_LIMIT: Final = 20_000  # characters of one header that are decoded

_CHARSET_NAME = re.compile(r"[A-Za-z0-9_.:+-]{1,40}")
_BLOCK, _PARAGRAPH = "\x01", "\x02"  # marks clean() leaves in no text
_BREAKS: Final = (
    ("br", "", "\n"),
    ("div,tr,li,blockquote,pre,table,ul,ol,hr", _BLOCK, _BLOCK),
    ("p,h1,h2,h3,h4,h5,h6", _PARAGRAPH, _PARAGRAPH),
)


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail, read. `body` is plain text, from the plain part or else from the HTML one; `html` says which."""

    message: Message
    subject: str
    sender: str
    sender_name: str
    body: str
    html: bool = False
    attachments: tuple[Attachment, ...] = ()
    headers: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def header(self, name: str) -> str:
        """The first header of that name, decoded and on one line; "" when absent."""
        return next(iter(self.headers.get(name.lower(), ())), "")


def read(raw: bytes) -> Letter:
    """The mail these bytes are. Never raises: what cannot be parsed is taken as text."""
    message = _parsed(raw)
    headers = _headers(message)
    name, address = _address(next(iter(headers.get("from", ())), ""))
    parts = list(_parts(message))
    body, html = _body(parts)
    return Letter(
        message=message,
        subject=next(iter(headers.get("subject", ())), ""),
        sender=address,
        sender_name=name,
        body=body,
        html=html,
        attachments=tuple(_attachments(parts)),
        headers=headers,
    )


def part_content(raw: bytes, reference: str) -> bytes | None:
    """The decoded bytes of the part an Attachment refers to; None when the mail has no such part."""
    for number, part in _parts(_parsed(raw)):
        if str(number) == reference:
            return _payload(part)
    return None


def address(value: str) -> str:
    """The one mail address in a header value, in lower case; "" when there is none."""
    return _address(value)[1]


def text_of_html(html: str) -> str:
    """What a reader would see of an HTML mail: a line per block and line break, a blank one between paragraphs."""
    tree = LexborHTMLParser(clean(html)[: 5 * TEXT_LIMIT].replace("\n", " "))
    for node in tree.css("head,style,script,title,template"):
        node.decompose()
    for selector, before, after in _BREAKS:
        for node in tree.css(selector):
            node.insert_before(before)
            node.insert_after(after)
    text = tree.body.text(separator="") if tree.body else ""
    text = re.sub(rf"\s*[{_BLOCK}\s]*{_PARAGRAPH}[{_BLOCK}{_PARAGRAPH}\s]*", "\n\n", text.replace("\xa0", " "))
    text = re.sub(rf"[ \t]*(\n?){_BLOCK}[{_BLOCK} \t]*", "\n", text)
    return "\n".join(" ".join(line.split()) for line in text.split("\n")).strip()


def _parsed(raw: bytes) -> Message:
    # Each level of nesting is tried on every line by the standard library's parser: a deep mail is read flat.
    if raw.lower().count(b"boundary") > NESTING_LIMIT:
        raw = re.sub(rb"(?i)boundary", b"x-refused", raw)
    try:
        return email.message_from_bytes(raw)
    except Exception:
        message = Message()
        message.set_payload(raw.decode("utf-8", "replace"))
        return message


def _headers(message: Message) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, value in message.items()[:PARTS_LIMIT]:
        key = name.lower()
        found[key] = (*found.get(key, ()), _decoded(str(value)))
    return found


def _decoded(value: str) -> str:
    """A header value with its encoded words read (RFC 2047), on one line."""
    value = value[:HEADER_LIMIT]
    try:
        pieces = email.header.decode_header(value)
        text = "".join(
            _text_in(piece, charset) if isinstance(piece, bytes) else piece for piece, charset in pieces
        )
    except Exception:
        text = value
    return one_line(_repaired(text))


def _repaired(text: str) -> str:
    """Raw 8-bit bytes in a header come as surrogates; most are UTF-8."""
    if not any("\udc80" <= char <= "\udcff" for char in text):
        return text
    return _text_in(text.encode("utf-8", "surrogateescape"), None)


def _address(value: str) -> tuple[str, str]:
    try:
        name, found = email.utils.parseaddr(value[:HEADER_LIMIT])
    except Exception:
        return "", ""
    found = one_line(found).lower()
    return (one_line(name), found) if re.fullmatch(r"[^\s@<>,;]+@[^\s@<>,;]+", found) else ("", "")


def _parts(message: Message) -> Iterator[tuple[int, Message]]:
    """Leaf parts, numbered in reading order. What is attached as a whole mail is one part."""
    stack = [message]
    for number in range(PARTS_LIMIT):
        if not stack:
            return
        part = stack.pop()
        children = part.get_payload() if part.get_content_maintype() == "multipart" else None
        if isinstance(children, list):
            stack.extend(child for child in reversed(children) if isinstance(child, Message))
            continue
        if part.get_content_maintype() == "multipart":  # its boundary never came
            part.set_type("text/plain")
        yield number, part


def _body(parts: list[tuple[int, Message]]) -> tuple[str, bool]:
    """The first readable part, plain before HTML."""
    for wanted in ("text/plain", "text/html"):
        texts = [_text(part) for _, part in parts if part.get_content_type() == wanted and not _is_file(part)]
        found = [text for text in texts if text.strip()]
        if found and wanted == "text/html":
            return clean(text_of_html(found[0]))[:TEXT_LIMIT], True
        if found:
            return clean("\n".join(found))[:TEXT_LIMIT], False
    return "", False


def _is_file(part: Message) -> bool:
    disposition = str(part.get("Content-Disposition", "")).strip().lower()
    return disposition.startswith("attachment") or bool(_file_name(part))


def _file_name(part: Message) -> str:
    try:
        return _decoded(part.get_filename() or "")
    except Exception:
        return ""


def _attachments(parts: list[tuple[int, Message]]) -> Iterator[Attachment]:
    for number, part in parts:
        if not part.get_content_type().startswith("text/") or _is_file(part):
            yield Attachment(part.get_content_type(), str(number), _file_name(part), len(_payload(part)))


def _payload(part: Message) -> bytes:
    """The part's bytes with the transfer encoding undone; a whole mail as its own bytes."""
    try:
        if part.get_content_type() == "message/rfc822":
            inner = part.get_payload()
            whole = inner[0] if isinstance(inner, list) and inner else None
            return whole.as_bytes() if isinstance(whole, Message) else b""
        content = part.get_payload(decode=True)
        return content if isinstance(content, bytes) else b""
    except Exception:
        return b""


def _text(part: Message) -> str:
    try:
        declared = part.get_content_charset()
    except Exception:
        declared = None
    return _text_in(_payload(part), declared)


def _text_in(content: bytes, charset: str | None) -> str:
    """Decodes by the declared charset, then UTF-8, then cp1252: guessing from statistics fails on short texts."""
    tries = [charset] if charset and _CHARSET_NAME.fullmatch(charset) else []
    if tries and tries[0] in ("us-ascii", "ascii", "unknown-8bit"):
        tries = []
    for name in [*tries, "utf-8", "cp1252"]:
        try:
            return content.decode(name)
        except (LookupError, ValueError):
            continue
    return content.decode("latin-1")
