"""Every message fits its channel, whatever is filled in."""

from pathlib import Path

import pytest

from bridge import segments
from bridge.flow.wording import outbound
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


def test_choices_count_towards_the_length():
    places = [f"{n} Martin Luther King Jr Blvd" for n in (12, 120, 1200)]
    choices = tuple(Choice(str(n), place) for n, place in enumerate(places, 1))
    message = outbound(conversation("en"), Say("ask.which_place", choices=choices), CATALOG)
    lines = [message.text, *(f"{choice.value}) {choice.label}" for choice in message.choices)]
    assert segments.count("\n".join(lines)) == 1


def test_a_short_text_is_left_alone():
    say = Say("status.closed", {"id": "7", "service": "Pothole", "place": "412 Oak St"})
    assert outbound(conversation("en"), say, CATALOG).text.startswith("Report 7 is closed: Pothole, 412 Oak St.")


def test_no_text_of_ours_invites_a_word_that_carriers_take_as_opting_out_by_accident():
    for language, texts in CATALOG.texts.items():
        for message_id, text in texts.items():
            assert not {"CANCEL", "END", "QUIT"} & set(text.replace(".", " ").split()), (language, message_id)


def test_languages_have_the_same_messages():
    assert set(CATALOG.texts["en"]) == set(CATALOG.texts["es"])


def test_every_message_the_flow_names_is_written():
    source = "".join(path.read_text(encoding="utf-8") for path in Path("bridge/flow").rglob("*.py"))
    for message_id in CATALOG.texts["en"]:
        assert f'"{message_id}"' in source, f"nobody says {message_id}"
