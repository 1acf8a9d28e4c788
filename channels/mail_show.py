"""Shows what the bridge would take from a mail: for operators who wonder, and for scoring against corpora."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from channels import mail_kind, mail_mime, mail_text

MAX_BYTES: Final = 25_000_000


def files(paths: Iterable[Path]) -> Iterator[Path]:
    """The files named, and all files in the folders named, in order."""
    for path in paths:
        yield from (sorted(inner for inner in path.rglob("*") if inner.is_file()) if path.is_dir() else (path,))


def show(path: Path, *, body_only: bool = False) -> dict[str, Any]:
    """What would be taken from the mail in a file; with `body_only` the file holds a bare body.

    Keys: file, kind (report, reply, automatic, bounce, list, refused), text (the sender's own words), photos
    (name, content_type, size of each), verdicts (rule that told the kind; spf, dkim, dmarc as a relay noted
    them), ms (time it took).
    """
    raw = path.read_bytes()
    start = time.perf_counter()
    shown = _body(raw) if body_only else _mail(raw)
    spent = round((time.perf_counter() - start) * 1000, 1)
    return {"file": str(path), **shown, "ms": spent}


def _body(raw: bytes) -> dict[str, Any]:
    body = mail_mime.body_text(mail_mime.text_in(raw, None))
    text = mail_text.own_words(body)
    kind = "report" if text.split() == body.split() else "reply"
    return {"kind": kind if text else "refused", "text": text, "photos": [], "verdicts": {}}


def _mail(raw: bytes) -> dict[str, Any]:
    if len(raw) > MAX_BYTES:
        return {"kind": "refused", "text": "", "photos": [], "verdicts": {"rule": "too_large"}}
    letter = mail_mime.read(raw)
    return_path = letter.header("return-path")
    mail_from = "" if return_path == "<>" else mail_mime.address(return_path) or None
    kind, rule = mail_kind.judge(letter, mail_from)
    text = mail_text.own_words(letter.body)
    photos = [
        {"name": photo.name, "content_type": photo.content_type, "size": photo.size} for photo in letter.photos
    ]
    shown = _kind(letter, kind, bool(text or photos or letter.subject))
    verdicts = {**({"rule": rule} if rule else {}), **_noted(letter)}
    return {"kind": shown, "text": text, "photos": photos, "verdicts": verdicts}


def _kind(letter: mail_mime.Letter, kind: mail_kind.Kind, says_something: bool) -> str:
    if kind != "person":
        return kind
    if not says_something:
        return "refused"
    answers = letter.header("in-reply-to") or letter.header("references")
    return "reply" if answers or mail_kind.REPLY_MARK.match(letter.subject) else "report"


def _noted(letter: mail_mime.Letter) -> dict[str, str]:
    """What the topmost Authentication-Results header says: in a file at hand it is the last relay's."""
    topmost = letter.header("authentication-results").partition(";")[0].split()[:1]
    return mail_kind.authentication(letter, {name.lower() for name in topmost})
