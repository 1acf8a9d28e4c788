"""Who sent a mail, judged from a DNS that each test writes down."""

import base64
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.policy import SMTP
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bridge.demo.mail_sink import MailSink, letter
from bridge.vocabulary import Inbound, Outbound
from channels.mail import Mail, Mailbox, Settings, parse
from channels.mail_auth import Lookup, LookupFailed, Peer, is_forged, judge
from channels.mail_out import Signer, signed
from channels.mail_server import Delivered

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
REPORT = "report@city.example"
HERS, ELSEWHERE = Peer("192.0.43.7", "mx.home.example"), Peer("8.8.4.4", "spam.example")
SPF = {("home.example", "TXT"): [b"v=spf1 ip4:192.0.43.0/24 -all"]}
DMARC = {("_dmarc.home.example", "TXT"): [b"v=DMARC1; p=none"]}
PLAIN = b"From: Ada <ada@home.example>\r\nTo: report@city.example\r\n\r\nthe lamp is out\r\n"


def zone(*records: Mapping[tuple[str, str], Sequence[Any]]) -> Lookup:
    known = {key: value for part in records for key, value in part.items()}
    return lambda name, kind: known.get((name, kind), ())


def broken(name: str, kind: str) -> Sequence[Any]:
    raise LookupFailed("no network")


@pytest.fixture(scope="module")
def key() -> str:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    return subprocess.run(
        ["openssl", "genrsa", "-traditional", "2048"], check=True, capture_output=True, text=True
    ).stdout


def published(key: str, domain: str = "home.example") -> dict[tuple[str, str], Sequence[Any]]:
    public = subprocess.run(
        ["openssl", "rsa", "-pubout", "-outform", "DER"], input=key.encode(), check=True, capture_output=True
    ).stdout
    return {(f"s1._domainkey.{domain}", "TXT"): [b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)]}


def hers(key: str, domain: str = "home.example", text: str = "the lamp is out") -> bytes:
    message = letter("ada@home.example", REPORT, "Lamp", text)
    message.policy = SMTP
    return signed(message, Signer("s1", domain, key.encode()))


def test_a_mail_from_where_its_domain_sends_passes() -> None:
    found = judge(PLAIN, "ada@home.example", HERS, zone(SPF, DMARC))
    assert found == {"spf": "pass", "dkim": "none", "dmarc": "pass"}
    assert not is_forged(found)


def test_a_mail_from_elsewhere_is_forged() -> None:
    found = judge(PLAIN, "ada@home.example", ELSEWHERE, zone(SPF, DMARC))
    assert found == {"spf": "fail", "dkim": "none", "dmarc": "fail"}
    assert is_forged(found)


def test_another_domains_envelope_proves_nothing_about_the_sender() -> None:
    records = zone(DMARC, {("spam.example", "TXT"): [b"v=spf1 +all"]})
    found = judge(PLAIN, "me@spam.example", ELSEWHERE, records)
    assert (found["spf"], found["dmarc"]) == ("pass", "fail")


def test_without_a_policy_an_spf_record_speaks_for_the_domain() -> None:
    assert is_forged(judge(PLAIN, "ada@home.example", ELSEWHERE, zone(SPF)))
    assert not is_forged(judge(PLAIN, "ada@home.example", ELSEWHERE, zone()))


def test_a_signature_vouches_for_a_forwarded_mail(key: str) -> None:
    found = judge(hers(key), "ada@home.example", ELSEWHERE, zone(SPF, DMARC, published(key)))
    assert found == {"spf": "fail", "dkim": "pass", "dmarc": "pass"}


def test_a_changed_mail_is_no_longer_vouched_for(key: str) -> None:
    changed = hers(key).replace(b"lamp is out", b"lamp is fine")
    found = judge(changed, "ada@home.example", ELSEWHERE, zone(SPF, DMARC, published(key)))
    assert (found["dkim"], found["dmarc"]) == ("fail", "fail")


def test_a_subdomain_signs_for_its_organization_unless_that_is_strict(key: str) -> None:
    mail, records = hers(key, "mail.home.example"), published(key, "mail.home.example")
    assert judge(mail, "", ELSEWHERE, zone(DMARC, records))["dmarc"] == "pass"
    strict = {("_dmarc.home.example", "TXT"): [b"v=DMARC1; p=reject; adkim=s"]}
    assert judge(mail, "", ELSEWHERE, zone(strict, records))["dmarc"] == "fail"


def test_a_strangers_signature_vouches_for_nobody_else(key: str) -> None:
    found = judge(hers(key, "spam.example"), "", ELSEWHERE, zone(DMARC, published(key, "spam.example")))
    assert (found["dkim"], found["dmarc"]) == ("pass", "fail")


def test_a_dns_that_fails_gives_no_verdict(key: str) -> None:
    found = judge(hers(key), "ada@home.example", ELSEWHERE, broken)
    assert found == {"dkim": "temperror", "spf": "temperror"}
    assert not is_forged(found)


def test_behind_a_relay_of_ones_own_spf_is_not_judged() -> None:
    found = judge(PLAIN, "ada@home.example", Peer("127.0.0.1"), zone(SPF, DMARC))
    assert "spf" not in found
    assert not is_forged(found)


def test_two_senders_are_none() -> None:
    found = judge(b"From: a@spam.example\r\n" + PLAIN, "", ELSEWHERE, zone(DMARC))
    assert found["dmarc"] == "permerror"


def test_a_signed_mail_made_to_cost_time_is_not_judged(key: str) -> None:
    spaces = hers(key).replace(b"lamp", b"lamp" + b" " * 90_000)
    assert judge(spaces, "", ELSEWHERE, zone(published(key)))["dkim"] == "permerror"


@given(st.binary(max_size=300), st.binary(max_size=100), st.text(max_size=30))
def test_nothing_in_a_mail_or_a_record_breaks_the_judge(head: bytes, record: bytes, mail_from: str) -> None:
    raw = b"DKIM-Signature: v=1; " + head + b"\r\nFrom: ada@home.example\r\n\r\nx"
    records = zone(
        {("home.example", "TXT"): [b"v=spf1 " + record], ("_dmarc.home.example", "TXT"): [b"v=DMARC1;" + record]}
    )
    judge(raw, mail_from, HERS, records)
    judge(raw, "ada@home.example", HERS, records)


async def test_a_forged_mail_may_report_in_a_conversation_of_its_own() -> None:
    kept: list[Inbound] = []
    for peer in (HERS, ELSEWHERE):
        verdicts = judge(PLAIN, "ada@home.example", peer, zone(SPF, DMARC))
        kept += parse(Delivered("ada@home.example", REPORT, PLAIN), Mailbox("box"), NOW, verdicts)
    honest, forged = kept
    assert honest.thread != forged.thread
    assert not forged.automatic


async def test_replies_are_signed_where_a_key_is_given(key: str) -> None:
    async with MailSink() as sink:
        settings = Settings.model_validate(
            {
                "addresses": [REPORT],
                "relay_port": sink.port,
                "relay_tls": "none",
                "dkim_selector": "s1",
                "dkim_key": key,
            }
        )
        channel = Mail("box", settings, Noon())
        await channel.send(Outbound("o1", "box", "mail", "ada@home.example", "", "Thank you. ¿Sí?"))
        await channel.close()
        ours = await sink.next_mail()
    found = judge(ours.raw, "", Peer(""), zone(published(key, "city.example")))
    assert found["dkim"] == "pass"


def test_a_key_that_cannot_sign_is_refused_at_the_start() -> None:
    with pytest.raises(ValidationError, match="dkim_key"):
        Settings.model_validate({"addresses": [REPORT], "dkim_selector": "s1", "dkim_key": "no key"})


class Noon:
    def now(self) -> datetime:
        return NOW
