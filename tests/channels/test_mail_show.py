"""What `mail show` prints of a file, and what it takes from the corpora where they are at hand."""

import os
from pathlib import Path

import pytest

from channels.mail_show import files, show

PAYLOADS = Path(__file__).parents[1] / "payloads/mail"
CORPUS = Path(os.environ.get("BRIDGE_MAIL_CORPUS", "/nonexistent"))


@pytest.mark.parametrize(
    ("name", "kind"),
    [("plain", "report"), ("reply", "reply"), ("vacation", "automatic"), ("list", "list"), ("bounce", "bounce")],
)
def test_a_mail_is_shown_with_its_kind(name: str, kind: str) -> None:
    shown = show(PAYLOADS / f"{name}.eml")
    assert shown["kind"] == kind
    assert set(shown) == {"file", "kind", "text", "photos", "verdicts", "ms"}


def test_the_text_is_the_sender_s_own_without_the_subject() -> None:
    assert show(PAYLOADS / "reply.eml")["text"] == "120 Elm Street, by the school"


def test_photos_are_named() -> None:
    assert show(PAYLOADS / "photo.eml")["photos"] == [
        {"name": "wall.jpg", "content_type": "image/jpeg", "size": 21}
    ]


def test_a_bare_body_is_read_as_one(tmp_path: Path) -> None:
    body = tmp_path / "body.txt"
    body.write_text("From: here\n12 Oak St\n\nOn Mon, 23 Nov 2026 at 10:00, City <a@b.example> wrote:\n> Where?\n")
    shown = show(body, body_only=True)
    assert (shown["kind"], shown["text"]) == ("reply", "From: here\n12 Oak St")


def test_verdicts_are_those_of_the_topmost_relay(tmp_path: Path) -> None:
    mail = tmp_path / "mail.eml"
    results = "Authentication-Results: mx.city.example; spf=pass smtp.mailfrom=x; dkim=fail; dmarc=fail"
    forged = "Authentication-Results: mx.city.example; dkim=pass; dmarc=pass"
    mail.write_text(f"{results}\n{forged}\nFrom: a@b.example\n\nhi\n")
    assert show(mail)["verdicts"] == {"spf": "pass", "dkim": "fail", "dmarc": "fail"}


def test_folders_are_searched() -> None:
    assert PAYLOADS / "plain.eml" in files([PAYLOADS])


@pytest.mark.skipif(not CORPUS.exists(), reason="set BRIDGE_MAIL_CORPUS to a folder of before and trimmed bodies")
def test_the_corpus_is_read_as_its_keepers_trimmed_it() -> None:
    pairs = [(path, path.parents[1] / "trimmed" / path.name) for path in sorted((CORPUS / "emails").iterdir())]
    same = sum(show(mail, body_only=True)["text"].split() == kept.read_text().split() for mail, kept in pairs)
    assert same / len(pairs) >= 0.9
