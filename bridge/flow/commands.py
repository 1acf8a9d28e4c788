"""Words that are not a report: small questions on a text, each with a name, each yes or no.

Only a message that is nothing but the word counts: "stop" opts out, "stop sign down" is a report. The opt-out
words are those carriers act on themselves (CTIA messaging principles; Twilio's list adds REVOKE and OPTOUT),
so a bridge that ignored one would go on writing to someone the carrier has already cut off.
"""

from __future__ import annotations

import re
import unicodedata

STOP = {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "alto", "parar", "baja"}
START = {"start", "unstop", "empezar", "iniciar"}
HELP = {"help", "info", "ayuda", "?"}
STATUS = {"status", "my reports", "estado", "mis reportes"}
THANKS = {
    "thanks",
    "thank you",
    "thx",
    "ty",
    "ok",
    "okay",
    "great",
    "cool",
    "got it",
    "ok thanks",
    "ok thank you",
    "thank you so much",
    "thanks so much",
    "gracias",
    "muchas gracias",
    "vale",
    "bueno",
    "perfecto",
}


def bare(text: str) -> str:
    """The text without case, accents, punctuation and doubled blanks: what a command is compared on."""
    flat = unicodedata.normalize("NFKD", text.strip().lower().removeprefix("/"))
    flat = "".join(char for char in flat if not unicodedata.combining(char))
    return " ".join(re.sub(r"[^\w? ]", " ", flat).split()) or flat[:1].replace(" ", "")


def is_stop(text: str) -> bool:
    return bare(text) in STOP


def is_start(text: str) -> bool:
    return bare(text) in START


def is_help(text: str) -> bool:
    return bare(text) in HELP


def is_status(text: str) -> bool:
    return bare(text) in STATUS


def is_thanks(text: str) -> bool:
    return bare(text) in THANKS


def choice_number(text: str) -> int | None:
    """The number of a message that is only a number ("2", "2.", "#2"); "2 potholes" is not a choice."""
    match = re.fullmatch(r"\s*#?\(?(\d{1,2})[.)]?\s*", text)
    return int(match[1]) if match else None
