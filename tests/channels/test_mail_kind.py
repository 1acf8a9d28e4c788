"""Which mail a machine wrote, and what a delivery report says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.mail_bounce import read_report
from channels.mail_kind import judge
from channels.mail_mime import read

ADA = "From: Ada <ada@home.example>\nTo: report@city.example\n"
DSN = b"""From: MAILER-DAEMON@mx.home.example
To: report+token@city.example
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.home.example

Final-Recipient: rfc822; Ada@home.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 No such user

--b
Content-Type: text/rfc822-headers

Message-ID: <o1.bridge@city.example>
Subject: Your report
--b--
"""


def kind(headers: str, body: str = "Pothole on Elm", mail_from: str | None = "ada@home.example") -> str:
    return judge(read(f"{headers}\n{body}\n".encode()), mail_from)[0]


@pytest.mark.parametrize(
    "headers",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated (rejected)",
        "X-Autoreply: yes",
        "X-Auto-Response-Suppress: All",
        "X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent",
        "Precedence: auto_reply",
        "Return-Path: <>",
        "Subject: Automatic reply: Your report",
        "Subject: Out of Office: Your report",
        "Subject: Automatische Antwort: Meldung",
        "Subject: Abwesenheitsnotiz",
        "Subject: Respuesta automática: Su reporte",
        "Subject: Fuera de la oficina",
        "Subject: Réponse automatique : Votre signalement",
        "Subject: =?utf-8?b?6Ieq5Yqo5Zue5aSN?=: hi",
    ],
)
def test_an_automatic_reply_is_known_by_its_headers(headers: str) -> None:
    assert kind(f"{ADA}{headers}\n") == "automatic"


@pytest.mark.parametrize(
    "body",
    [
        "I am currently out of the office and will return on Monday. For urgent matters call 555 0100.",
        "Ich bin bis zum 3. Mai nicht im Büro. In dringenden Fällen wenden Sie sich an meine Vertretung.",
        "Estoy de vacaciones hasta el lunes. Si es urgente, llame al 555 0100.",
        "This is an automatically generated message.",
    ],
)
def test_an_automatic_reply_is_known_by_its_words(body: str) -> None:
    assert kind(f"{ADA}Subject: Re: Your report\n", body) == "automatic"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ("Auto-Submitted: no\nSubject: Light out", "at 5 Elm"),
        (
            "Subject: Mail not delivered for a week",
            "The carrier leaves our mail in the snow. Delivery has been awful.",
        ),
        ("Subject: Auto in the middle of Commerce St", "please tag it"),
        ("Subject: Re: Automatic reply: potholes", "any news?"),
        ("Subject: Absent streetlight", "it was there in May"),
        ("Subject: Re: Your report", "I will be out of the office tomorrow, the hole is at 5 Elm"),
        ("Subject: RE: robots", "Don't send me an automated response, I report this weekly"),
    ],
)
def test_a_person_is_a_person(headers: str, body: str) -> None:
    assert kind(f"{ADA}{headers}\n", body) == "person"


def test_a_null_reverse_path_is_no_person() -> None:
    assert kind(ADA, mail_from="") == "automatic"


@pytest.mark.parametrize("header", ["List-Id: Elm <elm.example>", "Precedence: list", "Precedence: bulk"])
def test_a_list_is_a_list(header: str) -> None:
    assert kind(f"{ADA}{header}\n") == "list"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ("From: mailer-daemon@mx.example\nSubject: failure notice", "Hi. This is the qmail-send program."),
        ("From: postmaster@mx.example\nSubject: Undeliverable: Your report", "did not reach"),
        (
            "From: system@mx.example\nSubject: Unzustellbar: x",
            "ada@home.example: could not be delivered, 550 unknown",
        ),
        (f"{ADA}X-Failed-Recipients: a@b.example", "hm"),
    ],
)
def test_a_bounce_without_a_report_part_is_known(headers: str, body: str) -> None:
    assert kind(headers + "\n", body) == "bounce"


def test_a_delivery_report_names_mail_recipient_state_and_code() -> None:
    letter = read(DSN)
    assert judge(letter, "")[0] == "bounce"
    report = read_report(letter)
    assert report.message_ids == ("<o1.bridge@city.example>",)
    assert (report.recipient, report.state, report.code) == ("ada@home.example", "failed", "5.1.1")


@pytest.mark.parametrize(
    ("action", "state"), [("delayed", "queued"), ("delivered", "delivered"), ("relayed", "sent")]
)
def test_a_delivery_report_need_not_be_bad_news(action: str, state: str) -> None:
    assert read_report(read(DSN.replace(b"Action: failed", f"Action: {action}".encode()))).state == state


def test_a_report_without_a_status_part_is_read_from_its_words() -> None:
    body = "<ada@home.example>: 550 5.1.1 unknown user\n\n--- copy ---\nMessage-ID: <o1.bridge@city.example>\n"
    report = read_report(read(f"From: mailer-daemon@mx.example\nSubject: failure notice\n\n{body}".encode()))
    assert (report.message_ids, report.recipient, report.code) == (
        ("<o1.bridge@city.example>",),
        "ada@home.example",
        "5.1.1",
    )


@given(st.binary(max_size=2_000))
def test_any_bytes_are_judged_without_failing(raw: bytes) -> None:
    letter = read(raw)
    judge(letter, None)
    read_report(letter)


@given(st.lists(st.sampled_from(DSN.split(b"\n")), max_size=30), st.booleans())
def test_any_order_of_a_mail_s_lines_is_read_without_failing(lines: list[bytes], crlf: bool) -> None:
    letter = read((b"\r\n" if crlf else b"\n").join(lines))
    judge(letter, "")
    read_report(letter)


@pytest.mark.parametrize(
    ("header", "spam"),
    [
        ("X-Spam-Flag: YES", True),
        ("X-Spam-Status: Yes, score=7.1 required=5.0", True),
        ("X-Spam-Status: No, score=1.1 required=5.0", False),
        ("X-Spam-Score: 11.3", True),
        ("X-Spam-Score: 2.0 (++)", False),
        ("X-Spam-Level: *********", True),
        ("X-Spam-Level: **", False),
        ("X-MS-Exchange-Organization-SCL: 6", True),
        ("X-MS-Exchange-Organization-SCL: 1", False),
        ("X-Spam-Score: much", False),
    ],
)
def test_the_filter_upstream_is_believed(header: str, spam: bool) -> None:
    letter = read(f"From: ada@home.example\n{header}\n\nthe lamp is out".encode())
    assert (judge(letter, "ada@home.example")[1] == "flagged_spam") is spam
