"""Structured logs on standard error: one line an event, its facts as fields, never a message's text or a secret.

Every module logs through the standard library or structlog; both end here.
"""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.typing import Processor

QUIET = ("httpx", "httpcore", "twilio", "telegram", "apscheduler", "uvicorn", "mail.log", "alembic", "asyncio")


def configure(level: str = "info", *, json: bool = False) -> None:
    """Sets up logging for the process. `json` for a collector, else columns for a person.

    Libraries speak only from WARNING on: some of them write whole URLs, and a bot's token is in its URLs.
    """
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    shared: list[Processor] = [structlog.stdlib.add_log_level, structlog.stdlib.ExtraAdder(), stamp]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    as_json: list[Processor] = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    # Its default traceback shows the local variables of every frame, and those hold secrets and residents' words.
    for_people = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    rendered: list[Processor] = as_json if json else [for_people]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendered],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    # It warns whenever a look is still under way when the next is due; that look then sees what is due.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
