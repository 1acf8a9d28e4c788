"""Names of people in a text: where words introduce one, or a common given name and a family name stand together.

Streets, parks and schools are named after people too: what place words surround is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bridge.flow.personal.found import Personal, words
from bridge.flow.personal.numbers import emails, phones

_LETTER = r"[^\W\d_]"
_TITLED = rf"(?:[A-ZÁÉÍÓÚÑÜ]{_LETTER}*(?:['’-]{_LETTER}+)*\.?)"
_LINK = r"(?:de la|de los|de|del|la|van|von|da|bin|al|el|y|O)"
_CAPITALS = rf"{_TITLED}(?:\s(?:{_LINK}\s)?{_TITLED}){{0,3}}"
_ANY = rf"{_LETTER}+(?:['’-]{_LETTER}+)*\.?"

_SAYS_NAME = re.compile(
    r"(?P<own>\bmy (?:full )?name(?:'s|’s|s| is|:)|\bme llamo|\bmi nombre (?:completo )?es)|"
    r"(?:\b(?:his|her|their|the (?:owner|landlord|driver|tenant|manager|neighbou?r)'?s?) name(?:'s| is)|"
    r"\bname(?:'s| is|:)|(?:^|[.,;!?\n]\s*)(?:name|nombre)(?= )|\bse llama|\bsu nombre es|\bnombre(?: es|:)|"
    r"\ba nombre de|\bllamad[oa])(?!\w)",
    re.IGNORECASE,
)
_SAYS_SELF = re.compile(
    r"(?:\b(?:this is|it'?s(?: me)?|i'?m|i am|soy|(?:les |le )?habla|(?:les |le )?escribe|call me|de parte de)|"
    r"^\W*(?:i'?m|i am|this is|soy))[,:]?\s+$",
    re.IGNORECASE,
)
_SIGNS_OFF = re.compile(
    r"(?:\b(?:sincerely|regards|thanks|thank you|thx|cheers|signed|gracias|saludos|atentamente|atte|firma)[,.!:]*"
    r"(?: again| so much| very much| y saludos)?[,.!]*\s+|[.!?\n]\s*[-–—]{1,2}\s?)$",
    re.IGNORECASE,
)
_OPENS = re.compile(r"^\W*(?:regards|saludos|atentamente|atte|sincerely)[,.:]?\s+$", re.IGNORECASE)
_SAYS_OTHER = re.compile(
    r"(?:\b(?:mr|mrs|ms|miss|dr|sr|sra|srta|don|do[ñn]a|se[ñn]or|se[ñn]ora)\.?|\b(?:neighbou?r|co-?worker|"
    r"husband|wife|son|daughter|friend|landlord|landlady|tenant|owner|boss|brother|sister|mother|mom|father|"
    r"dad|uncle|aunt|cousin|grandmother|grandma|grandfather|grandpa|manager|super|supervisor|roommate|"
    r"boyfriend|girlfriend|officer|inspector|teacher|driver|mailman|next door|upstairs|downstairs|contact|"
    r"ask for|asked for|spoke (?:with|to)|talk(?:ed)? (?:with|to)|reporting for|on behalf of|care of|attn|"
    r"caretaker|janitor|handyman|foreman|nurse|clerk|agent|operator|lawyer|signed by|pid[ae]n? a|"
    r"pregunt[ae]n? por|busquen? a|(?:me|nos) (?:dijo|atendi[oó]|llam[oó])|vecin[oa]|compa[ñn]er[oa]|espos[oa]|"
    r"marido|hij[oa]|amig[oa]|caser[oa]|inquilin[oa]|due[ñn][oa]|jef[ea]|herman[oa]|mam[aá]|pap[aá]|t[ií][oa]|"
    r"prim[oa]|abuel[oa]|novi[oa]|suegr[oa]|cu[ñn]ad[oa]|encargad[oa]|conserje|porter[oa]|gerente|"
    r"licenciad[oa]|ingenier[oa]|abogad[oa]|maestr[oa]|inspectora?|supervisora?|oficial|preguntar por|"
    r"habl[eéó]n? con|hablar con)(?: is| es|'s|’s)?)[,:]?\s+$",
    re.IGNORECASE,
)
_AND = re.compile(r"\s*(?:and|&|or|y|e|o|,)\s+", re.IGNORECASE)
_HERE = re.compile(r"^,? (?:here|speaking|al habla)\b", re.IGNORECASE)
_WORD = re.compile(rf"{_LETTER}+")
_PLACE_BEFORE = re.compile(
    r"(?:\b(?:on|at|in|near|by|to|of|and|the|off|past|behind|along|between|toward|towards|opposite|street|ave|avenue|"
    r"avenida|av|calle|parque|escuela|plaza|colonia|barrio|puente|biblioteca|iglesia|en|la|el|con|y|esquina|entre|"
    r"san|santa|saint|st|fort|mount|\d+\w*)\.?|&|/|@)\s*$",
    re.IGNORECASE,
)
_GIVEN = words("given.txt")
_STREET = re.compile(
    r"^\W*(?:st|street|ave|av|avenue|rd|road|dr|drive|blvd|boulevard|ln|lane|ct|court|pl|place|way|park|school|"
    r"church|bridge|plaza|square|hwy|highway|terrace|parkway|bakery|store|market|deli|pharmacy|hospital|library)\b",
    re.IGNORECASE,
)
_NO_NAME = words("everyday.txt")
_MOST_NAMES = 4
_TITLE = re.compile(r"(?:mrs?|ms|miss|dr|sr|sra|srta|don|do[ñn]a|se[ñn]ora?)\b\.? ", re.IGNORECASE)


def names(text: str) -> Iterator[Personal]:
    for said in _SAYS_NAME.finditer(text):
        end = _end_of_name(text, said.end())
        if end:
            yield Personal(*end, "name", bool(said["own"]))
    if text.upper() != text:
        yield from _introduced(text)
    yield from _in_small_letters(text)


def _introduced(text: str) -> Iterator[Personal]:
    """Capitalised names that the words around them, or a number beside them, show to be a person's."""
    reached = [(one.start, one.end) for one in (*emails(text), *phones(text))]
    told = -1  # where the last name ended
    for match in re.finditer(rf"(?<![\w'’-]){_CAPITALS}", text):
        start, end = _trimmed(match)
        if end <= start or _STREET.match(text[end:]) or _is_place(text[start:end]):
            continue
        before, after = text[max(0, start - 40) : start], text[end:]
        signs_off = _SIGNS_OFF.search(before) and (_ends(after) or _OPENS.match(text[:start]))
        own = bool(_SAYS_SELF.search(before) or signs_off or _HERE.match(after))
        other = bool(_SAYS_OTHER.search(before)) or bool(_TITLE.match(match.group()))
        known = " " in text[start:end] or text[start:end].lower() in _GIVEN
        beside = known and any(0 <= at - end <= 3 or 0 <= start - to <= 3 for at, to in reached)
        also = told >= 0 and " " in text[start:end] and _AND.fullmatch(text[told:start])
        if own or other or beside or also or _whole_name(text, start, end):
            told = end
            yield Personal(start, end, "name", own and not other)


def _whole_name(text: str, start: int, end: int) -> bool:
    """A common given name with a family name, where no place is told."""
    words = text[start:end].split()
    return len(words) > 1 and words[0].lower() in _GIVEN and not _PLACE_BEFORE.search(text[:start])


def _in_small_letters(text: str) -> Iterator[Personal]:
    """ "im mike", "soy lupita": common given names where the words before introduce someone."""
    for match in _WORD.finditer(text.lower()):
        if match.group() not in _GIVEN:
            continue
        before, after = text[max(0, match.start() - 40) : match.start()], text[match.end() :]
        own = _SAYS_SELF.search(before) or (_SIGNS_OFF.search(before) and _ends(after))
        other = _SAYS_OTHER.search(before)
        family = _WORD.match(after[1:])
        whole = (
            family and family.group().lower() not in _NO_NAME and not re.match(r" \w", after[1 + family.end() :])
        )
        if (own or other) and not _STREET.match(after):
            end = match.end() + 1 + family.end() if family and whole else match.end()
            yield Personal(match.start(), end, "name", not other)


def _ends(after: str) -> bool:
    """Whether nothing but a where-from follows a name that signs off."""
    return len(after.split()) <= 1 or bool(re.match(r"\W*(?:of|from|at|de|del|en)\b", after))


def _trimmed(match: re.Match[str]) -> tuple[int, int]:
    """A run of capitals from the first word that may be a name to the last before one that is none."""
    start = end = 0
    for word in re.finditer(r"\S+", match.group()):
        if _may_be_name(word.group()) or (end and _is_link(word.group())):
            start = start if end else match.start() + word.start()
            end = match.start() + word.end()
        elif end:
            break
    return start, end - (match.string[end - 1 : end] == "." and match.string[end - 3 : end - 2] != " ")


def _may_be_name(word: str) -> bool:
    plain = word.strip(".,")
    shouted = len(plain) > 2 and plain.isupper()
    return not shouted and plain.lower() not in _NO_NAME and not re.search(r"['’](?:ll|m|ve|s|d|re|t)$", plain)


def _is_place(words: str) -> bool:
    return " " in words and bool(_STREET.match(words.split()[-1]))


def _end_of_name(text: str, at: int) -> tuple[int, int] | None:
    """Where the name begins and ends that is said from `at` on; as many words as look like one."""
    start = end = 0
    words = re.compile(rf"\s*:?\s*({_ANY})")
    capital = False
    for number in range(_MOST_NAMES):
        match = words.match(text, at)
        word = match[1].strip(".").lower() if match else ""
        if not match or (word in _NO_NAME and not (number and _is_link(word))):
            break
        titled = match[1][0].isupper()
        if number and (text[at : match.start(1)].strip() or (capital and not titled and not _is_link(match[1]))):
            break
        if number > 1 and not titled:
            break
        capital = capital or titled
        at = match.end(1)
        if number and _is_link(match[1]):
            continue
        start, end = start or match.start(1), at
    if not end:
        return None
    return start, end - (text[end - 1] == ".")


def _is_link(word: str) -> bool:
    return word.lower() in ("de", "del", "la", "van", "von", "da", "y")
