"""Letters to the city's own people, through the mail server the console's settings name."""

from __future__ import annotations

from email.message import EmailMessage
from email.utils import make_msgid

import aiosmtplib

from bridge.errors import Permanent, Retryable
from config.settings import ConsoleSettings

SECONDS = 20.0


class RelayMailer:
    """Implements `bridge.ports.Mailer`."""

    def __init__(self, settings: ConsoleSettings) -> None:
        self._settings = settings

    async def send(self, to: str, subject: str, text: str) -> None:
        letter = EmailMessage()
        letter["From"], letter["To"] = self._settings.mail_from, to
        letter["Subject"] = " ".join(subject.split())
        letter["Message-ID"] = make_msgid(domain=self._settings.mail_from.rpartition("@")[2] or None)
        letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's robot answers it
        letter.set_content(text)
        try:
            await aiosmtplib.send(
                letter,
                hostname=self._settings.relay_host,
                port=self._settings.relay_port,
                start_tls=self._settings.relay_tls == "starttls",
                timeout=SECONDS,
            )
        except aiosmtplib.SMTPResponseException as error:
            kind = Permanent if error.code >= 500 else Retryable
            raise kind(f"{self._settings.relay_host}: {error.code}") from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise Retryable(f"{self._settings.relay_host}: {type(error).__name__}") from None
