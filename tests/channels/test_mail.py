"""Mail in and out: who is taken, how conversations are found, what never loops, what cannot be injected."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import aiosmtplib
import pytest
from hypothesis import given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from bridge.demo.mail_sink import Mailed, MailSink, deliver, letter
from bridge.demo.providers import free_port
from bridge.errors import Permanent, Retryable, SettingsError
from bridge.vocabulary import Choice, Inbound, InboundKind, Outbound
from channels.mail import Mail, Mailbox, Settings, create, parse
from channels.mail_out import write_letter
from channels.mail_server import Delivered, Door, Greylist
from channels.mail_thread import Sealer

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
REPORT = "report@city.example"
BOX = Mailbox("box", frozenset((REPORT,)), b"key", frozenset(("mx.city.example",)))


class Noon:
    def now(self) -> datetime:
        return NOW


def settings(**more: Any) -> Settings:
    base = {
        "addresses": [REPORT],
        "listen_port": 0,
        "reply_key": "key",
        "relay_tls": "none",
        "timeout_seconds": 10,
    }
    return Settings.model_validate(base | more)


@asynccontextmanager
async def serving(**more: Any) -> AsyncIterator[tuple[Mail, int, list[Inbound]]]:
    kept: list[Inbound] = []

    async def accept(messages: Sequence[Inbound]) -> None:
        kept.extend(messages)

    channel = create("box", settings(**more), Noon())
    running = asyncio.create_task(channel.run(accept))
    try:
        yield channel, await channel.listening(), kept
    finally:
        running.cancel()
        await asyncio.wait([running])


def taken(raw: str, recipient: str = REPORT, mail_from: str = "ada@home.example") -> Inbound:
    (message,) = parse(Delivered(mail_from, recipient, raw.encode()), BOX, NOW)
    return message


def reply(text: str = "Thank you.", **more: Any) -> Outbound:
    return Outbound("o1", "box", "mail", more.pop("to", "ada@home.example"), more.pop("thread", ""), text, **more)


# ---------------------------------------------------------------------------------------- conversations


@given(st.binary(min_size=1, max_size=40), st.text(max_size=40))
def test_a_token_gives_back_its_thread(key: bytes, sender: str) -> None:
    sealer = Sealer("box", key)
    thread = sealer.thread_of(sender)
    assert sealer.thread(sealer.token(thread)) == thread
    assert sealer.thread(sealer.token(thread).upper()) == thread


@given(st.text(max_size=40))
def test_a_guessed_token_is_not_believed(token: str) -> None:
    assert Sealer("box", b"key").thread(token) == ""


def test_a_token_is_worth_nothing_at_another_mailbox_or_with_another_key() -> None:
    token = Sealer("box", b"key").token(Sealer("box", b"key").thread_of("ada@home.example"))
    assert Sealer("other", b"key").thread(token) == Sealer("box", b"rotated").thread(token) == ""


async def test_a_reply_finds_its_conversation_from_another_address() -> None:
    async with MailSink() as sink, serving(relay_port=sink.port) as (channel, port, kept):
        await deliver("127.0.0.1", port, letter("Ada <ada@home.example>", REPORT, "Light", "out at 5 Elm"))
        await channel.send(reply(thread=kept[0].thread, in_reply_to=kept[0].provider_id, subject="Light"))
        ours = await sink.next_mail()
        await deliver(
            "127.0.0.1", port, letter("ada@work.example", ours.message["Reply-To"], "Re: Light", "since May")
        )
        await deliver(
            "127.0.0.1", port, letter("bob@home.example", REPORT, "Re: Light", "same here", answers=ours)
        )
        await deliver("127.0.0.1", port, letter("eve@home.example", REPORT, "Re: Light", "me too"))
    first, tokened, referring, stranger = kept
    assert first.thread == tokened.thread == referring.thread != stranger.thread
    assert referring.in_reply_to == ours.message["Message-ID"]
    assert (tokened.text, referring.text) == ("since May", "same here")


def test_without_a_key_no_reference_is_believed() -> None:
    sealer = Sealer("box", b"")
    assert sealer.token(sealer.thread_of("ada@home.example")) == ""


def test_a_forged_sender_is_not_taken_for_the_earlier_one() -> None:
    honest = taken("From: ada@home.example\nMessage-ID: <1@x>\n\nhi")
    results = "Authentication-Results: mx.city.example; dmarc=fail header.from=home.example"
    forged = taken(f"{results}\nFrom: ada@home.example\nMessage-ID: <2@x>\n\nhi")
    stranger_s_word = taken(
        f"{results.replace('mx.city', 'evil')}\nFrom: ada@home.example\nMessage-ID: <3@x>\n\nhi"
    )
    assert honest.thread == stranger_s_word.thread != forged.thread


# ----------------------------------------------------------------------------------- never answered, never looped


def test_our_own_letter_is_never_answered() -> None:
    ours = write_letter(reply(), REPORT, "City", "", NOW).as_bytes()
    (message,) = parse(Delivered(REPORT, "report@other.example", ours), Mailbox("other"), NOW)
    assert message.automatic


def test_a_mail_programs_unsubscribe_button_is_the_residents_word() -> None:
    sealer = Sealer("box", b"key")
    token = sealer.token(sealer.thread_of("ada@home.example"))
    ours = write_letter(reply(), REPORT, "City", token, NOW)
    assert ours["List-Unsubscribe"] == f"<mailto:report+{token}@city.example?subject=STOP>"
    pressed = "From: ada@home.example\nSubject: STOP\n\nThis message was automatically generated by Mail."
    told = taken(pressed, recipient=f"report+{token}@city.example")
    assert (told.text, told.automatic) == ("STOP", False)
    assert taken(pressed).automatic


def test_mail_from_our_own_address_and_to_postmaster_is_never_answered() -> None:
    assert taken(f"From: {REPORT}\n\nhi").automatic
    assert taken("From: ada@home.example\n\nhi", recipient="postmaster@city.example").automatic
    assert not taken("From: ada@home.example\n\nhi").automatic


def test_what_a_filter_flagged_is_never_answered() -> None:
    assert taken("From: ada@home.example\nX-Spam-Flag: YES\n\nhi").automatic


async def test_a_sender_who_never_stops_is_no_longer_answered() -> None:
    async with serving(answers_per_hour=2) as (_, port, kept):
        for number in range(3):
            await deliver("127.0.0.1", port, letter("bot@home.example", REPORT, f"{number}", "beep"))
        await deliver("127.0.0.1", port, letter("ada@home.example", REPORT, "hi", "pothole"))
    assert [message.automatic for message in kept] == [False, False, True, False]


async def test_a_letter_that_comes_again_and_again_is_no_loop() -> None:
    again = letter("ada@home.example", REPORT, "hi", "pothole")
    async with serving(answers_per_hour=2) as (_, port, kept):
        for _ in range(4):
            await deliver("127.0.0.1", port, again)
    assert not any(message.automatic for message in kept)


async def test_two_bridges_that_write_to_each_other_soon_stop() -> None:
    """Each answers whatever it may answer, as eagerly as can be."""
    north, south = "report@north.example", "report@south.example"
    ports = {north: free_port(), south: free_port()}
    answered = dict.fromkeys(ports, 0)
    quiet = asyncio.Event()

    def bridge(own: str, other: str) -> tuple[Mail, asyncio.Task[None]]:
        told = settings(addresses=[own], listen_port=ports[own], relay_port=ports[other])
        channel = create(own, told, Noon())

        async def accept(messages: Sequence[Inbound]) -> None:
            for message in messages:
                if message.automatic:
                    quiet.set()
                else:
                    answered[own] += 1
                    answer = Outbound(f"o{answered[own]}", own, "mail", message.sender, message.thread, "Where?")
                    sending.append(asyncio.create_task(channel.send(answer)))

        return channel, asyncio.create_task(channel.run(accept))

    sending: list[asyncio.Task[Any]] = []
    bridges = bridge(north, south), bridge(south, north)
    for channel, _ in bridges:
        await channel.listening()
    await deliver("127.0.0.1", ports[south], letter(north, south, "Light", "out at 5 Elm"))
    await asyncio.wait_for(quiet.wait(), 60)
    await asyncio.gather(*sending)
    for channel, running in bridges:
        running.cancel()
        await asyncio.wait([running])
        await channel.close()
    assert answered == {north: 0, south: 1}


async def test_a_mail_with_a_null_return_path_is_never_answered() -> None:
    async with serving() as (_, port, kept):
        await deliver("127.0.0.1", port, letter("ada@home.example", REPORT, "Light", "out"), mail_from="")
    assert [message.automatic for message in kept] == [True]


async def test_a_bounce_of_our_letter_is_a_delivery_in_its_conversation() -> None:
    thread = Sealer("box", b"key").thread_of("ada@home.example")
    async with MailSink() as sink, serving(relay_port=sink.port) as (channel, port, kept):
        sent = await channel.send(reply(thread=thread))
        ours = await sink.next_mail()
        await deliver("127.0.0.1", port, bounce_of(ours), mail_from="", to=ours.mail_from)
    (report,) = kept
    assert (report.kind, report.thread, report.sender) == (InboundKind.DELIVERY, thread, "ada@home.example")
    assert report.delivery
    assert (report.delivery.provider_id, report.delivery.state) == (sent.provider_id, "failed")


def bounce_of(mailed: Mailed) -> bytes:
    head = (
        "From: MAILER-DAEMON@mx.example\r\nTo: you\r\nSubject: Undelivered Mail\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n"
        "Content-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822; ada@home.example\r\n"
        "Action: failed\r\nStatus: 5.1.1\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
    )
    return head.encode() + mailed.raw + b"\r\n--b--\r\n"


# ---------------------------------------------------------------------------------------------- the server


@pytest.mark.parametrize(
    ("recipient", "ours"),
    [
        ("report@city.example", True),
        ("Report@City.example", True),
        ("report+token@city.example", True),
        ("postmaster@city.example", True),
        ("postmaster", True),
        ("postmaster@evil.example", False),
        ("reporter@city.example", False),
        ("report@evil.example", False),
        ("report", False),
        ("@city.example", False),
        ("", False),
    ],
)
def test_only_mail_for_us_is_taken(recipient: str, ours: bool) -> None:
    assert Door("box", {REPORT}, "smtp", "city.example", 1000).takes(recipient) is ours


async def test_lmtp_answers_for_each_recipient() -> None:
    async with serving(protocol="lmtp") as (_, port, kept):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        dialogue = [
            b"LHLO relay.example",
            b"MAIL FROM:<ada@home.example>",
            b"RCPT TO:<report@city.example>",
            b"RCPT TO:<report+token@city.example>",
            b"RCPT TO:<nobody@city.example>",
            b"DATA",
            b"From: ada@home.example\r\n\r\nhole at 5 Elm\r\n.",
            b"QUIT",
        ]
        for line in dialogue:
            writer.write(line + b"\r\n")
        lines = (await reader.read()).decode().splitlines()
        writer.close()
        await writer.wait_closed()
    assert [line[:3] for line in lines if line[3] == " "][-6:] == ["250", "550", "354", "250", "250", "221"], lines
    assert [message.text for message in kept] == ["hole at 5 Elm"]


async def test_a_peer_that_floods_is_told_to_come_later() -> None:
    async with serving(per_minute=1) as (_, port, kept):
        await deliver("127.0.0.1", port, letter("ada@home.example", REPORT, "1", "a"))
        with pytest.raises(aiosmtplib.SMTPSenderRefused) as refused:
            await deliver("127.0.0.1", port, letter("ada@home.example", REPORT, "2", "b"))
    assert refused.value.code == 450
    assert len(kept) == 1


async def test_a_sender_that_floods_is_told_to_come_later_and_others_are_not() -> None:
    async with serving(per_sender_hour=1) as (_, port, kept):
        await deliver("127.0.0.1", port, letter("ada@home.example", REPORT, "1", "a"))
        with pytest.raises(aiosmtplib.SMTPSenderRefused) as refused:
            await deliver("127.0.0.1", port, letter("ada@home.example", REPORT, "2", "b"))
        await deliver("127.0.0.1", port, letter("bob@home.example", REPORT, "3", "c"))
    assert refused.value.code == 450
    assert len(kept) == 2


async def test_a_greylisted_server_is_told_to_come_back() -> None:
    async with serving(greylist_minutes=5) as (_, port, kept):
        with pytest.raises(aiosmtplib.SMTPRecipientRefused) as refused:
            await deliver("127.0.0.1", port, letter("ada@home.example", REPORT, "1", "a"))
    assert refused.value.code == 451
    assert kept == []


def test_a_greylist_knows_who_came_back() -> None:
    greylist = Greylist(300)
    assert not greylist.knows("192.0.2.1", "ada@home.example", REPORT, 0)
    assert not greylist.knows("192.0.2.1", "ada@home.example", REPORT, 60)
    assert greylist.knows("192.0.2.9", "ada@home.example", REPORT, 400)
    assert not greylist.knows("192.0.2.9", "eve@spam.example", REPORT, 400)


async def test_a_mail_over_the_limit_is_refused_for_good() -> None:
    async with serving(max_bytes=2_000) as (_, port, kept):
        with pytest.raises(aiosmtplib.SMTPDataError) as refused:
            await deliver("127.0.0.1", port, b"From: a@b.example\r\n\r\n" + b"x" * 70 * 100, to=REPORT)
    assert refused.value.code == 552
    assert kept == []


async def test_a_taken_port_is_an_error_that_names_it() -> None:
    async with serving() as (_, port, _kept):
        with pytest.raises(SettingsError, match=str(port)):
            await create("second", settings(listen_port=port), Noon()).run(lambda _messages: asyncio.sleep(0))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    return issued(tmp_path_factory.mktemp("tls") / "files")


def issued(folder: Path) -> Path:
    """A folder with a new certificate and its key."""
    folder.mkdir()
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=city.example"
    )
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    return folder


async def test_mail_comes_over_starttls_where_it_is_required(certificate: Path) -> None:
    files = {"tls_certificate": certificate / "cert.pem", "tls_key": certificate / "key.pem"}
    trusting = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
    trusting.check_hostname = False
    async with serving(tls="required", **files) as (_, port, kept):
        with pytest.raises(aiosmtplib.SMTPResponseException):
            await deliver("127.0.0.1", port, letter("ada@home.example", REPORT, "plain", "a"))
        async with aiosmtplib.SMTP(
            hostname="127.0.0.1", port=port, start_tls=True, tls_context=trusting
        ) as client:
            await client.send_message(letter("ada@home.example", REPORT, "", "over TLS"))
    assert [message.text for message in kept] == ["over TLS"]


@pytest.mark.parametrize("kind", ["starttls", "implicit"])
async def test_a_renewed_certificate_is_served_without_a_restart(tmp_path: Path, kind: str) -> None:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    first, second = issued(tmp_path / "first"), issued(tmp_path / "second")
    used = tmp_path / "used"
    shutil.copytree(first, used)
    files = {"tls_certificate": used / "cert.pem", "tls_key": used / "key.pem"}
    async with serving(tls=kind, **files) as (_, port, kept):
        await _deliver_over_tls(port, kind, first)
        shutil.copy(second / "cert.pem", used / "cert.pem")  # half of a renewal
        await _deliver_over_tls(port, kind, first)
        shutil.copy(second / "key.pem", used / "key.pem")
        await _deliver_over_tls(port, kind, second)
    assert len(kept) == 3


async def _deliver_over_tls(port: int, kind: str, trusted: Path) -> None:
    trusting = ssl.create_default_context(cafile=str(trusted / "cert.pem"))
    trusting.check_hostname = False
    how = {"use_tls": True} if kind == "implicit" else {"start_tls": True}
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, tls_context=trusting, **how) as client:  # type: ignore[arg-type]
        await client.send_message(letter("ada@home.example", REPORT, "", "over TLS"))


async def test_mail_comes_over_implicit_tls(certificate: Path) -> None:
    files = {"tls_certificate": certificate / "cert.pem", "tls_key": certificate / "key.pem"}
    trusting = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
    trusting.check_hostname = False
    async with (
        serving(tls="implicit", **files) as (_, port, kept),
        aiosmtplib.SMTP(hostname="127.0.0.1", port=port, use_tls=True, tls_context=trusting) as client,
    ):
        await client.send_message(letter("ada@home.example", REPORT, "", "over TLS"))
    assert [message.text for message in kept] == ["over TLS"]


async def test_a_file_of_a_mail_is_fetched_from_its_bytes() -> None:
    message = letter("ada@home.example", REPORT, "Wall", "see photo")
    message.add_attachment(b"\xff\xd8\xff" + bytes(200), maintype="image", subtype="jpeg", filename="wall.jpg")
    async with serving() as (channel, port, kept):
        await deliver("127.0.0.1", port, message)
        (photo,) = kept[0].attachments
        assert (photo.name, photo.content_type, photo.size) == ("wall.jpg", "image/jpeg", 203)
        assert await channel.fetch(photo, kept[0].raw) == b"\xff\xd8\xff" + bytes(200)


def test_what_programs_attach_of_themselves_is_not_taken_for_files() -> None:
    message = letter("ada@home.example", REPORT, "Wall", "see photo")
    unmeant = (("application/ms-tnef", "winmail.dat"), ("application/octet-stream", "winmail.dat"))
    for kind, name in (*unmeant, ("application/pkcs7-signature", "smime.p7s"), ("text/x-vcard", "ada.vcf")):
        main, _, sub = kind.partition("/")
        message.add_attachment(b"x" * 9_000, maintype=main, subtype=sub, filename=name)
    message.add_attachment(b"logo", maintype="image", subtype="png", filename="logo.png", disposition="inline")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="plan.pdf")
    assert [file.name for file in taken(message.as_string()).attachments] == ["plan.pdf"]


# ------------------------------------------------------------------------------------------------ letters


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_nothing_put_into_a_header_begins_another(subject: str, name: str, answered: str) -> None:
    message = reply("hello", subject=f"{subject}\r\nBcc: x@evil.example", in_reply_to=answered)
    raw = write_letter(message, REPORT, f"{name}\nX-Evil: 1", "", NOW).as_bytes()
    allowed = {"from", "to", "subject", "date", "message-id", "auto-submitted", "in-reply-to", "references"}
    assert {header.lower() for header in message_from_bytes(raw)} - allowed == {"mime-version", "content-type"}


@given(st.text(max_size=200))
def test_only_a_plain_address_is_written_to(address: str) -> None:
    try:
        written = write_letter(reply(to=address), REPORT, "City", "", NOW)
    except Permanent:
        return
    assert written["To"] == address


def test_a_letter_has_the_text_as_plain_and_as_html() -> None:
    raw = write_letter(
        reply("5 < 6 & so\non", choices=(Choice("1", "Yes"), Choice("0", "No"))), REPORT, "", "", NOW
    )
    read = message_from_bytes(raw.as_bytes(), policy=policy.default)
    plain, page = read.get_body(("plain",)), read.get_body(("html",))
    assert plain
    assert plain.get_content().replace("\r\n", "\n") == "5 < 6 & so\non\n1) Yes\n0) No\n"
    assert page
    assert "5 &lt; 6 &amp; so<br>" in page.get_content()


def test_the_same_outbound_makes_the_same_message_id() -> None:
    first, second = (write_letter(reply(text), REPORT, "", "", NOW) for text in ("a", "b"))
    assert first["Message-ID"] == second["Message-ID"] == "<o1.bridge@city.example>"


def test_a_long_thread_is_referred_to_without_folding_ids() -> None:
    ids = tuple(f"<{number}.{'x' * 90}@home.example>" for number in range(30))
    raw = write_letter(reply(in_reply_to=ids[-1], references=ids[:-1]), REPORT, "", "", NOW).as_bytes()
    assert message_from_bytes(raw)["References"].split() == list(ids[-10:])


async def test_a_relay_that_is_not_there_is_tried_again() -> None:
    async with MailSink() as sink:
        port = sink.port
    with pytest.raises(Retryable):
        await create("box", settings(relay_port=port), Noon()).send(reply())


async def test_a_mail_being_stored_when_the_server_closes_still_gets_its_answer() -> None:
    arrived, disk = asyncio.Event(), asyncio.Event()

    async def accept(messages: Sequence[Inbound]) -> None:
        arrived.set()
        await disk.wait()

    channel = create("box", settings(), Noon())
    running = asyncio.create_task(channel.run(accept))
    delivery = asyncio.create_task(
        deliver("127.0.0.1", await channel.listening(), letter("ada@home.example", REPORT, "Light", "out"))
    )
    await arrived.wait()
    running.cancel()
    disk.set()
    assert (await delivery).code == 250
    await asyncio.wait([running])


@settings_of_hypothesis(max_examples=25)
@given(st.lists(st.binary(max_size=80), max_size=20))
async def test_whatever_is_said_to_the_server_it_takes_the_next_mail(lines: list[bytes]) -> None:
    async with serving() as (_, port, kept):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        dialogue = [b"EHLO x.example", b"MAIL FROM:<ada@home.example>", f"RCPT TO:<{REPORT}>".encode(), b"DATA"]
        writer.write(b"\r\n".join([*lines, *dialogue, *lines, b".", *lines, b"QUIT", b""]))
        writer.write_eof()
        await reader.read()
        writer.close()
        before = len(kept)
        await deliver("127.0.0.1", port, letter("ada@home.example", REPORT, "Light", "out at 5 Elm"))
        assert len(kept) == before + 1
