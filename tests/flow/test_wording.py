"""Every message fits its channel, whatever is filled in."""

from dataclasses import replace
from pathlib import Path

import pytest

from bridge import segments
from bridge.flow.wording import messages, outbound
from bridge.vocabulary import Choice, Conversation, Say, State
from config.catalog import load_catalog

CATALOG = load_catalog()
LONG = {
    "city": "City of Fairview",
    "emergency": "911",
    "service": "Street light out, flickering or burning in daytime",
    "other": "Street light out, flickering or burning in daytime",
    "place": "Martin Luther King Jr Blvd & North Washington Avenue near Fairview General Hospital",
    "street": "Martin Luther King Jr Blvd",
    "note": "A crew was there this morning and could not find the trouble. Please call us again. " * 5,
    "question": "Is the sidewalk, the bike lane or the driveway blocked, and if so by what, and since when? " * 3,
    "id": "2026-0011234",
    "reference": "K7QM2F9P",
    "crisis": "988",
    "hours": "Monday to Friday, 8 am to 5 pm",
    "url": "https://fairview.example/privacy",
    "date": "2026-11-30",
    "link": "https://fairview.example/media/12345.jpg",
    "one": "Street light out, flickering or burning in daytime",
    "two": "Missed trash, recycling or yard waste pickup",
    "text": "Trash day is Tuesday.",
}


def conversation(language: str) -> Conversation:
    return Conversation("1", "texts", "sms", "+1555", "+1555", "fairview", "c", State(language=language))


@pytest.mark.parametrize("message_id", sorted(CATALOG.texts["en"]))
@pytest.mark.parametrize(("language", "most"), [("en", 1), ("es", 2)])
def test_a_text_fits_its_segments(message_id: str, language: str, most: int):
    text = outbound(conversation(language), Say(message_id, LONG), CATALOG).text
    assert segments.count(text) <= most


LINES = tuple(Say("line.open", LONG | {"id": f"2026-001123{n}"}) for n in range(4))
TWIN = (Choice("1", "choice.follow"), Choice("2", "choice.anyway"))
TOGETHER = {
    "closed": Say("status.closed_note", LONG, also=(Say("status.photo", LONG), Say("ask.fixed"))),
    "open": Say("status.open_note", LONG, also=(Say("status.expected", LONG),)),
    "list": Say("reports", also=(*LINES, Say("reports.more"))),
    "news": Say("news", also=(*LINES, Say("reports.more"))),
    "reminder": Say("reminder", also=(Say("ask.attribute", LONG),)),
    "reminder of a twin": Say("reminder", choices=TWIN, also=(Say("ask.twin", LONG, TWIN),)),
    "language": Say("language", also=(Say("ask.which_place"),)),
    "a first answer": Say("report.accepted", LONG, also=(Say("privacy", LONG),)),
    "a first question": Say("ask.place", also=(Say("privacy", LONG),)),
    "a first list": Say("ask.service", choices=TWIN, also=(Say("privacy", LONG),)),
}


@pytest.mark.parametrize("name", TOGETHER)
@pytest.mark.parametrize(("language", "most"), [("en", 1), ("es", 2)])
def test_sentences_together_fit_too(name: str, language: str, most: int):
    for sent in messages(conversation(language), TOGETHER[name], CATALOG):
        lines = [sent.text, *(f"{choice.value}) {choice.label}" for choice in sent.choices)]
        assert segments.count("\n".join(lines)) <= most


def test_what_is_said_of_privacy_costs_no_text_of_its_own_where_there_is_room():
    assert len(messages(conversation("en"), TOGETHER["a first question"], CATALOG)) == 1
    assert len(messages(conversation("en"), TOGETHER["a first answer"], CATALOG)) == 2


def test_the_photo_is_left_off_before_anything_else_is():
    short = LONG | {"service": "Pothole", "place": "412 Oak St", "note": "Filled."}
    say = Say("status.closed_note", short, also=(Say("status.photo", short), Say("ask.fixed")))
    text = messages(conversation("en"), say, CATALOG)[0].text
    assert "412 Oak St" in text
    assert text.endswith("Is it fixed? Reply YES or NO.")


def letter(*asked: Say) -> str:
    at = replace(conversation("en"), channel="mail")
    return messages(at, replace(asked[0], also=asked[1:]), CATALOG)[0].text


def test_the_questions_of_a_letter_are_numbered_with_their_values_beside_them():
    colour = Say("ask.detail", {"question": "Which colour?"}, choices=(Choice("1", "Red"), Choice("2", "Blue")))
    assert "1. Where is it?" in letter(Say("ask.place"), colour)
    assert letter(Say("ask.place"), colour).endswith("2. Which colour? (Red, Blue)")


def test_one_question_of_a_letter_is_not_numbered():
    assert letter(Say("ask.place")).startswith("Where is it?")


def test_chat_has_buttons_where_others_type_yes_or_no():
    at = replace(conversation("en"), channel="chat")
    assert [choice.label for choice in messages(at, Say("ask.confirm", LONG), CATALOG)[0].choices] == ["Yes", "No"]
    assert messages(conversation("en"), Say("ask.confirm", LONG), CATALOG)[0].choices == ()


def test_choices_count_towards_the_length():
    places = [f"{n} Martin Luther King Jr Blvd" for n in (12, 120, 1200)]
    choices = tuple(Choice(str(n), place) for n, place in enumerate(places, 1))
    message = outbound(conversation("en"), Say("ask.which_place", choices=choices), CATALOG)
    lines = [message.text, *(f"{choice.value}) {choice.label}" for choice in message.choices)]
    assert segments.count("\n".join(lines)) == 1


def test_a_short_text_is_left_alone():
    say = Say("status.closed", {"id": "7", "service": "Pothole", "place": "412 Oak St"})
    assert outbound(conversation("en"), say, CATALOG).text.startswith("Report 7 is closed: Pothole, 412 Oak St.")


def test_languages_have_the_same_messages():
    assert set(CATALOG.texts["en"]) == set(CATALOG.texts["es"])


def test_every_message_the_flow_names_is_written():
    source = "".join(path.read_text(encoding="utf-8") for path in Path("bridge/flow").rglob("*.py"))
    for message_id in CATALOG.texts["en"]:
        assert f'"{message_id}"' in source, f"nobody says {message_id}"
