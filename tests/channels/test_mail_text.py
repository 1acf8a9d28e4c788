"""What is taken from a mail's body as its writer's own words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.mail_html import text_of_html
from channels.mail_text import own_words

OWN = "The light at 12 Oak St is out again."

ATTRIBUTIONS = [
    "On Mon, 23 Nov 2026 at 10:00, City of Fairview <report@fairview.example> wrote:",
    "On Mon, Nov 23, 2026 at 10:00 AM City of Fairview <\nreport@fairview.example> wrote:",
    "On Nov 23, 2026, at 10:00 AM, City of Fairview <report+abc@fairview.example>\nwrote:",
    "On Monday, November 23, 2026 at 10:00:00 AM EST, City of Fairview\n<report@fairview.example> wrote:",
    "On 11/23/26 10:00 AM, City of Fairview wrote:",
    "City of Fairview <report@fairview.example> writes:",
    "El lun, 23 nov 2026 a las 10:00, City of Fairview (<report@fairview.example>)\nescribió:",
    "El 23/11/2026 a las 10:00, City of Fairview escribió:",
    "Am Mo., 23. Nov. 2026 um 10:00 Uhr schrieb City of Fairview <\nreport@fairview.example>:",
    "Am 23.11.26 um 10:00 schrieb City of Fairview:",
    "Le lun. 23 nov. 2026 à 10:00, City of Fairview <report@fairview.example> a écrit\xa0:",
    "Il giorno lun 23 nov 2026 alle ore 10:00 City of Fairview <report@fairview.example> ha scritto:",
    "Em seg., 23 de nov. de 2026 às 10:00, City of Fairview <report@fairview.example> escreveu:",
    "Op ma 23 nov. 2026 om 10:00 schreef City of Fairview <report@fairview.example>:",
    "pon., 23 lis 2026 o 10:00 City of Fairview <report@fairview.example> napisał(a):",
    "пн, 23 нояб. 2026 г. в 10:00, City of Fairview <report@fairview.example>:",
    "mån 23 nov. 2026 kl 10:00 skrev City of Fairview <report@fairview.example>:",
    "ma 23. marrask. 2026 klo 10.00 City of Fairview (report@fairview.example) kirjoitti:",
    "23 Kas 2026 Pzt, 10:00 tarihinde City of Fairview <report@fairview.example> şunu yazdı:",
    "2026年11月23日(月) 10:00 City of Fairview <report@fairview.example>:",
    "City of Fairview <report@fairview.example> 于2026年11月23日周一 10:00写道：",
    "2026년 11월 23일 (월) 오전 10:00, City of Fairview <report@fairview.example>님이 작성:",
    "Vào Th 2, 23 thg 11, 2026 vào lúc 10:00 City of Fairview <report@fairview.example> đã viết:",
    "בתאריך יום ב׳, 23 בנוב׳ 2026 ב-10:00 מאת City of Fairview <report@fairview.example>:",
    "City of Fairview <report@fairview.example> ezt írta (időpont: 2026. nov. 23., H, 10:00):",
    "po 23. 11. 2026 v 10:00 odesílatel City of Fairview <report@fairview.example> napsal:",
    "Sent from my iPhone\n\n> On Nov 23, 2026, at 10:00, City of Fairview <report@fairview.example> wrote:",
]
ANNOUNCEMENTS = [
    "-----Original Message-----\nFrom: City of Fairview <report@fairview.example>\nSent: Monday 10:00\nTo: Ada",
    "____________________________\nFrom: City <report@fairview.example>\nSent: Monday\nTo: Ada\nSubject: Re: x",
    "*From:* City of Fairview\n*Sent:* Monday, 23 November 2026 10:00\n*To:* Ada\n*Subject:* Re: light",
    "Von: City of Fairview\nGesendet: Montag, 23. November 2026 10:00\nAn: Ada\nBetreff: AW: Licht",
    "De: City of Fairview <report@fairview.example>\nEnviado: lunes, 23 de noviembre\nPara: Ada\nAsunto: RE: luz",
    "De :\tCity of Fairview\nEnvoyé :\tlundi 23 novembre\nÀ :\tAda\nObjet :\tRE: lampe",
    "-------- Original message --------\nFrom: City <report@fairview.example>\nDate: 11/23/26 10:00 (GMT-05:00)\n"
    "To: Ada\nSubject: Re: light",
    "---------- Forwarded message ---------\nFrom: City <report@fairview.example>\nDate: Mon\nSubject: x\nTo: Ada",
    "Begin forwarded message:\n\nFrom: City <report@fairview.example>\nSubject: x\nDate: Monday\nTo: Ada",
]
TAILS = [
    "-- \nAda Lovelace\nAnalyst",
    "--\nAda",
    "Sent from my iPhone",
    "Sent from my Samsung Galaxy smartphone.",
    "Get Outlook for iOS<https://aka.ms/o0ukef>",
    "Sent with Proton Mail secure email.",
    "Enviado desde mi iPhone",
    "Gesendet von meinem iPhone",
    "Von meinem iPhone gesendet",
    "Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.",
    "Envoyé de mon iPhone",
    "Inviato da iPhone",
    "Verstuurd vanaf mijn iPhone",
    "________________________________\nAda Lovelace\nAnalytical Engines Ltd\n+1 555 010 0001",
    "Ada Lovelace\nada@home.example\n+1 555-010-0001",
    "CONFIDENTIALITY NOTICE: This e-mail is meant for the addressee alone.\nIf it is not you, delete it.",
    "This email and any files transmitted with it are confidential and intended solely for the addressee.",
    "Virus-free. www.avast.com",
]


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_a_quoted_mail_is_left_out(attribution: str) -> None:
    assert own_words(f"{OWN}\n\n{attribution}\n\n> Thank you.\n> Where is it?\n") == OWN


@pytest.mark.parametrize("announcement", ANNOUNCEMENTS)
def test_a_mail_under_its_headers_is_left_out(announcement: str) -> None:
    assert own_words(f"{OWN}\n\n{announcement}\n\nThank you.\nWhere is it?\n") == OWN


@pytest.mark.parametrize("tail", TAILS)
def test_a_tail_is_left_out(tail: str) -> None:
    assert own_words(f"{OWN}\n\n{tail}\n") == OWN


def test_an_answer_below_the_quotation_is_found() -> None:
    assert own_words(f"{ATTRIBUTIONS[0]}\n> Where is it?\n\n{OWN}\n") == OWN


def test_answers_between_quoted_lines_are_all_kept() -> None:
    body = f"Hello,\n{ATTRIBUTIONS[0]}\n> Where is it?\n12 Oak St\n> Since when?\nFriday\n"
    assert own_words(body) == "Hello,\n> Where is it?\n12 Oak St\n> Since when?\nFriday"


def test_a_bare_forward_is_taken_for_what_it_forwards() -> None:
    assert own_words(f"{ANNOUNCEMENTS[-2]}\n\nThe drain on Elm is blocked.\n") == "The drain on Elm is blocked."


@pytest.mark.parametrize(
    "body",
    [
        "On Monday at 10:00 I fell at 12 Oak St.",
        "From: the corner of Oak\nto: the school, the whole sidewalk is broken",
        "Two holes:\n-----\n1) 12 Oak St\n-----\n2) 14 Oak St",
        "On your street there are 3 holes:\none at 12, two at 14",
        "Sent from my desk, is much easier than from the street.",
        "Important: the gas smells at 5 Elm St",
        "Call me\n555 010 0001",
        ":+1:",
        "yes",
        "5 Main St\n\nThanks,\nAda",
        "> is the sign for greater than",
    ],
)
def test_what_only_looks_like_a_tail_is_kept(body: str) -> None:
    assert own_words(body) == body


def test_html_quotations_are_marked_and_left_out() -> None:
    html = (
        "<div>The light is out</div><div><br></div><div class='gmail_quote'><div>On Mon, 23 Nov 2026 at 10:00,"
        " City &lt;<a>report@fairview.example</a>&gt; wrote:<br></div><blockquote class='gmail_quote'>"
        "<p>Where?</p></blockquote></div>"
    )
    assert "\n> Where?" in text_of_html(html)
    assert own_words(text_of_html(html)) == "The light is out"


@given(st.text(max_size=300))
def test_any_body_is_read_without_failing(body: str) -> None:
    own_words(body)


@given(st.lists(st.sampled_from([*ATTRIBUTIONS, *ANNOUNCEMENTS, *TAILS, OWN, "> q", "", "--", "|"]), max_size=12))
def test_own_words_are_lines_of_the_body(pieces: list[str]) -> None:
    body = "\n".join(pieces)
    lines = [line.rstrip() for line in body.split("\n")]
    assert all(line in lines for line in own_words(body).split("\n") if line)


@given(st.from_regex(r"[a-z ]{1,40}[a-z]\.", fullmatch=True), st.sampled_from(ATTRIBUTIONS))
def test_words_above_an_attribution_are_never_lost(words: str, attribution: str) -> None:
    assert words.rstrip() in own_words(f"{words}\n\n{attribution}\n> quoted\n")
