"""The providers' stand-ins together, on free loopback ports, and the settings that point a bridge at them."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

import config
from bridge.demo.mail_sink import MailSink
from bridge.demo.telegram_twin import TelegramTwin
from bridge.demo.twilio_twin import TwilioTwin
from bridge.web.server import listen

FOLDER = Path(config.__file__).with_name("demo")
NUMBER = "+15550100311"
MAILBOX = "report@fairview.example"


@dataclass(frozen=True, slots=True)
class Providers:
    """A phone company, a bot server and a mail relay. `environ` holds the secrets a bridge needs for them."""

    twilio: TwilioTwin
    telegram: TelegramTwin
    mail: MailSink
    web_port: int
    smtp_port: int
    environ: Mapping[str, str]

    def configuration(self, data_dir: Path, models_dir: Path) -> str:
        """The text of a settings file for a bridge that uses these stand-ins."""
        template = Template((FOLDER / "bridge.toml").read_text(encoding="utf-8"))
        return template.substitute(
            data_dir=data_dir,
            models_dir=models_dir,
            web_port=self.web_port,
            smtp_port=self.smtp_port,
            relay_port=self.mail.port,
            twilio_sid=self.twilio.account_sid,
            twilio_url=self.twilio.url,
            telegram_url=self.telegram.url,
        )


@contextlib.asynccontextmanager
async def providers(web_port: int = 0) -> AsyncIterator[Providers]:
    """Runs the stand-ins for the length of the block. Port 0: a free one is chosen for the bridge's site."""
    web_port = web_port or free_port()
    environ = {
        "DEMO_TWILIO_TOKEN": secrets.token_hex(16),
        "DEMO_BOT_TOKEN": f"{secrets.randbelow(10**9)}:{secrets.token_urlsafe(24)}",
        "DEMO_REPLY_KEY": secrets.token_hex(16),
    }
    webhook = f"http://127.0.0.1:{web_port}/hooks/sms/texts"
    sid = f"AC{secrets.token_hex(16)}"
    async with (
        TwilioTwin(sid, environ["DEMO_TWILIO_TOKEN"], NUMBER, webhook=webhook) as twilio,
        TelegramTwin(environ["DEMO_BOT_TOKEN"]) as telegram,
        MailSink() as mail,
    ):
        yield Providers(twilio, telegram, mail, web_port, free_port(), environ)


def free_port() -> int:
    """A loopback port nobody listens on just now."""
    with listen("127.0.0.1", 0) as probe:
        return int(probe.getsockname()[1])
