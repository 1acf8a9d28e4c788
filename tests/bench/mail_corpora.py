"""How well mail is read: the figures of docs/numbers-mail.md, over corpora that are not part of this project.

    python -m tests.bench.mail_corpora FOLDER [--reports FOLDER] [--misses]

FOLDER holds any of these, as their projects publish them: discourse_email_reply_trimmer and mailgun_talon
(bodies and mails with the reply that was meant), flufl.bounce (delivery reports), github_email_reply_parser
(bodies). Beside them, --reports FOLDER holds residents' reports as JSON lines with a `text`: each is read as the
body of a mail that holds nothing else, so all of it must stay, and nobody may take it for a machine's.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from channels import mail_kind, mail_mime, mail_show
from channels.mail_html import text_of_html
from channels.mail_text import own_words

MACHINES: Final = ("bounce", "automatic")


@dataclass(frozen=True)
class Reply:
    """A reply read: the words meant, and the words taken."""

    file: str
    meant: str
    taken: str

    @property
    def equal(self) -> bool:
        return self.meant.split() == self.taken.split()

    @property
    def whole(self) -> bool:
        """Whether every word meant is among those taken, in order."""
        taken = iter(self.taken.split())
        return all(word in taken for word in self.meant.split())


def replies(folder: Path) -> Iterator[Reply]:
    """Every reply of the corpora that says what was meant."""
    trimmer = folder / "discourse_email_reply_trimmer/test"
    for meant in sorted((trimmer / "trimmed").glob("*.txt")):
        yield _reply(meant, _taken(trimmer / "emails" / meant.name, body_only=True))
    fixtures = folder / "mailgun_talon/tests/fixtures"
    for mail in sorted((fixtures / "standard_replies").glob("*.eml")):
        meant = mail.with_name(f"{mail.stem}_reply_text")
        words = meant.read_text() if meant.exists() else "Hello"
        yield Reply(str(mail), words, _taken(mail)["text"])
    for page in sorted((fixtures / "html_replies").glob("*.html")):
        text = own_words(text_of_html(page.read_text(errors="replace")))
        yield Reply(str(page), "Hi. I am fine. Thanks, Alex", text)
    for body in sorted((fixtures / "signature/emails/stripped").glob("*_body")):
        signature = body.with_name(body.name.replace("_body", "_signature")).read_text()
        whole = body.read_text()
        meant_words = whole.replace(signature.strip(), "") if signature.strip() else whole
        yield Reply(str(body), meant_words, _taken(body, body_only=True)["text"])


def _reply(meant: Path, taken: dict[str, Any]) -> Reply:
    return Reply(meant.name, meant.read_text(), taken["text"])


def _taken(path: Path, *, body_only: bool = False) -> dict[str, Any]:
    return mail_show.show(path, body_only=body_only)


def machines(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted((folder / "flufl.bounce").rglob("data/*.txt")):
        yield _taken(path)


def told(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            yield from (text for line in lines if (text := json.loads(line).get("text")))


def is_machine(text: str) -> bool:
    """Whether a mail with a resident's words would be called automatic."""
    raw = f"From: ada@home.example\nTo: report@city.example\nSubject: {text[:40]!a}\n\n{text}".encode()
    return mail_kind.judge(mail_mime.read(raw), "ada@home.example")[0] != "person"


def people(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted((folder / "mailgun_talon/tests/fixtures").rglob("*.eml")):
        yield _taken(path)


def _line(name: str, found: Sequence[bool]) -> str:
    share = sum(found) / len(found) if found else 0.0
    return f"{name:<52}{sum(found):>5} of {len(found):<5}{share:>8.1%}"


def main(arguments: Sequence[str]) -> None:
    folder = Path(arguments[0])
    shown = "--misses" in arguments
    read = list(replies(folder))
    reports = list(machines(folder))
    human = list(people(folder))
    print(_line("reply text equal after white-space folding", [reply.equal for reply in read]))
    print(_line("the resident's own words all kept", [reply.whole for reply in read]))
    print(_line("automatic replies and bounces recognised", [report["kind"] in MACHINES for report in reports]))
    print(_line("people's mail called automatic", [mail["kind"] in MACHINES for mail in human]))
    if "--reports" in arguments:
        texts = list(told(Path(arguments[arguments.index("--reports") + 1])))
        print(_line("residents' reports kept whole", [own_words(text).split() == text.split() for text in texts]))
        print(_line("residents' reports called automatic", [is_machine(text) for text in texts]))
    everything = [_taken(path, body_only=body) for path in mail_show.files([folder]) for body in (False, True)]
    print(f"{'any file read, as a mail and as a body':<52}{len(everything):>5} without an exception")
    print(f"{'the slowest':<52}{max(taken['ms'] for taken in everything):>8} ms")
    if shown:
        for reply in read:
            if not reply.equal:
                print(
                    f"\n=== {reply.file} whole={reply.whole}\n--- meant\n{reply.meant}\n--- taken\n{reply.taken}"
                )
        for report in reports:
            if report["kind"] not in MACHINES:
                print("not recognised:", report["file"], report["kind"])


if __name__ == "__main__":
    main(sys.argv[1:])
