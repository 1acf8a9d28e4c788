"""Words that are not a report: small questions on a text, each with a name, each yes or no.

Only a message that is nothing but the words counts: "stop" opts out, "stop sign down" is a report. The opt-out
words are those carriers act on themselves (CTIA messaging principles; Twilio's list adds REVOKE and OPTOUT),
so a bridge that ignored one would go on writing to someone the carrier has already cut off.
"""

from __future__ import annotations

import re
import unicodedata

STOP = {
    *("stop", "stopall", "stop all", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "opt out"),
    *("alto", "parar", "baja", "cancelar"),
}
STOP_SENTENCE = re.compile(
    r"(please )?(stop|quit) (texting|messaging|writing|emailing|mailing|contacting|sending)( to)?( me)?"
    r"( texts| messages)?"
    r"|(please )?(do not|dont|don t) (text|message|write|write to|email|contact) me( again| anymore| any more)?"
    r"|(sorry )?(you have the |you got the |this is the |its the |it s the )?wrong (number|person)"
    r"|(please )?(take|remove) me (off|from)( your| the| this)?( list)?( please)?"
    r"|(por favor )?(deje|dejen|deja) de (escribir|mandar|enviar)(me)?( mensajes)?( por favor)?"
    r"|(por favor )?no me (escriba|escriban|escribas|mande|manden|envie|envien)( mas)?( mensajes)?"
    r"|(perdon |disculpe )?(tiene el |es )?numero equivocado|(esta |se ha |se )?equivocado de numero"
)
START = {"start", "unstop", "empezar", "iniciar", "comenzar"}
HELP = {"help", "info", "ayuda", "help me please", "?"}
STATUS = {"status", "estado", "what happened", "any news", "any update", "update", "novedades", "alguna novedad"}
REPORTS = {"my reports", "reports", "list", "mis reportes", "reportes", "lista"}
HUMAN = {
    *("human", "agent", "person", "operator", "representative", "a human", "a person", "real person", "staff"),
    *("talk to a person", "talk to a human", "speak to a person", "speak to a human", "talk to someone"),
    *("can i talk to a person", "can i talk to someone", "i want to talk to a person", "i want a human"),
    *("persona", "humano", "agente", "operador", "hablar con una persona", "quiero hablar con una persona"),
    *("quiero hablar con alguien", "hablar con alguien", "una persona"),
}
FORGET = {
    "forget me",
    "delete my data",
    "erase my data",
    "olvideme",
    "olvidame",
    "borre mis datos",
    "borrar mis datos",
}
UNDO = {
    *(
        "undo",
        "never mind",
        "nevermind",
        "forget it",
        "forget about it",
        "delete it",
        "take it back",
        "scratch that",
    ),
    *("deshacer", "deshaga", "olvidelo", "olvidalo", "no importa", "borrelo"),
}
ANONYMOUS = {
    *("anonymous", "anonymously", "stay anonymous", "keep me anonymous", "i want to stay anonymous", "no name"),
    *("anonimo", "anonima", "quiero ser anonimo", "sin nombre"),
}
LANGUAGES = {
    **dict.fromkeys(("english", "in english", "english please", "ingles", "en ingles", "speak english"), "en"),
    **dict.fromkeys(("espanol", "en espanol", "espanol por favor", "en espanol por favor", "spanish"), "es"),
    **dict.fromkeys(("in spanish", "spanish please", "habla espanol", "hablan espanol"), "es"),
}
REPORT = {"report", "report it", "reportar", "reporte", "send it", "enviar", "enviarlo"}
YES = {
    *("yes", "y", "yeah", "yep", "yup", "yes please", "correct", "right", "that s right", "thats right", "sure"),
    *(
        "exactly",
        "yes it is",
        "si",
        "sí",
        "claro",
        "correcto",
        "exacto",
        "si por favor",
        "asi es",
        "both",
        "ambos",
    ),
    *("ok", "okay", "los dos", "las dos"),
}
NO = {
    "no",
    "n",
    "nope",
    "nah",
    "not",
    "wrong",
    "no thanks",
    "no thank you",
    "not yet",
    "todavia no",
    "aun no",
    "one",
}
NONE = {
    "none",
    "neither",
    "none of these",
    "none of them",
    "something else",
    "other",
    "ninguno",
    "ninguna",
    "otro",
    "otra cosa",
}
SKIP = {"skip", "no photo", "no picture", "later", "saltar", "omitir", "sin foto", "no tengo"}
FOLLOW = {"follow", "follow it", "seguir", "yes same", "same one", "it is the same", "es el mismo"}
ANYWAY = {"report anyway", "anyway", "send anyway", "different", "de todos modos", "otro reporte"}
THANKS = {
    *(
        "thanks",
        "thank you",
        "thx",
        "ty",
        "tysm",
        "ok",
        "okay",
        "k",
        "great",
        "cool",
        "nice",
        "awesome",
        "perfect",
    ),
    *("got it", "ok thanks", "ok thank you", "thank you so much", "thanks so much", "many thanks", "great thanks"),
    *("thank you very much", "thanks a lot", "okay thanks", "great thank you", "cool thanks", "good", "all good"),
    *(
        "gracias",
        "muchas gracias",
        "mil gracias",
        "vale",
        "bueno",
        "perfecto",
        "ok gracias",
        "muy amable",
        "listo",
    ),
    *("excelente", "genial", "de acuerdo", "esta bien"),
}
_REACTION = re.compile(
    r"\s*(liked|loved|disliked|laughed at|emphasized|questioned|reacted .{1,12} to|le gust[oó]|le encant[oó]|"
    r'se ri[oó] de|no le gust[oó]|enfatiz[oó])\s*[“"«].*',
    re.IGNORECASE | re.DOTALL,
)
_PHONE_REPLY = re.compile(
    r"(sorry )?i(m| m| am) driving( right now)?.*|.*i ll (call|get back to) you (later|when i).*|"
    r"(sorry )?i can ?t talk( right)? now.*|.*do not disturb while driving.*|"
    r"estoy (manejando|conduciendo).*|no puedo hablar( en este momento| ahora)?.*",
)
_STATUS_OF = re.compile(
    r"(?:(?:what is|whats|what s|cual es) (?:the |el )?)?(?:status|estado)(?: of| de| del)?"
    r"(?: report| request| reporte)?(?: number| numero)? #?([\w-]*\d[\w-]*|[a-z0-9]{8})"
)
_PLACE_WORDS = r"(?:address|street|place|spot|location|house|number|corner|block)"
_CORRECTION = re.compile(
    r"\s*(?:"
    r"(?:no|nope|oops|ups|sorry|wait|actually|correction|my bad|my mistake|perd[oó]n|corrijo|correcci[oó]n|"
    r"me equivoqu[eé]|en realidad)\s*[,.:!;—-]+\s*"
    rf"(?:(?:not|wrong|la|el)\s+{_PLACE_WORDS}\s*[,.:;]*\s*|i meant?\s+|quise decir\s+)?"
    rf"|(?:(?:no|oops|sorry|actually)\s+)?(?:i meant?|it'?s actually|correction|quise decir|wrong {_PLACE_WORDS}|"
    r"wrong problem|wrong service|(?:la )?direcci[oó]n (?:equivocada|incorrecta|mal)|lugar equivocado)\b"
    r"\s*[,.:;-]*\s*"
    r"|no\s+(?=(?:it'?s|its|that'?s|thats|es|era|fue)\b)"
    r")",
    re.IGNORECASE,
)
_WRONG_PLACE = re.compile(
    rf"wrong {_PLACE_WORDS}|direcci[oó]n (?:equivocada|incorrecta|mal)|lugar equivocado", re.IGNORECASE
)
_MY_HOME = re.compile(
    r"\s*(?:my (?:home )?address is|i live (?:at|on|in)|my (?:home|house) is(?: at| on)?|"
    r"vivo en|mi direcci[oó]n es|mi casa es|mi casa est[aá] en)\s+",
    re.IGNORECASE,
)
_AT_HOME = re.compile(
    r"\b(?:my (?:house|home|place|driveway|yard)|in front of my|outside my|mi casa|mi hogar|mi cochera|"
    r"frente a mi)\b",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"\s*(?:(?:hi|hello|hola|hey|buenas|buenos d[ií]as)[,.! ]+)?[¿]?\s*"
    r"(?:when|what|which|where can|where do|where is the|how|who|is there|are there|do you|does the|can i|may i|"
    r"cu[aá]ndo|cu[aá]l|qu[eé]|d[oó]nde puedo|d[oó]nde est[aá] la|d[oó]nde queda|c[oó]mo|qui[eé]n|hay|puedo|"
    r"tienen)\b.*\?\s*",
    re.IGNORECASE | re.DOTALL,
)


def bare(text: str) -> str:
    """The text without case, accents, punctuation and doubled blanks: what a command is compared on."""
    flat = unicodedata.normalize("NFKD", text.strip().lower().removeprefix("/"))
    flat = "".join(char for char in flat if not unicodedata.combining(char))
    return " ".join(re.sub(r"[^\w? ]", " ", flat).split()) or flat[:1].replace(" ", "")


def is_stop(text: str) -> bool:
    said = bare(text)
    return said in STOP or bool(STOP_SENTENCE.fullmatch(said))


def is_start(text: str) -> bool:
    return bare(text) in START


def is_help(text: str) -> bool:
    return bare(text) in HELP


def is_status(text: str) -> bool:
    return bare(text).rstrip("? ") in STATUS


def is_reports(text: str) -> bool:
    return bare(text) in REPORTS


def status_of(text: str) -> str | None:
    """The number or reference of "status 1234"."""
    match = _STATUS_OF.fullmatch(bare(text))
    return match[1] if match else None


def is_human(text: str) -> bool:
    return bare(text).rstrip("? ") in HUMAN


def is_forget(text: str) -> bool:
    return bare(text) in FORGET


def is_undo(text: str) -> bool:
    return bare(text) in UNDO


def is_anonymous(text: str) -> bool:
    return bare(text) in ANONYMOUS


def language_in(text: str) -> str | None:
    """The language that a message is the name of."""
    return LANGUAGES.get(bare(text).rstrip("? "))


def is_report(text: str) -> bool:
    return bare(text) in REPORT


def is_yes(text: str) -> bool:
    return bare(text) in YES


def is_no(text: str) -> bool:
    return bare(text) in NO


def is_none(text: str) -> bool:
    return bare(text) in NONE


def is_skip(text: str) -> bool:
    return bare(text) in SKIP or is_no(text)


def is_follow(text: str) -> bool:
    return bare(text) in FOLLOW or is_yes(text)


def is_anyway(text: str) -> bool:
    return bare(text) in ANYWAY or is_no(text)


def is_thanks(text: str) -> bool:
    return bare(text) in THANKS


def is_reaction(text: str) -> bool:
    """What phones send for a tap on a message of ours: Liked "…", and their own reply while driving."""
    return bool(_REACTION.fullmatch(text)) or bool(_PHONE_REPLY.fullmatch(bare(text)))


def is_correction(text: str) -> bool:
    """ "no, it's the street light", "wrong address, 510"; "no trash pickup" is a report."""
    return bool(_CORRECTION.match(text))


def is_wrong_place(text: str) -> bool:
    return bool(_WRONG_PLACE.search(text))


def without_correction(text: str) -> str:
    """What a correction puts in the place of what was wrong."""
    return _CORRECTION.sub("", text, count=1).strip()


def home_in(text: str) -> str | None:
    """The address in "I live at 412 Oak St"."""
    match = _MY_HOME.match(text)
    return text[match.end() :].strip() if match else None


def is_at_home(text: str) -> bool:
    return bool(_AT_HOME.search(text))


def is_question(text: str) -> bool:
    """Asks to know something ("when is trash day?"); "can you fix the light?" asks for work."""
    return bool(_ASKS.fullmatch(text))


def choice_number(text: str) -> int | None:
    """The number of a message that is only a number ("2", "2.", "#2"); "2 potholes" is not a choice."""
    match = re.fullmatch(r"\s*#?\(?(\d{1,2})[.)]?\s*", text)
    return int(match[1]) if match else None
