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
    r"delivery (status|failure|notification|report|problem|warning|error|has)|permanent delivery|processing error",
    r"(mail|message) (delivery|could not be|has not|delayed|failed|error|failure|status|system error)",
    r"mail undeliverable|delayed mail|failed (mail|delivery)|returned (mail|to sender)|mail returned",
    r"returning (message|mail)|user (is )?unknown|unknown user|could not be delivered",
    r"unzustellbar|nicht zustellbar|zustellung fehlgeschlagen|onbestelbaar|mancata consegna|não entregue|falha na",
    r"no se (ha podido|pudo|puede) entregar|no entregado|correo devuelto|error de entrega|fallo en la entrega",
    r"non remis|échec de (la )?remise|non délivré|utilisateur (non|inconnu)|не доставлено|недоставлен",
    r"退信|配信(エラー|不能)|メール配信",
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
        r"auto(matic|mated)?[- ]?(reply|response|responder|antwort|svar)|auto:|ooo\b",
        r"(i am |i'm )?out of (the )?office|vacation (reply|response|message|notice)",
        r"(on )?(vacation|holiday|annual leave|leave)\s?(:|$|until|from|\()",
        r"away from (my|the|office)|automatische (antwort|rückantwort)|autom\. antwort|abwesenheit|abwesend",
        r"nicht im (büro|haus)|respuesta autom|fuera de (la )?oficina|réponse automatique|absen(t|ce) du bureau",
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
    r"(please )?do not (reply|respond) (directly )?to this (e-?mail|message|address)",
    r"diese (e-?mail|nachricht) wurde automatisch|automatisch (generiert|erzeugt|erstellt)",
    r"bitte antworten sie nicht",
    r"(mensaje|correo|respuesta) (generado |enviado )?automátic|no responda a este|automatisch gegenereerd",
    r"ceci est un (message|courriel) autom|(message|réponse) automatique|messaggio automatico|mensagem automática",
)
AWAY_BODY: Final = _any(
    r"(i am|i'm|i will be|i'll be|we are|am|is) (currently |now |presently )?(away|out of|travell?ing)",
    r"\bon (annual |maternity |paternity |sick |parental |medical )?(leave|vacation|holiday)",
    r"out of (the |my )?office",
    r"ich bin .{0,60}(nicht (im|am|zu erreichen|erreichbar)|abwesend|außer haus|im urlaub)",
    r"estoy (fuera|ausente|de vacaciones)|estaré (fuera|ausente)|je suis .{0,30}(absent|en congé)",
    r"sono (assente|fuori)|estou (ausente|fora)|ik ben .{0,40}(afwezig|niet (aanwezig|op kantoor))",
)
BACK_BODY: Final = _any(
    r"(return(ing)?|be back|reply|respond|get back) (on|to (the office|you|your)|when|as soon|upon|in the)",
    r"in my absence|while i am away|limited (access|internet|e-?mail)|(not|without) (have )?access to",
    r"urgent|immediate|bin (ich )?(wieder|zurück)|wieder (da|im|erreichbar)|in dringenden|vertretung",
    r"wird nicht weitergeleitet|regres(o|aré)|volveré|de retour|retour le|en cas d'urgence|ritorno|rientr|retorn",
    r"terug|dringend",
)
