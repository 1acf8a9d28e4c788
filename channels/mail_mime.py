"""Reads a mail off the wire without ever failing: headers, the readable body, files. Pure.

Parts are split here rather than by the standard library's parser, whose time grows with lines times nesting and
which recurses; its lenient policy decodes what is in them (under the strict ones reading a crafted header can
raise IndexError, RecursionError or LookupError). Everything is bounded, so time is linear in a mail's size.
"""

from __future__ import annotations

import email.header
import email.utils
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Final

from bridge.vocabulary import Attachment
from channels.hygiene import clean, one_line
from channels.mail_html import text_of_html

HEADERS_LIMIT: Final = 128 * 1024  # bytes of one part's headers
HEADER_COUNT: Final = 300
HEADER_LENGTH: Final = 10_000  # characters of one header
PARAMETERS_LENGTH: Final = 2_000  # characters of one Content-… header
PARTS_LIMIT: Final = 200
DEPTH_LIMIT: Final = 10
USUAL: Final = frozenset(
    (
        "from",
        "to",
        "subject",
        "date",
        "received",
        "message-id",
        "content-type",
        "mime-version",
        "return-path",
        "sender",
    )
)
# What programs attach of themselves: Outlook's winmail.dat, signatures, cards, invitations. Nobody meant to send
# them, so nobody is told that they cannot be taken.
UNMEANT: Final = frozenset(
    (
        "application/ms-tnef",
        "application/vnd.ms-tnef",
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "application/pgp-signature",
        "application/pgp-keys",
        "application/ics",
        "text/calendar",
        "text/vcard",
        "text/x-vcard",
        "text/directory",
        "message/external-body",
    )
)
UNMEANT_NAME: Final = re.compile(r"winmail\.dat|smime\.p7[sm]|signature\.asc|.{1,80}\.(vcf|ics)", re.IGNORECASE)
SMALL_PICTURE: Final = 5_000  # bytes
TEXT_LIMIT: Final = 200_000  # characters of body that are looked at

_CHARSET_NAME = re.compile(r"[A-Za-z0-9_.:+-]{1,40}")
# ASCII is declared of anything; the others are Python's own codecs, no mail's charset, and some of them slow.
_NOT_DECLARED = frozenset(
    [
        "us-ascii",
        "ascii",
        "unknown-8bit",
        "idna",
        "punycode",
        "unicode_escape",
        "unicode-escape",
        "raw_unicode_escape",
        "raw-unicode-escape",
        "undefined",
        "charmap",
        "mbcs",
        "oem",
    ]
)
_HEADER_LINE = re.compile(rb"[!-9;-~]{1,100}[ \t]{0,5}:")
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class Part:
    """A leaf of a mail: its headers, and its content as transferred."""

    headers: Message
    content: bytes

    @property
    def content_type(self) -> str:
        return self.headers.get_content_type()

    @property
    def is_attached(self) -> bool:
        return str(self.headers.get("Content-Disposition", "")).strip().lower().startswith("attachment")

    @property
    def is_file(self) -> bool:
        return self.is_attached or bool(self.file_name)

    @property
    def is_meant(self) -> bool:
        """Whether it is a file its sender chose: not what programs add, nor the tiny pictures that signatures and
        trackers put in the text."""
        kind = self.content_type
        if kind in UNMEANT or UNMEANT_NAME.fullmatch(self.file_name):
            return False
        if kind.startswith("image/") and not self.is_attached:
            return len(self.payload()) >= SMALL_PICTURE
        return self.is_file or not kind.startswith(("text/", "message/delivery-", "multipart/"))

    @property
    def file_name(self) -> str:
        try:
            return decoded(self.headers.get_filename() or "")
        except Exception:
            return ""

    def payload(self) -> bytes:
        """The content with the transfer encoding undone."""
        if self.headers.get_content_maintype() == "message":
            return self.content
        self.headers.set_payload(self.content.decode("ascii", "surrogateescape"))
        try:
            found = self.headers.get_payload(decode=True)
        except Exception:
            return self.content
        return found if isinstance(found, bytes) else b""

    def text(self) -> str:
        """The content as text, by its declared charset or the likeliest."""
        try:
            charset = self.headers.get_content_charset()
        except Exception:
            charset = None
        return text_in(self.payload(), charset)


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail, read. `body` is plain text, from the plain parts or else from the HTML one. `headers` are by
    lower-case name, decoded, each on one line."""

    headers: Mapping[str, tuple[str, ...]]
    parts: tuple[Part, ...]
    content_type: str
    sender: str
    sender_name: str
    body: str

    @property
    def subject(self) -> str:
        return self.header("subject")

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """Files and pictures the sender meant to send; a reference is the part's number."""
        return tuple(
            Attachment(part.content_type, str(number), part.file_name, len(part.payload()))
            for number, part in enumerate(self.parts)
            if part.is_meant
        )

    @property
    def photos(self) -> tuple[Attachment, ...]:
        return tuple(file for file in self.attachments if file.content_type.startswith("image/"))

    def header(self, name: str) -> str:
        """The first header of that name; "" when absent."""
        return next(iter(self.headers.get(name.lower(), ())), "")


def read(raw: bytes) -> Letter:
    """The mail these bytes are. Never raises: what cannot be parsed is taken as text."""
    message, content = _split(raw)
    if not USUAL & {name.lower() for name in message}:  # a bare body whose first line looks like a header
        message, content = Message(), raw
    headers = _decoded_headers(message)
    name, sender = _address(next(iter(headers.get("from", ())), ""))
    parts = tuple(_leaves(message, content))
    return Letter(headers, parts, message.get_content_type(), sender, name, _body(parts))


def part_content(raw: bytes, reference: str) -> bytes | None:
    """The decoded bytes of the part an Attachment refers to; None when the mail has no such part."""
    parts = read(raw).parts
    known = reference.isdecimal() and int(reference) < len(parts)
    return parts[int(reference)].payload() if known else None


def address(value: str) -> str:
    """The one mail address in a header value, in lower case; "" when there is none."""
    return _address(value)[1]


def body_text(text: str) -> str:
    """A plain body, cleaned and bounded."""
    return clean(text)[:TEXT_LIMIT]


def decoded(value: str) -> str:
    """A header value with its encoded words read (RFC 2047), cleaned, on one line."""
    value = value[:HEADER_LENGTH]
    try:
        pieces = email.header.decode_header(value)
        text = "".join(text_in(piece, charset) if isinstance(piece, bytes) else piece for piece, charset in pieces)
    except Exception:
        text = value
    if any("\udc80" <= char <= "\udcff" for char in text):  # raw 8-bit bytes; most are UTF-8
        text = text_in(text.encode("utf-8", "surrogateescape"), None)
    return one_line(text)


def text_in(content: bytes, charset: str | None) -> str:
    """Decodes by the declared charset, then UTF-8, then cp1252: guessing from statistics fails on short texts."""
    named = charset and _CHARSET_NAME.fullmatch(charset) and charset.lower() not in _NOT_DECLARED
    for name in (*((charset,) if charset and named else ()), "utf-8", "cp1252"):
        try:
            return content.decode(name)
        except (LookupError, ValueError):
            continue
    return content.decode("latin-1")


def _split(raw: bytes) -> tuple[Message, bytes]:
    """Headers and content. What does not begin with a header is all content."""
    if raw.startswith((b"From ", b">From ")):  # the line an mbox file puts before a mail
        raw = raw.partition(b"\n")[2]
    if raw[:2].lstrip(b"\r\n") != raw[:2] or not _HEADER_LINE.match(raw):
        return Message(), raw
    blank = _BLANK_LINE.search(raw, 0, HEADERS_LIMIT)
    end, start = blank.span() if blank else (min(len(raw), HEADERS_LIMIT),) * 2
    return _message(raw[:end]), raw[start:]


def _message(block: bytes) -> Message:
    message = Message()
    unfolded = re.sub(rb"\r?\n[ \t]", b" ", block)
    for line in unfolded.splitlines()[:HEADER_COUNT]:
        name, colon, value = line.partition(b":")
        if colon and _HEADER_LINE.match(line):
            limit = PARAMETERS_LENGTH if name.lower().startswith(b"content-") else HEADER_LENGTH
            text = value[:limit].decode("ascii", "surrogateescape").strip()
            message[name.decode("ascii").strip()] = text
    return message


def _decoded_headers(message: Message) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, value in message.raw_items():  # items() replaces 8-bit bytes
        found[name.lower()] = (*found.get(name.lower(), ()), decoded(str(value)))
    return found


def _address(value: str) -> tuple[str, str]:
    try:
        name, found = email.utils.parseaddr(value[:1000])
    except Exception:
        return "", ""
    found = one_line(found).lower()
    return (one_line(name), found) if re.fullmatch(r"[^\s@<>,;]+@[^\s@<>,;]+", found) else ("", "")


def _leaves(message: Message, content: bytes) -> Iterator[Part]:
    """Leaf parts in reading order. A mail attached whole is one part."""
    stack = [(message, content, 0)]
    left = PARTS_LIMIT
    while stack and left:
        head, body, depth = stack.pop()
        pieces = list(_pieces(head, body)) if depth < DEPTH_LIMIT else []
        if pieces:
            stack.extend((*_split(piece), depth + 1) for piece in reversed(pieces))
            continue
        if head.get_content_maintype() == "multipart":  # its boundary is missing or never came
            head.set_type("text/plain")
        left -= 1
        yield Part(head, body)


def _pieces(message: Message, content: bytes) -> Iterator[bytes]:
    """The raw parts between a multipart's boundary lines (RFC 2046 5.1.1)."""
    boundary = _boundary(message)
    if not boundary:
        return
    line = re.compile(rb"(?:\A|\n)--" + re.escape(boundary) + rb"(--)?[ \t]{0,100}\r?(?=\n|\Z)")
    start = None
    for found, _ in zip(line.finditer(content), range(PARTS_LIMIT), strict=False):
        if start is not None:
            yield content[start : found.start()].removesuffix(b"\r")
        start = found.end() + 1
        if found[1]:
            return
    if start is not None:
        yield content[start:]


def _boundary(message: Message) -> bytes:
    if message.get_content_maintype() != "multipart":
        return b""
    try:
        return (message.get_boundary() or "").encode("ascii", "surrogateescape")[:200]
    except Exception:
        return b""


def _body(parts: tuple[Part, ...]) -> str:
    """The plain text parts together, or the first HTML one that says something."""
    plain = [part.text() for part in parts if part.content_type == "text/plain" and not part.is_file]
    if any(text.strip() for text in plain):
        return body_text("\n".join(plain))
    pages = (part.text() for part in parts if part.content_type == "text/html" and not part.is_file)
    return next((text for text in map(text_of_html, pages) if text.strip()), "")[:TEXT_LIMIT]
