"""A real Postfix on both sides of the mailbox, where one is installed: it delivers over LMTP or SMTP to the
bridge, and relays the bridge's replies."""

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.demo.mail_sink import MailSink, deliver, letter
from bridge.vocabulary import Inbound, Outbound
from channels.mail import Mail, Settings, create

DAEMONS = Path("/usr/lib/postfix/sbin")
REPORT = "report@city.example"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
# Postfix takes up a deferred mail after its backoff time. Where the delivery agent has not let go of the file by
# then, the queue manager logs "skipped, still being delivered" and puts the mail back into the incoming queue for
# 60 seconds, a fixed number (qmgr_active_feed in its source). So the backoff is long enough for a busy machine,
# the incoming queue is looked at every second (`wakeup` of qmgr below), and a test waits longer than that minute.
PATIENCE = 150

pytestmark = pytest.mark.skipif(
    not (shutil.which("postfix") and DAEMONS.exists() and os.geteuid() == 0),
    reason="Postfix is not installed, or this is not root",
)

MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
daemon_directory = {daemons}
command_directory = /usr/sbin
mail_owner = postfix
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.city.example
mydestination =
mynetworks = 127.0.0.0/8
relay_domains = city.example
local_recipient_maps =
alias_maps =
alias_database =
recipient_delimiter = +
smtp_dns_support_level = disabled
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
transport_maps = inline:{{ {{city.example={bridge}}} {{home.example=smtp:[127.0.0.1]:{sink}}} }}
queue_run_delay = 1s
minimal_backoff_time = 3s
maximal_backoff_time = 3s
"""
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True)
class Ports:
    postfix: int
    bridge: int
    sink: int


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module", params=["lmtp", "smtp"])
def postfix(request: pytest.FixtureRequest) -> Iterator[tuple[str, Ports]]:
    ports = Ports(free_port(), free_port(), free_port())
    folder = Path(tempfile.mkdtemp(prefix="postfix-"))
    folder.chmod(0o755)
    bridge = {"smtp": "smtp:[127.0.0.1]", "lmtp": "lmtp:inet:127.0.0.1"}[request.param] + f":{ports.bridge}"
    main = MAIN.format(folder=folder, daemons=DAEMONS, bridge=bridge, sink=ports.sink)
    (folder / "main.cf").write_text(main)
    (folder / "master.cf").write_text(MASTER.format(port=ports.postfix))
    for name in ("queue", "data"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix")
    run = ["postfix", "-c", str(folder)]
    subprocess.run([*run, "start"], check=True, capture_output=True)
    yield request.param, ports
    subprocess.run([*run, "stop"], check=True, capture_output=True)
    shutil.rmtree(folder)


class Noon:
    def now(self) -> datetime:
        return NOW


class Desk:
    def __init__(self) -> None:
        self.failures = 0
        self.new: asyncio.Queue[Inbound] = asyncio.Queue()

    async def accept(self, messages: Sequence[Inbound]) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError("disk full")
        for message in messages:
            self.new.put_nowait(message)


@asynccontextmanager
async def bridged(protocol: str, ports: Ports) -> AsyncIterator[tuple[Mail, Desk]]:
    settings = Settings.model_validate(
        {
            "addresses": [REPORT],
            "listen_port": ports.bridge,
            "protocol": protocol,
            "reply_key": "key",
            "relay_port": ports.postfix,
            "relay_tls": "none",
        }
    )
    desk, channel = Desk(), create("box", settings, Noon())
    running = asyncio.create_task(channel.run(desk.accept))
    try:
        await channel.listening()
        yield channel, desk
    finally:
        running.cancel()
        await asyncio.wait([running])


async def test_a_conversation_goes_there_and_back(postfix: tuple[str, Ports]) -> None:
    protocol, ports = postfix
    async with MailSink(port=ports.sink) as sink, bridged(protocol, ports) as (channel, desk):
        await deliver("127.0.0.1", ports.postfix, letter("ada@home.example", REPORT, "Light", "out at 5 Elm"))
        first = await asyncio.wait_for(desk.new.get(), PATIENCE)
        assert (first.sender, first.text) == ("ada@home.example", "Light\nout at 5 Elm")
        answer = Outbound("o1", "box", "mail", first.sender, first.thread, "Since when?", subject="Light")
        await channel.send(answer)
        ours = await sink.next_mail(PATIENCE)
        assert ours.text == "Since when?"
        reply = letter("ada@work.example", ours.message["Reply-To"], "Re: Light", "Friday", answers=ours)
        await deliver("127.0.0.1", ports.postfix, reply)
        second = await asyncio.wait_for(desk.new.get(), PATIENCE)
    assert (second.text, second.thread) == ("Friday", first.thread)


async def test_what_was_not_stored_is_delivered_again(postfix: tuple[str, Ports]) -> None:
    protocol, ports = postfix
    async with bridged(protocol, ports) as (_, desk):
        desk.failures = 1
        await deliver("127.0.0.1", ports.postfix, letter("ada@home.example", REPORT, "Light", "out at 5 Elm"))
        stored = await asyncio.wait_for(desk.new.get(), PATIENCE)
    assert stored.text == "Light\nout at 5 Elm"


async def test_an_unknown_recipient_is_bounced_by_postfix_to_its_sender(postfix: tuple[str, Ports]) -> None:
    protocol, ports = postfix
    async with MailSink(port=ports.sink) as sink, bridged(protocol, ports):
        wrong = letter("ada@home.example", "nobody@city.example", "Light", "out")
        await deliver("127.0.0.1", ports.postfix, wrong)
        bounce = await sink.next_mail(PATIENCE)
    assert bounce.mail_from == ""
    assert "No such mailbox here" in " ".join(bounce.text.split())
