"""kill -9 while mails come in: what got its 250 is there afterwards, and nothing else is."""

import asyncio
import json
import socket
from pathlib import Path

import aiosmtplib

from bridge.demo.mail_sink import letter
from bridge.demo.providers import MAILBOX
from tests.e2e.crash import mind
from tests.e2e.surroundings import Surroundings, surroundings
from tests.e2e.waiting import until

CONNECTIONS = 4
ENOUGH = 12  # acknowledged mails before the kill
STORED = "SELECT message FROM inbox"


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def send_until_dead(here: Surroundings, number: int, acknowledged: list[str], enough: asyncio.Event) -> None:
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=here.providers.smtp_port, start_tls=False) as client:
        for count in range(500):
            message = letter(f"r{number}-{count}@residents.example", MAILBOX, "Hole", f"pothole at {count} Oak St")
            await client.send_message(message)
            acknowledged.append(str(message["Message-ID"]))
            if len(acknowledged) >= ENOUGH:
                enough.set()


async def half_a_mail(here: Surroundings) -> asyncio.StreamWriter:
    """A mail whose end never comes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", here.providers.smtp_port)
    commands = ("", "EHLO x.example", "MAIL FROM:<half@residents.example>", f"RCPT TO:<{MAILBOX}>", "DATA")
    for command in commands:
        if command:
            writer.write(f"{command}\r\n".encode())
        while (await reader.readline())[3:4] == b"-":
            pass
    writer.write(b"From: half@residents.example\r\nMessage-ID: <half@residents.example>\r\n\r\nhalf of")
    await writer.drain()
    return writer


async def test_what_was_acknowledged_survives_a_kill_and_half_a_mail_does_not(
    tmp_path: Path, models_dir: Path
) -> None:
    acknowledged: list[str] = []
    async with surroundings(tmp_path, models_dir, mind.serve, ("mailbox",)) as here:
        await here.bridge.start()
        await here.bridge.serving()
        await until(lambda: listens(here.providers.smtp_port))
        half = await half_a_mail(here)
        enough = asyncio.Event()
        senders = [
            asyncio.create_task(send_until_dead(here, number, acknowledged, enough))
            for number in range(CONNECTIONS)
        ]
        await enough.wait()
        here.bridge.kill()
        await here.bridge.dead()
        ends = await asyncio.gather(*senders, return_exceptions=True)
        half.close()
        stored = [json.loads(message)["provider_id"] for (message,) in here.rows(STORED)]
    assert all(isinstance(end, aiosmtplib.SMTPException | OSError) for end in ends), "a sender outlived the bridge"
    assert set(acknowledged) <= set(stored)
    assert "<half@residents.example>" not in stored
    assert len(stored) == len(set(stored)) <= len(acknowledged) + CONNECTIONS
