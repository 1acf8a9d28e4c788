"""The set phrases mail programs write into mails, in the languages residents' programs are set to.

Written from what the programs send (Gmail, Outlook, Apple Mail, Thunderbird, Yahoo, K-9, webmailers); an
attribution is told by what all of them have in common, a verb of writing with a date or an address, so that an
unseen order of words still matches.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final


def _words(*patterns: str) -> str:
    return "|".join(patterns)


_WROTE: Final = re.compile(
    _words(
        r"\b(wrote|writes|said|schrieb|schreibt|geschrieben|schreef|geschreven|skrev|skrifaði|kirjoitti|escribió)\b",
        r"\b(escribio|escribiste|escreveu|écrit|ecrit|scritto|scrisse|scriveva|scris|napsala?|napísala?|kirjutas)\b",
        r"\bnapsal\(a\)|\bnapísal\(a\)|\bnapisał(a|\(a\))?|\bpisze\b|\bírta\b|\byazdı\b|\brakstīja\b|\brašė\b",
        r"\b(написала?|пишет|писала?|пише|написав|написала)\b|έγραψε|đã viết|menulis|כתב|كتب",
        r"写道|寫道|写到|書きました|のメッセージ|작성",
    ),
    re.IGNORECASE,
)
_DATED: Final = re.compile(r"\b(19|20)\d\d\b|\d[:.h]\d\d\b|\d{1,2}[./-]\d{1,2}[./-]\d\d|\d年")
_TIMED: Final = re.compile(r"\b(19|20)\d\d\b.{1,20}\b\d{1,2}:\d\d\b")
_ADDRESSED: Final = re.compile(r"[^\s<>@]+@[^\s<>@]+|<\s*(mailto|https?):")

_MONTH: Final = (
    r"(jan|feb|mar|apr|may|mai|mei|maj|jun|jul|aug|sep|oct|okt|nov|dec|dez|ene|abr|ago|dic|gen|mag|giu)"
)
DATED_START: Final = re.compile(
    _words(
        r"^\W{0,6}(on|am|op|le|el|em|il|a|den|dne|dňa|dnia|w dniu|på|pe|the|at|vào|tarihinde|pada|v|în|la)\b"
        r".{0,40}\d",
        r"^\W{0,6}(on|am|op|le|el|em|il|den|dnia|în)\s+\w{2,9}\.?,?\s",
        r"^\W{0,4}\d{1,4}[-./ ]",
        rf"^\W{{0,4}}{_MONTH}\w{{0,7}}\.?\s\d",
        r"^\W{0,4}\w{2,14}[.,]{1,2}\s.{0,30}\d",
        r"^\W{0,4}(在|於|于|\d{4}年)",
    ),
    re.IGNORECASE,
)
ATTRIBUTION_START: Final = re.compile(
    rf"^(quoting|citando|zitat|quoted|citation)\b|{DATED_START.pattern}|{_ADDRESSED.pattern}|{_WROTE.pattern}",
    re.IGNORECASE,
)

_VERB_BEFORE_NAME: Final = re.compile(
    r"schr|schreef|skrev|skrifa|kirjoit|напис|писал|пишет|пише|tarih|yazdı", re.IGNORECASE
)
_NAME_WORDS: Final = 7
_ANSWER_SUBJECT: Final = re.compile(r":\s{0,4}(re|fwd?|aw|wg|rv|tr|sv|vs|antw|odp)\s?:", re.IGNORECASE)
_ENDS: Final = re.compile(r"[:：]\W{0,6}$|\w\s*-{2,}$", re.IGNORECASE)
# Webmailers that say whom they quote, and no date.
_QUOTING: Final = re.compile(
    r"^(quoting|citando( a)?|zitat von|quoted from|citation de) .{0,80}<[^<>@\s]+@[^<>\s]+>:$", re.I
)
_ADDRESS_ENDS: Final = re.compile(r"<[^<>@\s]+@[^<>\s]+>\s?:$")
_STAMPED: Final = re.compile(r"^\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)? (GMT|UTC)\S* \S.{0,80}$")
_STAMPED_ADDRESS: Final = re.compile(r"^\d{4}[-/.]\d{1,2}[-/.]\d{1,2}\b[^<>]{0,100}<[^<>@\s]+@[^<>\s]+>:?$")


def is_attribution(text: str) -> bool:
    """Whether a line (unwrapped) announces a quoted mail: a verb of writing, a date or an address, a colon."""
    if _STAMPED.match(text) or _STAMPED_ADDRESS.match(text):
        return True
    if _ADDRESS_ENDS.search(text) and _DATED.search(text) and (DATED_START.match(text) or _TIMED.search(text)):
        return True
    if not (_ENDS.search(text) and _WROTE.search(text)):
        return _QUOTING.match(text) is not None
    return bool(_ADDRESSED.search(text) or (_DATED.search(text) and _verb_ends(text)))


def _verb_ends(text: str) -> bool:
    """Where no address tells an attribution from a sentence, the verb must stand where mail programs put it: last,
    or before the name alone in the languages that put it there."""
    last = max(_WROTE.finditer(text), key=lambda found: found.end())
    after = text[last.end() :].replace("(a)", "").strip()
    most = _NAME_WORDS if _VERB_BEFORE_NAME.match(last[0]) else 1
    return len(re.findall(r"\w+", after[:200])) < most or (after.startswith("(") and len(after) < 40)


def is_addressed(text: str) -> bool:
    """Whether a line holds a mail address or a link to one."""
    return bool(_ADDRESSED.search(text))


def is_mail_header(text: str) -> bool:
    """Whether lines that read like headers hold what only a mail's do: a date in figures, an address, a reply's
    subject."""
    return is_dated(text) or is_addressed(text) or bool(_ANSWER_SUBJECT.search(text))


def is_dated(text: str) -> bool:
    """Whether a line holds a year, a time or a date in figures."""
    return bool(_DATED.search(text))


def may_end_attribution(line: str) -> bool:
    """A cheap no: whether a line can be the last one of an attribution at all."""
    last = line[-8:]
    return ":" in last or "：" in last or last.endswith((">", "--")) or bool(_STAMPED.match(line[:200]))


def is_bare_attribution(text: str) -> bool:
    """Whether a line announces a quotation without saying when: `Ada Lovelace wrote:`."""
    return len(text) < 80 and bool(_ENDS.search(text) and _WROTE.search(text))


# Names of the headers that reply blocks show, by the header they stand for.
_HEADERS: Final[Mapping[str, str]] = {
    "from": "from|von|de|da|van|från|fra|od|від|от|lähettäjä|kimden|发件人|寄件者|差出人|보낸 사람|από|feladó|frá",
    "date": "sent|date|gesendet|datum|enviado( el| em)?|fecha|envoyé|inviato|data|verzonden|skickat|sendt|dato"
    "|wysłano|отправлено|дата|надіслано|lähetetty|päivämäärä|gönderildi|tarih|发送时间|日期|寄件日期|送信日時|날짜"
    "|dátum|elküldve",
    "to": "to|an|para|à|a|aan|till|til|do|кому|vastaanottaja|kime|收件人|收件者|宛先|받는 사람|címzett|komu",
    "cc": "cc|kopie|kopia|copia|копия|kopi|抄送|副本|másolatot kap",
    "subject": "subject|betreff|asunto|objet|oggetto|assunto|onderwerp|ämne|emne|temat|тема|aihe|konu|主题|主旨"
    "|件名|제목|tárgy|předmět",
    "reply": "reply-to|antwort an|responder a|répondre à|rispondi a|risposta|importance|priority",
}
_HEADER: Final = re.compile(
    r"^[>\s*_]{0,6}(?:"
    + "|".join(f"(?P<{name}>{words})" for name, words in _HEADERS.items())
    + r")\s?\*?\s?[:：]",
    re.IGNORECASE,
)


def header_name(line: str) -> str:
    """Which header a line of a reply block shows (`from`, `date`, `to`, …); "" when it is none."""
    found = _HEADER.match(line)
    return (found.lastgroup or "") if found else ""


_TITLES: Final = _words(
    r"original (message|appointment)|reply message|forwarded (message|by)|mensaje (original|reenviado)",
    r"(ursprüngliche|weitergeleitete|original)[ -]?nachricht|message (d'origine|transféré|original|réexpédié)",
    r"messaggio (originale|inoltrato)|mensagem (original|encaminhada|reencaminhada)",
    r"(oorspronkelijk|doorgestuurd) bericht|(originalt?|ursprungligt|vidarebefordrat) (meddelande|melding)",
    r"(исходное|пересылаемое|оригинальное) сообщение|oryginalna wiadomość|wiadomość oryginalna|原始邮件|原始郵件",
    r"original besked|alkuperäinen viesti|původní zpráva|eredeti üzenet",
)
SEPARATOR: Final = re.compile(
    rf"^[#*_ -]{{2,8}}\s?(please |por favor,? )?(type|write|enter|escriba|bitte)\b.{{0,40}}"
    rf"(above|encima de|por encima|oberhalb)\b.{{0,30}}$|^[>\s*]{{0,4}}(-{{2,}}|_{{2,}})\s?(\W{{0,3}})({_TITLES})"
    r"|^[>\s*]{0,4}("
    r"begin forwarded message|anfang der weitergeleiteten (nachricht|e-mail)"
    r"|début du message (réexpédié|transféré)|inicio del mensaje reenviado|inizio messaggio inoltrato"
    r"|início da mensagem (re)?encaminhada"
    r"|begin doorgestuurd bericht)\s?:",
    re.IGNORECASE,
)
RULE: Final = re.compile(r"^\s*([-_=*#~+—–]\s?){2,}\s*$|^\s*—\s*$")
TITLED_RULE: Final = re.compile(r"^\s*-{3,}\s?\w[^-]{2,40}\s?-{3,}\s*$")
NAMED_QUOTE: Final = re.compile(r"^[A-Za-z]{1,12}>")
FILLER: Final = re.compile(r"^\s*(\u1427|\u200b|\ufeff|\[cid:[^\]]*\]|\[image: [^\]]*\]|<https?://\S+>)\s*$")

_DEVICE: Final = (
    r"(iphone|ipad|ipod|android|blackberry|samsung|galaxy|huawei|htc|nokia|lumia|windows|outlook|mobile|phone|tablet"
    r"|handy|cell|móvil|movil|celular|mobil\w*|smartphone|telefon\w*|yahoo|aol|gmail|mail|app|device|proton\w*|laptop)"
)
_ADVERT: Final = re.compile(
    r"^("
    + _words(
        r"sent (from|via|by|with|using|through|on) [^.,!?]{1,60}"
        r"([.,!] {0,2}(please|excuse|sorry|pardon).{0,80})?[.!]?",
        rf"(\w+ )?(from|via) (my )?{_DEVICE}\b.{{0,20}}",
        r"(\W{0,3}get|obtener|hol dir|scarica|baixar|télécharger) (outlook|blue ?mail|yahoo mail|gmail|aol)\W{1,3}"
        r"(for|para|für|per|pour) .{1,80}",
        r"outlook für .{1,20} (beziehen|herunterladen|holen)",
        rf"(sent|typed|written) (from|via|by|with|using|through|on) .{{0,40}}{_DEVICE}.{{0,40}}",
        r"(typed|written|composed|thumbed) (on|with|from) (a|my|an) \w{1,12} ?(phone|keyboard|screen|device)\b"
        r".{0,60}",
        r"von (\w{1,10} ){1,3}gesendet\.?",
        rf"(enviado|enviada|escrito) (desde|con|do|a partir|pelo|de|via) .{{0,40}}{_DEVICE}.{{0,40}}",
        rf"(gesendet|geschrieben|diese nachricht wurde) (von|mit|über|aus) .{{0,60}}{_DEVICE}.{{0,40}}",
        r"von mein\w{1,2} .{1,40} (gesendet|geschickt)",
        rf"envoyé (de|depuis|avec|à partir) .{{0,40}}{_DEVICE}.{{0,40}}",
        rf"inviato (da|dal|con) .{{0,40}}{_DEVICE}.{{0,40}}",
        rf"(verzonden|verstuurd) (met|vanaf|via|vanuit) .{{0,40}}{_DEVICE}.{{0,40}}",
        rf"(sendt|skickat|lähetetty) (fra|från|via|med|\w+stä) .{{0,40}}{_DEVICE}.{{0,40}}",
        rf"(wysłane|wysłano|odesláno|отправлено|надіслано) .{{0,40}}({_DEVICE}|айфон\w*|телефон\w*).{{0,40}}",
        rf"從我的.{{1,30}}傳送|发自我的.{{1,30}}|{_DEVICE}から送信",
        r"(virus-free|libre de virus|sans virus|virenfrei|senza virus)\b.{0,60}",
        r"this (e-?mail|message) (has been|was) (checked|scanned) .{0,100}",
        r"(diese e-mail|este correo|este mensaje) (wurde|ha sido) .{0,20}(virus|viren|analizado|geprüft).{0,80}",
    )
    + r")$",
    re.IGNORECASE,
)
_LINK: Final = re.compile(r"https?://[^\s>)\]]+|[][()<>*_]")


def is_advert(line: str) -> bool:
    """Whether a line is what a mail program adds of itself: `Sent from my iPhone`."""
    return len(line) < 250 and bool(_ADVERT.match(" ".join(_LINK.sub(" ", line).split())))


CONTACT: Final = re.compile(
    r"\S@\w|https?://|www\.|\+?\(?\d{2,4}\)?[-. /]\d{2,4}[-. ]?\d{2,}|\b(tel|phone|mobile|fax|cell)\b",
    re.IGNORECASE,
)
# A line that is nothing but a way to reach someone, perhaps with a label: `t. 555-931-0702`, `ada@home.example`.
CONTACT_LINE: Final = re.compile(
    r"^\W{0,4}(\w{1,8}[.:]{1,2}\s?|\w{1,8}:?\s)?\W{0,4}"
    r"([\w.+-]{1,64}@[\w.-]{3,80}|(https?://|www\.)\S{3,80}|\+?[\d() ./-]{7,20}( ?(x|ext\.?) ?\d{1,5})?)\W{0,4}$",
    re.IGNORECASE,
)
# A street address or a town as people write it below their name: `412 Oak St`, `Springfield, ST 12345`.
ADDRESS_LINE: Final = re.compile(
    r"^\W{0,3}(\d{1,6}[a-z]?,? [^\W\d][\w .,'’#-]{2,50}"
    r"|[^\W\d][\w .'’-]{2,40},? \d{1,6}( ?[a-z])?(,? [\w .'’-]{2,30})?)\W{0,3}$",
    re.IGNORECASE,
)
CLOSING: Final = re.compile(
    r"^\W{0,3}((kind|best|warm|many|with)\w* )?(regards|wishes|thanks|thank you|sincerely|yours|cheers"
    r"|respectfully|saludos|gracias|atentamente|un saludo|cordialmente|(mit )?(freundliche|beste|viele)\w* "
    r"grü(ß|ss)en?|danke|(bien )?cordialement|merci)\b.{0,30}$",
    re.IGNORECASE,
)
PERSON: Final = re.compile(
    r"^\W{0,3}[^\W\d_a-z][\w.'’-]{0,20}( [^\W\d_a-z][\w.'’-]{0,20}){1,3}\W{0,2}(, [\w. ]{2,12})?$"
)
_DISCLAIMER_START: Final = re.compile(
    _words(
        r"^\W{0,6}((confidential(ity)?|legal|privacy|important)( (notice|note|disclaimer))?|notice|disclaimer)"
        r"\s?[:.–-]",
        r"^\W{0,6}(aviso|nota|advertencia)( (de confidencialidad|legal|importante|de privacidad))?\s?[:.–-]",
        r"^\W{0,6}((rechtlicher|wichtiger)? ?hinweis|vertraulichkeitshinweis|avis de confidentialité)\s?[:.–-]",
        r"^\W{0,4}(this|the (information|content|contents)( (contained|transmitted))?( (in|of|by) this)?"
        r"( (e-?mail|message|communication|electronic|transmission))?)\b",
        r"^\W{0,4}(este|el presente|la información|esta) (correo|mensaje|e-mail|comunicación|contenida"
        r"|transmisión)\b",
        r"^\W{0,4}(diese|der inhalt dieser|die in dieser) (e-?mail|nachricht|mail)\b",
        r"^\W{0,4}(ce|le présent) (message|courriel|e-?mail)\b|^\W{0,4}cet e-?mail\b",
        r"^\W{0,4}if you (are not|have received this)\b",
    ),
    re.IGNORECASE,
)
_DISCLAIMER_WORDS: Final = re.compile(
    r"confidential (and|or|information|material)"
    r"|(and|or|are|is|be|may contain|contains?) (\w+ )?(confidential|privileged)"
    r"|intended (solely|only|exclusively|recipient|for the)|sole use of|addressee|received this .{1,20} in error"
    r"|confidencial|destinatari|privilegiad|vertraulich|rechtlich geschützt|empfänger|adressat|confidentiel"
    r"|(checked|scanned) (for|by) |virus",
    re.IGNORECASE,
)
_DISCLAIMER_WHOLE: Final = re.compile(
    _words(
        r"^\W{0,4}(please )?(consider|think about) the environment before printing",
        r"^\W{0,4}(bitte )?(denken sie an die umwelt|antes de imprimir|piense en el medio ambiente)",
        r"^\W{0,4}(pensez à l'environnement|n'imprimez ce)",
    ),
    re.IGNORECASE,
)


def is_disclaimer(paragraph: str) -> bool:
    """Whether a paragraph begins like a legal notice and says what such notices say."""
    begins = _DISCLAIMER_START.match(paragraph) and _DISCLAIMER_WORDS.search(paragraph)
    return bool(begins or _DISCLAIMER_WHOLE.match(paragraph))


POSTSCRIPT: Final = re.compile(r"^\W{0,3}(p\.?\s?s\b|posdata|post ?scriptum|nachtrag)\W{0,3}\S", re.IGNORECASE)
