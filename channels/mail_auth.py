"""Judges from the DNS who sent a mail: SPF (pyspf), DKIM (dkimpy), and DMARC over both.

For a bridge that strangers' servers deliver to directly; behind a relay of yours, what the relay noted is read
instead (mail_kind.authentication). Lookups are injected. A DNS that fails gives no verdict, never an error.
"""

from __future__ import annotations

import ipaddress
import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Literal

import dkim
import dns.exception
import dns.resolver
import spf

from channels import mail_mime

SIGNATURES_LIMIT: Final = 3  # checked of one mail
BLANKS_LIMIT: Final = 250  # in a row; dkimpy's time is quadratic in them
HEADER_LINES_LIMIT: Final = 500
SIGNATURE_LENGTH: Final = 2_000  # bytes of the field; each name in it is looked for in all headers
LABELS_LIMIT: Final = 8  # of a name, on the way up to a policy

_SIGNATURE = re.compile(rb"^dkim-signature:.*(?:\n[ \t].*)*", re.IGNORECASE | re.MULTILINE)
_BLANKS = re.compile(rb"[ \t]+")
_QUIET = logging.getLogger("channels.mail_auth.dkim")
_QUIET.setLevel(logging.CRITICAL)  # dkimpy logs what a stranger signed wrongly as errors of ours

RecordType = Literal["TXT", "A", "AAAA", "MX", "PTR"]
Lookup = Callable[[str, RecordType], Sequence[Any]]


class LookupFailed(Exception):
    """The DNS did not answer; not the same as an answer that there is nothing."""


@dataclass(frozen=True, slots=True)
class Peer:
    """The server that delivered a mail: its address and the name it gave itself."""

    address: str
    helo: str = ""

    @property
    def is_public(self) -> bool:
        """Whether the address says something: a relay of one's own does not."""
        try:
            return ipaddress.ip_address(self.address).is_global
        except ValueError:
            return False


@dataclass(frozen=True, slots=True)
class _Policy:
    """A DMARC record, and the organization's domain that it was found to belong to."""

    tags: Mapping[str, str]
    organization: str


def lookup_within(seconds: float) -> Lookup:
    """The system's resolver, for one mail: all its lookups together take no longer than that. TXT gives bytes,
    MX pairs of preference and name, the others strings."""
    deadline = time.monotonic() + seconds

    def lookup(name: str, kind: RecordType) -> Sequence[Any]:
        left = deadline - time.monotonic()
        if left <= 0:
            raise LookupFailed("too slow")
        try:
            answer = dns.resolver.resolve(name, kind, lifetime=left, raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN:
            return ()
        except (dns.exception.DNSException, OSError, ValueError) as error:
            raise LookupFailed(type(error).__name__) from None
        return [_value(record, kind) for record in answer.rrset or ()]

    return lookup


def judge(raw: bytes, mail_from: str, peer: Peer, lookup: Lookup) -> dict[str, str]:
    """Verdicts by method (spf, dkim, dmarc) in the words of RFC 8601; what the DNS did not tell is left out."""
    signed = _signed(raw, lookup)
    sent = _sent(mail_from, peer, lookup) if peer.is_public else ""
    found = {"dkim": signed.verdict, "spf": sent, "dmarc": ""}
    with suppress(LookupFailed):
        envelope = mail_from.rpartition("@")[2].lower() or peer.helo.lower()
        proved = _Proved(frozenset(signed.domains), frozenset([envelope] if sent == "pass" else []))
        known = signed.verdict not in ("", "temperror") and sent not in ("", "temperror")
        found["dmarc"] = _dmarc(raw, proved, known, lookup)
    return {method: verdict for method, verdict in found.items() if verdict}


def is_forged(verdicts: Mapping[str, str]) -> bool:
    """Whether the sender a mail names did not send it: DMARC says so, or, where the domain has no policy, its SPF
    record does and nothing vouches for the mail."""
    dmarc = verdicts.get("dmarc", "none")
    unvouched = verdicts.get("spf") == "fail" and verdicts.get("dkim") != "pass"
    return dmarc == "fail" or (dmarc == "none" and unvouched)


def _value(record: Any, kind: RecordType) -> Any:
    if kind == "TXT":
        return b"".join(record.strings)
    if kind == "MX":
        return record.preference, record.exchange.to_text(omit_final_dot=True)
    return record.target.to_text(omit_final_dot=True) if kind == "PTR" else record.address


# ------------------------------------------------------------------------------------------------------- SPF


class _SpfQuery(spf.query):  # type: ignore[misc]
    """pyspf's evaluation over an injected lookup: its own goes through a function of its module."""

    def __init__(self, lookup: Lookup, **asked: Any) -> None:
        super().__init__(**asked)
        self._lookup = lookup

    def dns(self, name: str, qtype: str, cnames: object = None, ignore_void: bool = False) -> list[Any]:
        name = str(name).lower().removesuffix(".")
        if not all(0 < len(label) < 64 for label in name.split(".")) or qtype not in (
            "TXT",
            "A",
            "AAAA",
            "MX",
            "PTR",
        ):
            return []
        try:
            found = self._lookup(name, qtype)  # type: ignore[arg-type]
        except LookupFailed as error:
            raise spf.TempError(f"DNS {error}") from None
        if not found and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > spf.MAX_VOID_LOOKUPS:
                raise spf.PermError("void lookup limit exceeded")
        return [(value,) for value in found] if qtype == "TXT" else list(found)


def _sent(mail_from: str, peer: Peer, lookup: Lookup) -> str:
    try:
        result = _SpfQuery(lookup, i=peer.address, s=mail_from, h=peer.helo).check()[0]
    except Exception:  # a record that pyspf stumbles over says nothing
        return ""
    return str(result)


# ------------------------------------------------------------------------------------------------------ DKIM


@dataclass(frozen=True, slots=True)
class _Signed:
    """What the signatures of a mail came to, and the domains whose signatures hold."""

    verdict: str
    domains: tuple[str, ...] = ()


def _signed(raw: bytes, lookup: Lookup) -> _Signed:
    if b"dkim-signature:" not in raw[: mail_mime.HEADERS_LIMIT].lower():
        return _Signed("none")
    if not _is_judgeable(raw):
        return _Signed("permerror")
    failures: list[LookupFailed] = []

    def key(name: bytes, timeout: float = 0) -> bytes | None:
        try:
            return next(iter(lookup(name.decode("ascii").rstrip("."), "TXT")), None)
        except LookupFailed as error:
            failures.append(error)
            raise dkim.DnsTimeoutError from None

    domains = tuple(_signers(raw, key))
    if domains:
        return _Signed("pass", domains)
    return _Signed("temperror" if failures else "fail")


def _is_judgeable(raw: bytes) -> bool:
    head = raw.partition(b"\r\n\r\n")[0]
    wide = any(len(blanks[0]) > BLANKS_LIMIT for blanks in _BLANKS.finditer(raw))
    long = any(len(field[0]) > SIGNATURE_LENGTH for field in _SIGNATURE.finditer(head))
    return not (wide or long) and head.count(b"\n") <= HEADER_LINES_LIMIT


def _signers(raw: bytes, key: Callable[..., bytes | None]) -> Iterator[str]:
    for number in range(SIGNATURES_LIMIT):
        with suppress(Exception):  # dkimpy raises many kinds at what a stranger may write
            signature = dkim.DKIM(raw, logger=_QUIET)
            holds = signature.verify(idx=number, dnsfunc=key)
            # With l= anyone may add to the body (RFC 6376 8.2).
            if holds and b"l" not in signature.signature_fields:
                yield signature.domain.decode("ascii").lower()


# ----------------------------------------------------------------------------------------------------- DMARC


@dataclass(frozen=True, slots=True)
class _Proved:
    """The domains that vouch for a mail: by signature, and by the address it came from."""

    signed: frozenset[str]
    sent: frozenset[str]


def _dmarc(raw: bytes, proved: _Proved, known: bool, lookup: Lookup) -> str:
    """pass where a proved domain is the From's; fail where none is, all is known, and the From's has a policy."""
    senders = mail_mime.read(raw).headers.get("from", ())
    domain = mail_mime.address(senders[0]).rpartition("@")[2] if len(senders) == 1 else ""
    if not domain:
        return "permerror"
    policy = _policy(domain, lookup)
    if policy is None:
        return "none"
    for domains, tag in ((proved.signed, "adkim"), (proved.sent, "aspf")):
        relaxed = () if policy.tags.get(tag) == "s" else sorted(domains)
        if domain in domains or any(_belongs(other, policy, lookup) for other in relaxed):
            return "pass"
    return "fail" if known else ""


def _belongs(domain: str, policy: _Policy, lookup: Lookup) -> bool:
    inside = domain == policy.organization or domain.endswith(f".{policy.organization}")
    found = _policy(domain, lookup) if inside else None
    return found is not None and found.organization == policy.organization


def _policy(domain: str, lookup: Lookup) -> _Policy | None:
    """Walks up the name (DMARCbis 4.10): the nearest record is the policy, the topmost names the organization."""
    labels = domain.split(".")
    names = [".".join(labels[at:]) for at in range(max(0, len(labels) - LABELS_LIMIT), len(labels))]
    names = [domain, *(name for name in names if name != domain)]
    found = [(name, tags) for name in names if (tags := _record(name, lookup))]
    if not found:
        return None
    organization = next((name for name, tags in found if tags.get("psd") == "n"), "")
    if not organization:
        own = [name for name, tags in found if tags.get("psd") != "y"]
        organization = own[-1] if own else domain
    return _Policy(found[0][1], organization)


def _record(name: str, lookup: Lookup) -> Mapping[str, str]:
    texts = [bytes(text).decode("utf-8", "replace") for text in lookup(f"_dmarc.{name}", "TXT")]
    records = [text for text in texts if re.match(r"\s*v\s*=\s*DMARC1\s*(;|$)", text)]
    if len(records) != 1:
        return {}
    pairs = (tag.partition("=") for tag in records[0][:1_000].split(";"))
    return {key.strip().lower(): value.strip().lower() for key, _, value in pairs}
