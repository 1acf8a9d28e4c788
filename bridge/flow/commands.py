"""Words that are not a report: small questions on a text, each with a name, each yes or no.

Only a message that is nothing but the words counts: "stop" opts out, "stop sign down" is a report. The opt-out
words are those carriers act on themselves (CTIA messaging principles; Twilio's list adds REVOKE and OPTOUT),
so a bridge that ignored one would go on writing to someone the carrier has already cut off.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from bridge.vocabulary import Mention


@dataclass(frozen=True, slots=True)
class Words:
    """What people write for one thing, by language, as `bare` leaves it."""

    en: frozenset[str]
    es: frozenset[str]

    def __contains__(self, said: object) -> bool:
        return said in self.en or said in self.es


def _words(en: str, es: str) -> Words:
    """Two lists, their entries parted by commas."""
    return Words(*(frozenset(" ".join(word.split()) for word in listed.split(",")) for listed in (en, es)))


STOP = _words(
    "stop, stopall, stop all, unsubscribe, cancel, end, quit, revoke, optout, opt out",
    "alto, parar, baja, cancelar",
)
START = _words("start, unstop", "empezar, iniciar, comenzar")
HELP = _words(
    "help, info, help me please, ?, how does this work, what is this, who is this",
    "ayuda, ayudeme, que es esto, quien es",
)
LANGUAGE = _words("language, languages, change language", "idioma, idiomas, cambiar idioma")
STATUS = _words(
    "status, what happened, any news, any update, any updates, update, what is the status, whats the status",
    "estado, novedades, alguna novedad, que paso, hay novedades, cual es el estado",
)
REPORTS = _words(
    "my reports, reports, list, show my reports, my requests", "mis reportes, reportes, lista, ver mis reportes"
)
FORGET = _words(
    "forget me, delete my data, erase my data, delete me, delete my information",
    "olvideme, olvidame, borre mis datos, borrar mis datos, borren mis datos, elimine mis datos",
)
UNDO = _words(
    "undo, never mind, nevermind, forget it, forget about it, delete it, take it back, scratch that, "
    "ignore that, drop it",
    "deshacer, deshaga, olvidelo, olvidalo, no importa, borrelo, borralo, dejelo",
)
_SOLVED = (
    r"(?: (?:please|por favor|thanks|thank you|gracias))?"
    r"(?: .{0,40}\b(?:fixed|gone|done|resolved|solved|working|ok|okay|fine|cleaned|back on|came|picked it up|"
    r"arreglaron|arreglado|resuelto|solucionado|recogieron|funciona|vinieron|limpiaron)\b.{0,20})?"
)
_UNDO_SENTENCE = re.compile(
    r"(?:(?:ok|okay|sorry|actually|please|perdon|por favor) )*"
    r"(?:(?:cancel|scratch|forget|ignore|disregard|withdraw|drop|delete) (?:that|it|this|(?:my|the) (?:last )?"
    r"(?:report|message|request|complaint|text|one))|never ?mind|forget about it"
    r"|(?:cancele|cancelen|cancela|olvide|olvida|ignore|ignoren|borre|borren) "
    r"(?:eso|esto|(?:el|mi) (?:reporte|mensaje|solicitud))"
    r"|olvidelo|ya no importa|no importa)" + _SOLVED
)
ANONYMOUS = _words(
    "anonymous, anonymously, stay anonymous, keep me anonymous, i want to stay anonymous, no name",
    "anonimo, anonima, quiero ser anonimo, quiero ser anonima, sin nombre, sin mi nombre",
)
LANGUAGE_NAMES = {
    **dict.fromkeys(("english", "in english", "english please", "ingles", "en ingles", "speak english"), "en"),
    **dict.fromkeys(("espanol", "en espanol", "espanol por favor", "en espanol por favor", "spanish"), "es"),
    **dict.fromkeys(
        ("do you speak spanish", "can you speak spanish", "hablas espanol", "me escribe en espanol"), "es"
    ),
    **dict.fromkeys(("do you speak english", "can you speak english", "hablan ingles"), "en"),
    **dict.fromkeys(("in spanish", "spanish please", "habla espanol", "hablan espanol"), "es"),
}
REPORT = _words("report, report it, send it", "reportar, reporte, enviar, enviarlo, reportelo")
YES = _words(
    "yes, y, yeah, yep, yup, yes please, correct, right, that s right, thats right, sure, exactly, "
    "yes it is, both, ok,"
    "okay, of course, yes thanks, yes thank you, it is, true",
    "si, claro, correcto, exacto, si por favor, asi es, ambos, los dos, las dos, ok, si gracias, "
    "claro que si, sip",
)
NO = _words(
    "no, n, nope, nah, not, wrong, no thanks, no thank you, not yet, one, not really, no it is not, still broken",
    "no, todavia no, aun no, no gracias, para nada, sigue igual, uno",
)
NONE = _words(
    "none, neither, none of these, none of them, something else, other, none of the above",
    "ninguno, ninguna, otro, otra, otra cosa, ninguno de estos, ninguna de estas",
)
SKIP = _words(
    "skip, no photo, no picture, later, i have none, i dont have one, no pic, can t, cant",
    "saltar, omitir, sin foto, no tengo, no tengo foto, despues",
)
FOLLOW = _words(
    "follow, follow it, yes same, same one, it is the same, same, the same",
    "seguir, es el mismo, es lo mismo, lo mismo",
)
ANYWAY = _words(
    "report anyway, anyway, send anyway, different, it is different, a different one, another one",
    "de todos modos, otro reporte, es otro, es diferente, es distinto",
)
GREETING = _words(
    "hi, hello, hey, hi there, hello there, good morning, good afternoon, good evening, hey there, yo, test, "
    "i want to report something, i want to report a problem, i need to report something, "
    "i need to report a problem, report a problem, i have a problem, i have a complaint, "
    "i want to make a report, can i report something, how do i report a problem, "
    "how do i report something, i would like to report something",
    "hola, buenas, buenos dias, buenas tardes, buenas noches, hola buenas, hola buenos dias, hola buenas tardes, "
    "saludos, quiero reportar algo, quiero reportar un problema, quiero hacer un reporte, tengo un problema, "
    "tengo una queja, necesito reportar algo, como reporto un problema, quiero hacer una queja",
)
_THANKING = _words(
    "thanks, thank, thx, ty, tysm, ok, okay, k, kk, great, cool, nice, awesome, perfect, good, "
    "alright, amazing, wonderful,"
    "appreciated, excellent, fine",
    "gracias, vale, bueno, perfecto, perfecta, listo, excelente, genial, bien, ok",
)
_AROUND_THANKS = _words(
    "you, so, much, very, a, lot, many, it, got, all, that, is, was, for, the, your, help, again, "
    "will, do, job, and, sounds,"
    "city, everyone, guys, sir, madam, have, day, one, s, really, i, appreciate, now",
    "muchas, muchisimas, mil, muy, amable, de, acuerdo, todo, esta, por, su, la, ayuda, se, agradece, "
    "que, le, vaya, tenga,"
    "un, buen, dia, les, agradezco",
)
_FIRST_OF_THANKS = frozenset(("thanks", "thank", "thx", "ty", "tysm", "gracias", "muchas"))
_BUT = frozenset(
    ("but", "not", "no", "never", "nothing", "still", "pero", "nunca", "nada", "sigue", "todavia", "aun")
)
_MOST_THANKS = 9  # words; more than that says something
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
ROBOT = _words(
    "is this a robot, are you a robot, is this a bot, are you a bot, are you real, are you human, "
    "are you a human, bot, robot, is this a person, is this a real person, are you a real person, "
    "am i talking to a robot, am i texting a robot, is this automated, are you a computer, is this a computer, "
    "is anyone there, is anybody there, is someone there",
    "es un robot, eres un robot, es usted un robot, es un bot, eres un bot, eres real, es una persona, "
    "es una persona real, eres una persona, hablo con una persona, hablo con un robot, "
    "hay alguien, hay alguien ahi",
)
HUMAN = _words(
    "human, agent, person, operator, representative, real person, staff, someone real, live agent",
    "persona, humano, agente, operador, operadora, representante, una persona real",
)
_HUMAN_SENTENCE = re.compile(
    r"(?:(?:please |hi |hello )?(?:can|could|may|let) (?:i|me|we) |"
    r"i (?:want|need|would like) to |id like to |i d like to )?"
    r"(?:please )?(?:talk|speak|chat) (?:to|with) (?:a |an |some)?(?:real |live |actual )?"
    r"(?:human|person|people|agent|operator|representative|one|body|somebody|someone|staff)(?: please)?"
    r"|(?:i (?:want|need) )?(?:a|an) (?:real |live )?(?:human|person|agent|operator|representative)(?: please)?"
    r"|(?:me )?(?:puedo|podria|quiero|quisiera|necesito|me gustaria|deje que) (?:hablar|platicar) con "
    r"(?:alguien|una persona|un humano|un agente|un operador|una operadora)(?: real)?(?: por favor)?"
    r"|hablar con (?:alguien|una persona|un humano|un agente)(?: real)?(?: por favor)?"
    r"|(?:quiero |necesito )?(?:una persona|un humano|un agente)(?: real)?(?: por favor)?"
)
# Told at us and at nobody's street: whoever says only this is angry, and gets one calm sentence.
_INSULT = re.compile(
    r"\b(?:fuck\w*|f u|shit\w*|bullshit|asshole\w*|idiots?|stupid|morons?|dumb|useless|worthless|"
    r"incompetent|pathetic|"
    r"screw you|go to hell|suck\w*|losers?|liars?|bitch\w*|bastards?|hate you|"
    r"mierda\w*|put[ao]s?|pendej\w+|idiotas?|estupid\w+|inutil\w*|imbecil\w*|cabron\w*|chinga\w*|maldit\w+|"
    r"vayanse al (?:diablo|carajo)|ladrones|corruptos|no sirven)\b"
)
MOST_SIGNS = 3  # a thumb up, a smile; more of them may mean something
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
_STATUS_SENTENCE = re.compile(
    r"(?:(?:hi|hello) )?(?:what is|whats|what s|any|is there any)? ?(?:the )?(?:status|news|update|progress) "
    r"(?:of|on|about|for|with) (?:my|the) (?:report|request|complaint|ticket|case)"
    r"|(?:what happened|what is happening|whats happening) (?:to|with) (?:my|the) (?:report|request|complaint)"
    r"|where is my report"
    r"|when (?:will|are|is) (?:it|this|that|you|they)(?: going to| gonna)? (?:be |get )?"
    r"(?:fix|fixed|done|repaired|come|coming)(?: it| this| that)?|is (?:it|this|that) (?:fixed|done) yet"
    r"|how long (?:will|does) (?:it|this|that) take"
    r"|cuando (?:lo|la|los) (?:arreglan|van a arreglar|reparan)"
    r"|cuando (?:vienen|van a venir)|cuanto (?:tarda|va a tardar)"
    r"|(?:cual es el|el)? ?(?:estado|progreso) de mi (?:reporte|solicitud|queja)"
    r"|(?:que paso|que hay|alguna novedad|hay novedades) (?:con|de|sobre) mi (?:reporte|solicitud|queja)"
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
_BESIDE_A_PLACE = _words(
    "a, at, on, in, near, by, the, of, and, it, is, its, s, address, location, corner, intersection, number, no, "
    "house, apt, front, across, from, to, between, here, city",
    "en, la, el, de, del, esquina, con, y, cerca, frente, numero, es, calle, direccion, lugar, entre",
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
_CALLED_A_QUESTION = re.compile(
    r"\s*(?:quick |a |una )?(?:question|pregunta|consulta|duda)s?\b[^\n:.?]{0,60}[\n:.]+\s*"
    r"(?:(?:hi|hello|hey|hola|buenas|buenos d[ií]as|buenas tardes|dear [\w ]+)[,.! ]+)?",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"\s*(?:(?:hi|hello|hola|hey|buenas|buenos d[ií]as)[,.! ]+)?[¿]?\s*"
    r"(?:when|what|which|where can|where do|where is the|how|who|whose|is there|are there|do you|does the|can i|"
    r"may i|do i (?:need|have)|am i allowed|cu[aá]ndo|cu[aá]l|qu[eé]|"
    r"d[oó]nde puedo|d[oó]nde est[aá] la|d[oó]nde queda|c[oó]mo|"
    r"(?:de |a |con )?qui[eé]n|a qu[eé]|hay|puedo|tienen)\b.*\?\s*(?:(?:thanks|thank you|gracias)\b[^?]{0,40})?",
    re.IGNORECASE | re.DOTALL,
)


# Many text without a question mark. Only openings that no complaint has: "when are you going to fix it" is one.
_ASKS_WITHOUT_A_MARK = re.compile(
    r"\s*(?:(?:hi|hello|hola|hey|buenas|buenos d[ií]as)[,.! ]+)?"
    r"(?:what time|what day|when (?:is|does|do)\b|what (?:is|are) the (?:hours|rules|fee)|how (?:do|can) i\b|"
    r"how much|who (?:do|can) i (?:call|talk)|where (?:can|do) i\b|"
    r"(?:a )?qu[eé] hora|cu[aá]ndo (?:es|son|pasan?|abren?|cierran?)\b|c[oó]mo puedo|cu[aá]nto cuesta|"
    r"d[oó]nde puedo|a qui[eé]n (?:le )?llamo)\b.*",
    re.IGNORECASE | re.DOTALL,
)
_ASKS_FOR_A_DATE = re.compile(
    r"\s*¿?\s*(?:when|what (?:day|time)|cu[aá]ndo|qu[eé] d[ií]a|a qu[eé] hora)\s+"
    r"(?:is|are|does|do|es|son|pasan?|hay|abren?|cierran?)\b"
    r"(?!\s+(?:some|any)(?:one|body)\b|\s+(?:it|this|that|you|they|the city|alguien|la ciudad|ustedes)\b)"
    r"(?:(?!going to|gonna|finally|ever\b|fix|\bvan? a\b|arregl).)*$",
    re.IGNORECASE | re.DOTALL,
)
_WANTS_TO_KNOW = re.compile(
    r"\b(?:i (?:want|would like|d like|need) to know|can you tell me|do you know (?:when|where|how|who|what)|"
    r"(?:quisiera|quiero|me gustar[ií]a) saber|me (?:puede|podr[ií]a) decir|"
    r"sabe[ns]? (?:cu[aá]ndo|d[oó]nde|c[oó]mo))\b",
    re.IGNORECASE,
)
_ABOUT_IT = re.compile(
    r"\s*(?:(?:and |also,? |y |tambi[eé]n )?(?:it|its|it's|this|that|they|there's more|es|est[aá]|era|son)\b)",
    re.IGNORECASE,
)
_ANOTHER = re.compile(
    r"\b(?:another one|one more|same (?:thing|problem)|otro igual|otra igual|hay otr[oa]|lo mismo)\b",
    re.IGNORECASE,
)
_STILL = re.compile(r"(?:no|nope|nah|not|sigue|todavia|aun)\b.*|.*\bstill\b.*")
_NOW = re.compile(r"(?:yes|yep|yeah|yup|si|ya)\b.*|.*\b(?:is|its|looks) (?:fixed|good|done)\b.*")


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
    said = bare(text).rstrip("? ")
    return said in STATUS or bool(_STATUS_SENTENCE.fullmatch(said))


def is_reports(text: str) -> bool:
    return bare(text) in REPORTS


def status_of(text: str) -> str | None:
    """The number or reference of "status 1234"."""
    match = _STATUS_OF.fullmatch(bare(text))
    return match[1] if match else None


def is_human(text: str) -> bool:
    said = bare(text).rstrip("? ")
    return said in HUMAN or bool(_HUMAN_SENTENCE.fullmatch(said))


def is_robot(text: str) -> bool:
    """Asks who or what answers here."""
    return bare(text).rstrip("? ") in ROBOT


def begins_with_thanks(text: str) -> bool:
    """A few words that begin with thanks, and ask and object to nothing."""
    said = bare(text).split()
    return 0 < len(said) <= _MOST_THANKS and said[0] in _FIRST_OF_THANKS and "?" not in text and not _BUT & {*said}


def is_greeting(text: str) -> bool:
    """Hello, or the wish to report that says nothing yet of what."""
    return bare(text).rstrip("? ") in GREETING


def is_insult(text: str) -> bool:
    """Whether there is abuse in it; there may be a report in it as well."""
    return bool(_INSULT.search(bare(text)))


def is_spanish(text: str) -> bool:
    """Whether a command is a Spanish word and no English one: it is too short for any other test."""
    said = bare(text).rstrip("? ")
    return any(said in words.es for words in _COMMANDS) and not any(said in words.en for words in _COMMANDS)


_COMMANDS = (STOP, START, HELP, STATUS, REPORTS, FORGET, UNDO, ANONYMOUS, REPORT, YES, HUMAN, GREETING, _THANKING)


def is_forget(text: str) -> bool:
    return bare(text) in FORGET


def is_undo(text: str) -> bool:
    said = bare(text)
    return said in UNDO or bool(_UNDO_SENTENCE.fullmatch(said))


def is_anonymous(text: str) -> bool:
    return bare(text) in ANONYMOUS


def language_in(text: str) -> str | None:
    """The language that a message is the name of."""
    return LANGUAGE_NAMES.get(bare(text).rstrip("? "))


def is_language(text: str) -> bool:
    """A chat's menu command, or its word: which language?"""
    return bare(text) in LANGUAGE


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
    """Thanks and assent, however they are put: nothing but their words, or a smile."""
    said = bare(text).split()
    if not said or len(said) > _MOST_THANKS:
        return False
    return any(word in _THANKING for word in said) and all(
        word in _THANKING or word in _AROUND_THANKS for word in said
    )


def is_reaction(text: str) -> bool:
    """What phones send for a tap on a message of ours: Liked "…", and their own reply while driving."""
    only_signs = 0 < len(text.strip()) <= MOST_SIGNS and not re.search(r"[\w?¿]", text)
    return only_signs or bool(_REACTION.fullmatch(text)) or bool(_PHONE_REPLY.fullmatch(bare(text)))


def is_correction(text: str) -> bool:
    """ "no, it's the street light", "wrong address, 510"; "no trash pickup" is a report."""
    return bool(_CORRECTION.match(text))


def is_wrong_place(text: str) -> bool:
    return bool(_WRONG_PLACE.search(text))


def without_correction(text: str) -> str:
    """What a correction puts in the place of what was wrong."""
    return _CORRECTION.sub("", text, count=1).strip()


def is_place_alone(text: str, mentions: Sequence[Mention]) -> bool:
    """Whether a message names a place and says nothing else: "corner of 5th and Main"."""
    rest = text
    for said in mentions:
        rest = rest[: said.start] + " " * (said.end - said.start) + rest[said.end :]
    return bool(mentions) and all(word in _BESIDE_A_PLACE or word.isdigit() for word in bare(rest).split())


def home_in(text: str) -> str | None:
    """The address in "I live at 412 Oak St"."""
    match = _MY_HOME.match(text)
    return text[match.end() :].strip() if match else None


def is_at_home(text: str) -> bool:
    return bool(_AT_HOME.search(text))


def is_question(text: str) -> bool:
    """Asks to know something ("when is trash day?"); "can you fix the light?" asks for work."""
    text = _CALLED_A_QUESTION.sub("", text, count=1)
    asks = _ASKS.fullmatch(text) or _ASKS_WITHOUT_A_MARK.fullmatch(text) or _WANTS_TO_KNOW.search(text)
    return bool(asks)


def asks_for_a_date(text: str) -> bool:
    """Asks when something is ("when is trash pickup on Elm St?"), and complains of nothing."""
    return bool(_ASKS_FOR_A_DATE.match(text))


def is_about_it(text: str) -> bool:
    """ "it's really deep": more on what was told, and nothing that stands alone."""
    return len(text.split()) > 2 and bool(_ABOUT_IT.match(text))


def is_another(text: str) -> bool:
    """ "there is another one at 412 Oak St"."""
    return bool(_ANOTHER.search(text))


def is_still_broken(text: str) -> bool:
    """No, in any words, to whether it is fixed."""
    return is_no(text) or bool(_STILL.fullmatch(bare(text)))


def is_fixed(text: str) -> bool:
    """Yes, in any words, to whether it is fixed."""
    return not is_still_broken(text) and (is_yes(text) or bool(_NOW.fullmatch(bare(text))))


def choice_number(text: str) -> int | None:
    """The number of a message that is only a number ("2", "2.", "#2"); "2 potholes" is not a choice."""
    match = re.fullmatch(r"\s*#?\(?(\d{1,2})[.)]?\s*", text)
    return int(match[1]) if match else None
