"""The set phrases of machines that answer mail: delivery reports, absence notices, automatic replies.

Written from what mail servers and mail programs send, in the languages they are set to.
"""

from __future__ import annotations

import re
from typing import Final


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


DELIVERY_SUBJECT: Final = _any(
    r"undeliver|non-?deliver|not delivered|delivered: not|delivery (was )?fail|failure (notice|delivery)",
    r"delivery (is )?delay|delivery (status|failure|notification|report|problem|warning|error|has)"
    r"|permanent delivery|processing error",
    r"(mail|message) (delivery|could not be|has not|delayed|failed|error|failure|status|system error)",
    r"mail undeliverable|delayed mail|failed (mail|delivery)|returned (mail|to sender)|mail returned",
    r"returning (message|mail)|user (is )?unknown|unknown user|could not be delivered",
    r"unzustellbar|nicht zustellbar|zustellung fehlgeschlagen|onbestelbaar|mancata consegna|não entregue|falha na",
    r"no se (ha podido|pudo|puede) entregar|no entregado|correo devuelto|error de entrega|fallo en la entrega",
    r"non remis|échec de (la )?remise|non délivré|utilisateur (non|inconnu)|не доставлено|недоставлен",
    r"退信|配信(エラー|不能)|メール配信",
)
# A receipt without its machine-readable part.
READ_SUBJECT: Final = re.compile(r"(read|leído|gelesen|lu|letto|lido|gelezen)\s?: ", re.IGNORECASE)
READ_BODY: Final = _any(
    r"\bwas read\b|fue leído|se leyó|wurde .{0,60}gelesen|a été lu|è stato letto|foi lida|is .{0,40}gelezen"
)
CALENDAR_ANSWER: Final = re.compile(
    r"(accepted|declined|tentative|aceptad[ao]|rechazad[ao]|zugesagt|abgesagt|accepté|refusé)\s?:", re.IGNORECASE
)
DELIVERY_BODY: Final = _any(
    r"this is the (qmail|postfix|mail system|mail delivery|exim)|permanent (fatal )?errors?|transcript of session",
    r"could not be delivered|unable to deliver|(couldn't|could not|cannot) deliver|wasn't able to deliver",
    r"(was|were|has|have) not (been |yet )?(been )?delivered|undeliverable|undelivered",
    r"did not reach the following",
    r"delivery (to|of|has|failed|failure|attempt|was|status)|will continue to be attempted|failed recipient",
    r"user (unknown|not (found|known|listed))|unknown (user|recipient)|no such (user|address)|unrouteable",
    r"mailbox (is )?(full|unavailable|not found|exceed)|recipient (address )?(rejected|unknown)",
    r"(5\d\d|4\d\d)[ -]#?[45]\.\d\.\d|\b55\d \S|returned to (the )?sender|following (address|recipient)",
    r"message (was |has been )?rejected|pas (pu )?[êe]tre (remis|d[ée]livr[ée])|nicht zugestellt|не доставлено",
    r"no (ha )?(se )?(podido|pudo) (ser )?entreg",
)
TECHNICAL: Final = _any(r"[^\s<>@]{1,64}@[^\s<>@]{3,}", r"\b[45]\d\d[ -]#?\S", r"\b[45]\.\d{1,3}\.\d{1,3}\b")

AWAY_SUBJECT: Final = re.compile(
    r"\W{0,3}("
    + _any(
        r"auto(matic|mated)?[- ]?(reply|response|responder|antwort|svar|respuesta)|auto: ?(re|fwd?|aw|rv):|ooo\b",
        r"(i am |i'm )?(currently )?out of (the )?office"
        r"(?=\s?([:(,.!–—-]|$|\d|re\b|auto|reply|respon|message|noti|until|from|alert|on\b))",
        r"vacation (auto|reply|response|message|notice)|i am on (\w+ )?(leave|vacation|holiday)",
        r"away from (my (desk|mail|e-?mail)|office|the office)|automatische (antwort|rückantwort)"
        r"|autom\. antwort|abwesenheit|abwesend",
        r"nicht im (büro|haus)\b|respuesta autom|fuera de (la )?oficina|réponse automatique|absen(t|ce) du bureau",
        r"en congés?\b|absence\s?(:|$)|risposta automatica|fuori (sede|ufficio)|resposta autom|fora do escritório",
        r"automatisch (antwoord|bericht)|afwezig|autosvar|frånvaro|fraværende|fravær|automaattinen|poissa",
        r"autoodpowiedź|odpowiedź automatyczna|automatyczna odpowied|nieobecn|автоответ|автоматический ответ",
        r"自动(回复|答复)|自動(回覆|応答|返信)|不在(通知|のお知らせ)|otomatik yanıt|automatická odpověď",
        r"automatikus válasz|răspuns automat",
    ).pattern
    + ")",
    re.IGNORECASE,
)
MACHINE_BODY: Final = _any(
    r"this is an auto(matic|mated|mat?ically|-?generated|-?reply|-?response)|auto-?(reply|responder|response)\b",
    r"automatic(ally)?[- ](generated|reply|response)",
    r"do not (reply|respond) (directly )?to this (e-?mail|message|address)( address)?"
    r"(?=\s*([.,;!)]|$|as |because |since |it ))",
    r"(this )?(mailbox|inbox|address|account) is (not |no longer |un)(being )?(monitored|in use|attended"
    r"|active|read)",
    r"diese (e-?mail|nachricht) wurde automatisch|automatisch (generiert|erzeugt|erstellt)",
    r"bitte antworten sie nicht",
    r"(mensaje|correo|respuesta) (generado |enviado )?automátic|no responda a este (correo"
    r"|mensaje)(?=\s*([.,;!)]|$|ya que|porque|pues))|automatisch gegenereerd",
    r"ceci est un (message|courriel) autom|(message|réponse) automatique|messaggio automatico|mensagem automática",
)
_AWAY: Final = _any(
    r"(i am|i'm|i will be|i'll be|we are|am|is) (currently |now |presently )?(away|out of|travell?ing)",
    r"(i am|i'm|i will be|i'll be|we are) (currently |now )?on (\w{4,9} )?(leave|vacation|holiday)",
    r"(i am |i'm )?(currently )?out of (the |my )?office",
    r"(i|\w{2,20}) (am |is )?no longer (works?|working|employed|with)\b|ya no (trabajo|trabaja|labora)",
    r"(ich|\w{2,20}) (arbeite|arbeitet|bin|ist) nicht mehr (bei|im|für)|(je|\w{2,20}) ne (fait|travaille) plus",
    r"ich bin .{0,60}(nicht (im|am|zu erreichen|erreichbar)|abwesend|außer haus|im urlaub)",
    r"(me encuentro|estoy|estaré) (\w+mente )?(fuera|ausente|de (vacaciones|licencia|viaje|baja))"
    r"|je suis .{0,30}(absent|en congé)",
    r"sono (assente|fuori)|estou (ausente|fora)|ik ben .{0,40}(afwezig|niet (aanwezig|op kantoor))",
)
# An absence notice says so first, below a greeting or thanks; people tell of their absence after their errand.
AWAY_BODY: Final = re.compile(
    r"\W{0,5}((hello|hi|hey|dear|good \w{3,9}|hola|estimad\w{1,2}|buen\w{1,2} \w{4,6}|hallo|guten tag"
    r"|liebe\w?|sehr geehrte\w?"
    r"|bonjour|ciao|salve|olá)\b[^\n,.!]{0,60}[\n,.!]{1,3}\s{0,4})?"
    r"((thanks|thank you|many thanks|muchas gracias|gracias|vielen dank|danke|merci|grazie|obrigad[oa])\b"
    r"[^.!\n]{0,120}[.!\n]{1,3}\s{0,4}){0,2}"
    r"((please note|note that|this is to let you know|unfortunately|at the moment|at present|currently|right now"
    r"|en este momento|actualmente|le informo|por el momento|leider|derzeit|zurzeit|momentan|aktuell|actuellement)"
    r"\W{1,3}(that |que |dass )?){0,2}"
    rf"({_AWAY.pattern})",
    re.IGNORECASE,
)
BACK_BODY: Final = _any(
    r"(return(ing)?|be back|reply|respond|get back) (on|to (the office|you|your)|when|as soon|upon|in the)",
    r"in my absence|while i am away|limited (access|internet|e-?mail)|(not|without) (have )?access to",
    r"urgent|immediate|(please |kindly )?(contact|direct|forward|send|write to|e-?mail) .{0,60}@|escrib|diríjase"
    r"|contact[ea]\b|bin (ich )?(wieder|zurück)|wieder (da|im|erreichbar)|in dringenden|vertretung",
    r"wird nicht weitergeleitet|regres(o|aré)|volveré|de retour|retour le|en cas d'urgence|ritorno|rientr|retorn",
    r"terug|dringend",
)
