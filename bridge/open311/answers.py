"""What an HTTP answer means for the caller: a value, or one of the three errors. Pure.

For a POST the question is whether the request was stored. Only one row with an id or a token (or a blackbox
service's row without either) says yes; only a refusal in the 4xx range, 429 and 503 say no; the rest is unsure. A
refusal of our key says nothing of the report, which waits until the key is mended.
Nothing here repeats the API key: servers echo parameters in their errors, and errors reach logs and staff.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from bridge.errors import BridgeError, Permanent, Retryable, Unsure
from bridge.open311 import wire
from bridge.open311.documents import Document
from bridge.open311.instants import read_instant
from bridge.open311.shapes import Row, text
from bridge.vocabulary import Receipt

KEY = "api_key"  # the code of a read that was refused for the key
_KEY = re.compile(
    r"api[ _-]?key|\b(key|api token|access token|credentials?|authenticat\w+|unauthori[sz]ed|clave|llave)\b",
    re.IGNORECASE,
)
_API_KEY = re.compile(r"api[ _-]?key", re.IGNORECASE)
_ONE_REPORT = re.compile(
    r"service[ _]?code|\b(description|lat|long|lon|address|location|media|photo|duplicate|attribute)\b",
    re.IGNORECASE,
)
KEY_WAIT = 300.0  # seconds until a key that was refused is tried again: somebody has to mend it first
_WAIT = 60.0  # seconds, where a city says "later" without saying when
_LONGEST_WAIT = 6 * 3600.0
_OLD = timedelta(days=2)


class AlreadyThere(Unsure):
    """The city refused a reference because it has stored it: an earlier send of ours landed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP answer. Header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    document: Document
    url: str = ""  # where it came from, redirects of a read followed; without its query

    @property
    def success(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Sent:
    """What a POST carried that its echo is checked against."""

    service_code: str
    description: str
    reference: str = ""
    marked: bool = False  # the reference is in the description
    once: bool = False  # the reference is an attribute that the city refuses to store twice
    blackbox: bool = False
    check_echo: bool = True


def posted(answer: Answer, sent: Sent, now: datetime) -> Receipt:
    """The receipt in the answer to a POST. Raises Retryable, Permanent or Unsure."""
    if answer.success:
        return _receipt(answer, sent, now)
    if sent.once and _duplicate(answer):
        raise AlreadyThere(f"the city says it has this reference already: {_told(answer)}")
    raise refusal(answer, now)


def refusal(answer: Answer, now: datetime) -> BridgeError:
    """The error for a POST that did not succeed."""
    told = f"the city answered {answer.status}: {_told(answer)}"
    if answer.status in (425, 429, 503):
        return Retryable(told, after=retry_after(answer, now))
    if about_key(answer):
        return Retryable(f"the city refuses our API key, {told}", after=KEY_WAIT)
    if answer.status in (301, 307, 308):  # not followed: the form would go to a place nobody agreed to
        return Permanent(f"the endpoint has moved to {answer.headers.get('location', 'an unnamed place')}")
    if (400 <= answer.status < 500 and answer.status != 408) or answer.status == 501:
        return Permanent(told, words=wire.words(answer.document), code=str(answer.status))
    return Unsure(told)  # 302 and 303 may follow a success, 500 and 504 a commit


def about_key(answer: Answer) -> bool:
    """Whether a refusal is of our account at the city and not of one report: each report would be refused so."""
    told = wire.words(answer.document)
    named = {400: _API_KEY, 403: _KEY}.get(answer.status)  # 400: mySociety's servers
    return answer.status == 401 or bool(named and named.search(told) and not _ONE_REPORT.search(told))


def read_error(answer: Answer, now: datetime) -> BridgeError:
    """The error for a GET that was not answered: reading changes nothing, so never Unsure."""
    told = f"the city answered {answer.status}: {wire.words(answer.document) or 'nothing more'}"
    if about_key(answer):
        return Permanent(told, words=wire.words(answer.document), code=KEY)
    if answer.status in (408, 425, 429) or answer.status >= 500:
        return Retryable(told, after=retry_after(answer, now))
    return Permanent(told, words=wire.words(answer.document), code=str(answer.status))


def retry_after(answer: Answer, now: datetime) -> float:
    """Seconds to wait: Retry-After as seconds or as a date (RFC 9110, 10.2.3), a minute where there is none."""
    told = answer.headers.get("retry-after", "").strip()
    if told.isdecimal():
        return min(float(told), _LONGEST_WAIT)
    try:
        date = parsedate_to_datetime(told)
    except ValueError:
        return _WAIT
    wait = (date if date.tzinfo else date.replace(tzinfo=UTC)) - now
    return min(max(wait.total_seconds(), 0.0), _LONGEST_WAIT)


def redacted(words: str, secret: str | None) -> str:
    """Words without the secret."""
    return words.replace(secret, "[key]") if secret else words


# ----------------------------------------------------------------------------------------- a POST's answer


def _receipt(answer: Answer, sent: Sent, now: datetime) -> Receipt:
    """simple-crm and uReport answer 200 with other people's requests to a POST that lost its form, so more
    than one row, or a row that is about something else, is no receipt."""
    found = wire.receipts(answer.document.tree)
    if len(found) != 1:
        raise Unsure(f"the city answered {answer.status} with {len(found)} requests: {_told(answer)}")
    receipt, row = found[0]
    if receipt.service_request_id is None and receipt.token is None and not sent.blackbox:
        raise Unsure(f"the city answered {answer.status} without an id or a token")
    if sent.check_echo and (difference := foreign(row, sent, now)):
        raise Unsure(f"the city answered {answer.status} with another request: {difference}")
    return receipt


def _told(answer: Answer) -> str:
    return wire.words(answer.document) or "nothing readable"


def _duplicate(answer: Answer) -> bool:
    return answer.status == 409 or (answer.status < 500 and "duplicate" in wire.words(answer.document).lower())


def foreign(row: Row, sent: Sent, now: datetime) -> str:
    """How an echoed row differs from what was sent, "" when it agrees or echoes nothing. A city's clock and zone
    may be off by hours, so a time speaks against a row only when it is days old."""
    code, description = text(row.get("service_code")), text(row.get("description"))
    if code and not same_code(code, sent.service_code):
        return f"service_code {code}"
    if description and not _same_text(description, sent):
        return "another description"
    requested = read_instant(text(row.get("requested_datetime")))
    if requested and now - requested > _OLD:
        return f"requested at {requested:%Y-%m-%d}"
    return ""


def same_code(shown: str, sent: str) -> bool:
    """Whether two service codes are one: a city that shows its codes as JSON numbers loses their leading zeros."""
    return shown == sent or (sent.isdecimal() and shown.isdecimal() and int(shown) == int(sent))


def _same_text(echoed: str, sent: Sent) -> bool:
    if sent.marked and sent.reference:
        return sent.reference.lower() in echoed.lower()
    return words_of(echoed)[:200] == words_of(sent.description)[:200]


def words_of(description: str) -> str:
    """A description's letters and digits alone, for comparing what servers re-wrap, escape and trim."""
    return re.sub(r"[\W_]+", " ", html.unescape(description)).strip().casefold()
