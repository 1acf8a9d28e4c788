"""Whatever is sent: the bridge neither ends nor fails nor loses it, and the next resident is served."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from email.message import EmailMessage

import httpx
import pytest
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from bridge.demo.mail_sink import deliver
from bridge.demo.providers import MAILBOX
from tests.e2e.residents import RESIDENTS, Resident, Texter, hears
from tests.e2e.surroundings import Surroundings
from tests.e2e.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")

NUMBERS = itertools.count(300)
ODD_WORDS = {
    "20,000 characters of nothing": "lorem ipsum " * 1667,
    "20,000 characters of a report": "there is a huge pothole at 412 Oak St and " * 477,
    "one word of 20,000 characters": "x" * 20_000,
    "emoji": "😡🕳️🚗💥",
    "a report in emoji": "🕳️ huge pothole at 412 Oak St 😡",
    "NUL bytes": "huge po\0thole at 412\0 Oak St",
    "controls": "\x07\x1b[31mhuge pothole\x9b at 412 Oak St",
    "right to left": "\u202ehuge pothole at 412 Oak St\u202c",
    "another script": "路面に大きな穴があります",
    "markup": "<script>alert(1)</script> pothole at 412 Oak St',); DROP TABLE inbox;--",
    "percent signs": "%(id)s %s %n {0} {id} huge pothole at 412 Oak St",
    "only marks": "?!?!...---",
}
PLAIN = b"From: %s\r\nTo: report@fairview.example\r\n"
NESTED = b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n"
HEADERS = b"Content-Type: multipart/mixed; boundary=x\r\n"
BAD_MAIL = {
    "no header": b"\r\nhuge pothole at 412 Oak St\r\n",
    "no body": PLAIN + b"Subject: huge pothole at 412 Oak St\r\n\r\n",
    "a boundary that never comes": PLAIN + HEADERS + b"\r\nhuge pothole at 412 Oak St\r\n",
    "a part that never ends": PLAIN + HEADERS + b"\r\n--x\r\n\r\nhuge pothole at 412 Oak St\r\n",
    "an unknown charset": PLAIN + b"Content-Type: text/plain; charset=klingon\r\n\r\nh\xfcge hole, 412 Oak St\r\n",
    "broken base64": PLAIN + b"Content-Transfer-Encoding: base64\r\n\r\n!!!!=aGVsbG8\r\n",
    "a broken encoded word": PLAIN + b"Subject: =?utf-8?B?!!?= =?x?Q?=ZZ?=\r\n\r\nhuge pothole at 412 Oak St\r\n",
    "binary junk": PLAIN + b"\r\n" + bytes(range(256)) * 40 + b"\r\n",
    "NUL bytes": PLAIN + b"Subject: a\0b\r\n\r\nhuge po\0thole at 412 Oak St\r\n",
    "parts in parts": PLAIN + b"".join(NESTED % (n, n) for n in range(300)),
    "10 MB of text": PLAIN + b"Subject: huge pothole at 412 Oak St\r\n\r\n" + b"and on and on.\r\n" * 640_000,
}  # fmt: skip
ODD_UPDATES = {
    "a kind we do not know": {"chat_boost": {"chat": {"id": 1, "type": "private"}}},
    "a poll": {"poll_answer": {"poll_id": "1", "option_ids": [0]}},
    "no kind": {},
    "a message that is a list": {"message": [1, 2, 3]},
    "a message without a chat": {"message": {"message_id": 1, "date": 0, "text": "huge pothole"}},
    "numbers out of range": {"message": {"message_id": 2**70, "date": 2**70, "chat": {"id": 2**70, "type": "x"}}},
}  # fmt: skip


def stored(here: Surroundings) -> int:
    return int(here.rows("SELECT count(*) FROM inbox")[0][0])


async def assert_serves(here: Surroundings) -> None:
    """The bridge is the one that was started, has logged no failure, and takes a report."""
    resident = Texter(here.providers, next(NUMBERS))
    await resident.say(f"huge pothole at {next(NUMBERS)} Maple St")
    await hears(resident, r"Its number is (\d+)\.")
    assert here.bridge.alive
    assert here.bridge.failures() == []


# ------------------------------------------------------------------------------------------- the webhook


@pytest.mark.parametrize(
    "signature", ["", "nonsense", "ñ", "A" * 28 + "=", "of another form", "of another account"]
)
async def test_a_webhook_that_is_not_signed_for_us_is_refused_and_nothing_stored(
    here: Surroundings, signature: str
) -> None:
    twilio = here.providers.twilio
    form = {"MessageSid": "SM" + "6" * 32, "AccountSid": twilio.account_sid, "From": "+15550101999", "Body": "hi"}
    if signature.startswith("of another"):
        token = twilio.auth_token if signature.endswith("form") else "another"
        signature = RequestValidator(token).compute_signature(twilio.webhook, form | {"Body": "hello"})
    before = stored(here)
    async with httpx.AsyncClient() as stranger:
        headers = [(b"X-Twilio-Signature", signature.encode())] if signature else []
        answer = await stranger.post(twilio.webhook, data=form, headers=headers)
    assert answer.status_code == 403
    assert stored(here) == before
    await assert_serves(here)


async def test_a_signed_webhook_that_is_no_message_is_stored_and_left_alone(here: Surroundings) -> None:
    twilio = here.providers.twilio
    before = stored(here)
    answer = await twilio.post({"AccountSid": twilio.account_sid, "EventType": "onSomething"})
    assert answer.is_success
    assert stored(here) == before + 1
    await assert_serves(here)


@pytest.mark.parametrize("body", [b"", b"\0\xff" * 5000, b"=&=&=&" * 1000, b"%zz%u1234", b"x" * 2_000_000])
async def test_junk_at_the_webhook_is_refused(here: Surroundings, body: bytes) -> None:
    before = stored(here)
    async with httpx.AsyncClient() as stranger:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "x"}
        answer = await stranger.post(here.providers.twilio.webhook, content=body, headers=headers)
    assert answer.status_code in (403, 413)
    assert stored(here) == before
    await assert_serves(here)


# ---------------------------------------------------------------------------------------------- the words


@pytest.mark.parametrize("words", ODD_WORDS.values(), ids=ODD_WORDS)
async def test_odd_words_get_a_kind_answer_on_every_channel(here: Surroundings, words: str) -> None:
    residents = [kind(here.providers, next(NUMBERS)) for kind in RESIDENTS]
    await asyncio.gather(*(resident.say(words) for resident in residents))
    for resident in residents:
        await until(resident.heard)
    await assert_serves(here)


@pytest.mark.parametrize("kind", RESIDENTS[:2])
async def test_an_empty_message_gets_a_kind_answer(here: Surroundings, kind: Callable[..., Resident]) -> None:
    resident = kind(here.providers, next(NUMBERS))
    await resident.say("")
    await hears(resident, "Your message had no words in it")
    await assert_serves(here)


# ----------------------------------------------------------------------------------------------- the mail


@pytest.mark.parametrize("raw", BAD_MAIL.values(), ids=BAD_MAIL)
async def test_bad_mail_is_stored_whole_and_answered(here: Surroundings, raw: bytes) -> None:
    address = f"odd{next(NUMBERS)}@home.example"
    raw = raw.replace(b"%s", address.encode(), 1)
    before = stored(here)
    answer = await deliver("127.0.0.1", here.providers.smtp_port, raw, mail_from=address, to=MAILBOX)
    assert answer.code == 250
    assert stored(here) == before + 1
    await until(lambda: [mail for mail in here.providers.mail.mails if address in mail.recipients])
    await assert_serves(here)


async def test_a_mail_with_ten_megabytes_that_are_no_photo_is_answered_by_its_words(here: Surroundings) -> None:
    address = f"odd{next(NUMBERS)}@home.example"
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = address, MAILBOX, "Pothole"
    mail.set_content("huge pothole at 902 Oak St")
    mail.add_attachment(bytes(range(256)) * 40_000, maintype="image", subtype="jpeg", filename="hole.jpg")
    answer = await deliver("127.0.0.1", here.providers.smtp_port, mail)
    assert answer.code == 250

    def letters() -> str:
        return " ".join(mail.text for mail in here.providers.mail.mails if address in mail.recipients)

    await until(lambda: "Pothole, 902 Oak St. Its number is" in letters())
    assert "We could not open that file." in letters()


# ----------------------------------------------------------------------------------------------- the chat


@pytest.mark.parametrize("update", ODD_UPDATES.values(), ids=ODD_UPDATES)
async def test_an_odd_update_is_stored_and_confirmed(here: Surroundings, update: dict[str, object]) -> None:
    telegram = here.providers.telegram
    before = stored(here)
    pushed = await telegram.push(**update)
    await until(lambda: pushed not in telegram.pending)
    assert stored(here) == before + 1
    await assert_serves(here)
