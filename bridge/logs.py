"""Structured logs on standard error: one line an event, its facts as fields, never a message's text or a secret.

Each line carries `trace`, the id of the message it is about, and what looks like an address, a phone number or a
bot's token is masked whoever wrote it: libraries put such things into the words of their errors.

Every module logs through the standard library or structlog; both end here.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from bridge import trace

QUIET = (
    "httpx",
    "httpcore",
    "twilio",
    "telegram",
    "apscheduler",
    "uvicorn",
    "mail.log",
    "alembic",
    "asyncio",
    "procrastinate",
)

MASKED = (
    (re.compile(r"\b\d{6,}:[A-Za-z0-9_-]{30,}"), "[token]"),
    (re.compile(r"[\w.+=-]+@[\w-]+(?:\.[\w-]+)+"), "[address]"),
    (re.compile(r"(?:\+|%2B)\d[\d ().-]{6,}\d|\(?\b\d{3}\)?[ .-]\d{3}[ .-]\d{4}\b"), "[number]"),
)
OURS = ("timestamp", "level", "trace")


def configure(level: str = "info", *, json: bool = False) -> None:
    """Sets up logging for the process. `json` for a collector, else columns for a person.

    Libraries speak only from WARNING on: some of them write whole URLs, and a bot's token is in its URLs.
    """
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    shared: list[Processor] = [structlog.stdlib.add_log_level, structlog.stdlib.ExtraAdder(), stamp, _follow]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    as_json: list[Processor] = [structlog.processors.format_exc_info, _mask, structlog.processors.JSONRenderer()]
    # Its default traceback shows the local variables of every frame, and those hold secrets and residents' words.
    for_people = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    rendered: list[Processor] = as_json if json else [structlog.processors.format_exc_info, _mask, for_people]
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(level.upper())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendered],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(min(logging.INFO, handler.level))  # what is not shown is counted still
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, handler.level))
    # It warns whenever a look is still under way when the next is due; that look then sees what is due.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    # It writes whole answers that it cannot read, and those hold residents' words; the error comes to us as well.
    logging.getLogger("telegram.request").setLevel(logging.CRITICAL)


def _follow(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Adds the message that this is about."""
    about = event.get("trace") or trace.current()
    return {**event, "trace": about} if about else event


def _mask(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {name: value if name in OURS else masked(value) for name, value in event.items()}


def masked(value: Any) -> Any:
    """The value with what looks personal or secret in its texts masked."""
    if isinstance(value, str):
        for looks, mask in MASKED:
            value = looks.sub(mask, value)
        return value
    return [masked(item) for item in value] if isinstance(value, list | tuple) else value
