"""Bodies as mail programs write them: what they put around an earlier mail, what they put below, and residents'
own words that look like either. The bodies are in mail_bodies/, apart by lines that hold a percent sign."""

from pathlib import Path

import pytest

from channels.mail_kind import judge
from channels.mail_mime import read as read_mail
from channels.mail_text import own_words, read

OWN = "It is dark since Friday.\nPlease fix it."
BODIES = Path(__file__).with_name("mail_bodies")


def bodies(name: str) -> list[str]:
    return (BODIES / f"{name}.txt").read_text().removesuffix("\n").split("\n%\n")


@pytest.mark.parametrize("announced", bodies("announced"))
@pytest.mark.parametrize("mark", ["> ", ""])
def test_an_earlier_mail_is_left_out(announced: str, mark: str) -> None:
    body = f"{OWN}\n\n{announced}\n\n{mark}Since when is it dark?\n{mark}Reply to this mail.\n"
    assert own_words(body).split() == OWN.split()


@pytest.mark.parametrize("below", bodies("below"))
def test_what_programs_and_companies_put_below_is_left_out(below: str) -> None:
    assert own_words(f"{OWN}\n\n{below}\n").split() == OWN.split()


@pytest.mark.parametrize("said", bodies("said"))
def test_what_a_resident_wrote_stays(said: str) -> None:
    assert own_words(said).split() == said.split()


def test_what_is_added_below_a_signature_stays() -> None:
    written = read("the lamp is out\n\n-- \nAda\n412 Oak St\n\nPS: it is since May\n")
    assert written.words.split() == ["the", "lamp", "is", "out", "PS:", "it", "is", "since", "May"]


def test_a_signature_is_kept_beside_the_words() -> None:
    written = read(f"{OWN}\n\nKind regards,\n\nAda Field\n412 Oak St\n+1 555-010-0200\n")
    assert written.words.split() == [*OWN.split(), "Kind", "regards,"]
    assert written.signature == "Ada Field\n412 Oak St\n+1 555-010-0200"


def kind(letter: str, headers: str = "") -> str:
    subject, _, body = letter.partition("\n")
    raw = f"From: Ada Field <ada@home.example>\nSubject: {subject}\n{headers}\n{body}\n"
    return judge(read_mail(raw.encode()), "ada@home.example")[0]


@pytest.mark.parametrize("letter", bodies("machines"))
def test_an_automatic_answer_is_told_by_its_words_alone(letter: str) -> None:
    assert kind(letter, "In-Reply-To: <o1.t@city.example>\n") == "automatic"


@pytest.mark.parametrize("letter", bodies("people"))
@pytest.mark.parametrize("headers", ["", "In-Reply-To: <o1.t@city.example>\n"])
def test_a_person_is_not_taken_for_a_machine(letter: str, headers: str) -> None:
    assert kind(letter, headers) == "person"
