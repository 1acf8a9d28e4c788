"""A photo on its way from a phone to the city, by each channel: clean, under a link that can be taken back."""

from __future__ import annotations

import asyncio
import itertools
from email.message import EmailMessage
from io import BytesIO

import httpx
import pytest
from PIL import Image
from typer.testing import CliRunner

from bridge.cli import app
from bridge.demo.mail_sink import deliver, letter
from bridge.demo.providers import MAILBOX
from bridge.demo.twilio_twin import Media
from channels.trust import trusted
from tests.e2e.surroundings import Surroundings
from tests.e2e.waiting import until
from tests.photos.made import BLUE, SECRET, photo, position

pytestmark = pytest.mark.asyncio(loop_scope="session")

NUMBERS = itertools.count(7300)
TAKEN_AT = (40.347511, -99.512342)
BOAT = "an old boat has been left on the sidewalk"


def number() -> str:
    return f"+1555010{next(NUMBERS)}"


async def heard(here: Surroundings, sender: str, count: int = 1) -> list[str]:
    """The texts to this number, once there are so many."""

    def texts() -> list[str] | None:
        got = [text.body for text in here.providers.twilio.texts if text.to == sender]
        return got if len(got) >= count else None

    return await until(texts) or []


async def shown(url: str) -> httpx.Response:
    async with httpx.AsyncClient(verify=trusted()) as client:
        return await client.get(url)


async def command(here: Surroundings, *words: str) -> str:
    """What `open311-bridge` prints, run beside the bridge."""
    secrets = {**here.providers.environ, "CITY_KEY": here.city.key}
    config = ("--config", str(here.data.parent / "bridge.toml"))
    result = await asyncio.to_thread(CliRunner().invoke, app, [*words, *config], env=secrets)
    assert result.exit_code == 0, result.output
    return result.output


async def requested(here: Surroundings, words: str) -> str:
    """The media_url of the request with these words."""
    await until(lambda: here.city.saying(words))
    await here.quiet()
    return next(row.media_url for row in here.city.requests() if words in row.description)


async def test_photos_of_a_text_reach_the_city_clean_and_under_a_link(here: Surroundings) -> None:
    sender, words = number(), "really huge pothole at 704 Oak St"
    files = (photo(gps=position(*TAKEN_AT)), photo("PNG", colour=BLUE))
    media = tuple(Media(kind, content) for kind, content in zip(("image/jpeg", "image/png"), files, strict=True))
    await here.providers.twilio.text(sender, words, media=media)
    url = await requested(here, words)
    second = next(row.description for row in here.city.requests() if words in row.description)
    answers = [await shown(link) for link in (url, second.partition("Photo: ")[2].split()[0])]
    for answer, colour in zip(answers, ((200, 20, 20), BLUE), strict=True):
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
        assert SECRET.encode() not in answer.content
        assert answer.headers["x-content-type-options"] == "nosniff"
        pixel = Image.open(BytesIO(answer.content)).getpixel((50, 50))
        assert pixel == pytest.approx(colour, abs=6)


async def test_a_photo_says_where_when_the_words_do_not(here: Surroundings) -> None:
    sender, words = number(), f"{BOAT} again and it leaks oil"
    content = photo(gps=position(*TAKEN_AT, error=6))
    await here.providers.twilio.text(sender, "", media=(Media("image/jpeg", content),))
    assert (await heard(here, sender))[0] == "Thank you for the photo. What is wrong there?"
    await here.providers.twilio.text(sender, "a big pothole in the middle of the road")
    assert "Your report went to the city: Pothole" in (await heard(here, sender, 2))[1]
    filed = next(row for row in here.city.requests() if "middle of the road" in row.description)
    assert (filed.lat, filed.long) == pytest.approx(TAKEN_AT, abs=1e-5)
    assert filed.media_url
    assert words not in filed.description


async def test_a_link_that_is_taken_back_or_guessed_shows_nothing(here: Surroundings) -> None:
    sender, words = number(), "really huge pothole at 706 Oak St"
    await here.providers.twilio.text(sender, words, media=(Media("image/jpeg", photo()),))
    url = await requested(here, words)
    base, _, token = url.rpartition("/")
    for guess in ("A" * 32, token[:-1] + ("A" if token[-1] != "A" else "B"), "..%2f..%2fbridge.db", token.lower()):
        assert (await shown(f"{base}/{guess}")).status_code == 404
    assert (await shown(url)).status_code == 200
    await command(here, "media", "revoke", url)
    assert (await shown(url)).status_code == 404


async def test_a_file_that_is_no_photo_is_said_and_the_words_go_all_the_same(here: Surroundings) -> None:
    sender, words = number(), "really huge pothole at 708 Oak St"
    await here.providers.twilio.text(sender, words, media=(Media("image/jpeg", b"<svg><script/></svg>"),))
    texts = await heard(here, sender, 2)
    assert "We could not open that file. A photo as JPEG or PNG works best." in texts
    assert await requested(here, words) == ""


async def test_a_voice_note_goes_to_a_person_and_can_be_played(here: Surroundings) -> None:
    sender, note = f"whatsapp:{number()}", b"OggS" + bytes(range(200))
    await here.providers.twilio.text(sender, "", media=(Media("audio/ogg", note),))
    assert "A person will listen to your recording." in (await heard(here, sender))[0]
    query = "SELECT token FROM media WHERE media_type = 'audio/ogg'"
    [(token,)] = here.rows(query)
    answer = await shown(f"http://127.0.0.1:{here.providers.web_port}/media/{token}")
    assert (answer.content, answer.headers["content-type"]) == (note, "audio/ogg")
    assert here.rows("SELECT reason FROM staff_task WHERE reason = 'recording'") == [("recording",)]


async def test_a_photo_in_a_chat_reaches_the_city(here: Surroundings) -> None:
    words = "really huge pothole at 710 Oak St"
    await here.providers.telegram.photo(70_731, photo(gps=position(*TAKEN_AT)), words)
    answer = await shown(await requested(here, words))
    assert answer.status_code == 200
    assert SECRET.encode() not in answer.content


async def test_a_photo_in_a_mail_reaches_the_city(here: Surroundings) -> None:
    words = "really huge pothole at 712 Oak St"
    mail: EmailMessage = letter("photo@home.example", MAILBOX, "", words)
    mail.add_attachment(photo(), "image", "jpeg", filename="IMG_1.jpg")
    assert (await deliver("127.0.0.1", here.providers.smtp_port, mail)).code == 250
    answer = await shown(await requested(here, words))
    assert answer.status_code == 200
    assert SECRET.encode() not in answer.content
