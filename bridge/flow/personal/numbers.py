"""Phone numbers and e-mail addresses in a text, and whether they are the writer's own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bridge.flow.personal.found import Personal

_ENDING = r"(?:com|org|net|edu|gov|mx|es|us|io|info|me)"
_EMAIL = re.compile(
    r"[\w.+-]+\s?@\s?[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}"
    rf"|[\w.+-]+\s?@\s?[\w-]+(?:\s?\.\s?|,)(?:[\w-]+\.)?{_ENDING}\b"
    rf"|[\w.+-]+\s?[(\[]?\b(?:at|arroba)\b[)\]]?\s?[\w-]+\s?(?:[(\[]?\b(?:dot|punto)\b[)\]]?\s?|\.){_ENDING}\b",
    re.IGNORECASE,
)
_PHONE = re.compile(
    r"(?<![\w.#/-])(?:"
    r"\+\d{1,3}[\s.-]?(?:\(\d{1,4}\)[\s.-]?)?\d{2,4}(?:[\s.-]?\d{2,4}){1,3}"
    r"|(?:1[\s.-]?)?\(\d{3}\)\s?[\s.-]{0,3}\d{3}[\s.-]{0,3}\d{4}"
    r"|(?:1[\s.-])?\d{3}[\s./-]{1,3}\d{3}[\s.-]{0,3}\d{4}"
    r"|1?[2-9]\d{9}"
    r"|[2-9]\d{2}[-.]\d{4}"
    r")(?:\s?(?:x|ext\.?)\s?\d{1,5})?(?![\w/]|[.-]\d)",
    re.IGNORECASE,
)
_DIGIT = (
    r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|"
    r"cero|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|\d+)"
)
_SPOKEN = re.compile(rf"\b{_DIGIT}(?:[\s,.-]+{_DIGIT}){{3,11}}\b", re.IGNORECASE)
_SEVEN = re.compile(r"(?<![\w.#/-])[2-9]\d{2}\s?\d{4}(?![\w/]|[.-]\d)")
_CALLED = re.compile(
    r"\b(?:call|called|calling|text|txt|phone|cell|mobile|tel|ph|reach|number|whatsapp|ring|"
    r"llam\w+|ll[aá]m\w+|marqu\w+|m[aá]rqu\w+|tel[eé]fono|celular|cel|n[uú]mero|mensaje)\b\W*(?:\w+\W+){0,4}$",
    re.IGNORECASE,
)
_NO_PHONE = re.compile(
    r"(?:case|ticket|ref(?:erence)?|request|permit|order|confirmation|invoice|account|serial|pole|meter|report|"
    r"id|caso|folio|orden|permiso|cuenta|poste|medidor|reporte|solicitud)"
    r"(?:\s+(?:number|no|num|n[uú]mero|n[uú]m|id|is|es))*\.?\s*[:#]?\s*$",
    re.IGNORECASE,
)
_OWN = re.compile(
    r"\b(?:me|my|mine|i|i'm|im|mi|mis|m[ií]o|ll[aá]m[ae]n?me|av[ií]s[ae]n?me|m[aá]rqu[ae]n?me|escr[ií]b[ae]n?me|"
    r"contact[ae]n?me|cont[aá]ct[ae]n?me|llamarme|avisarme|contactarme|escribirme|marcarme|localizarme)\b",
    re.IGNORECASE,
)
_OTHERS = re.compile(
    r"\b(?:his|her|hers|him|their|them|owner\w*|landlord\w*|neighbou?r\w*|tenant\w*|company|manager\w*|super|"
    r"contractor\w*|driver\w*|wife\w*|husband\w*|mother\w*|father\w*|son\w*|daughter\w*|friend\w*|boss\w*|"
    r"sister\w*|brother\w*|coworker\w*|mom\w*|dad\w*|due[ñn][oa]\w*|vecin[oa]\w*|caser[oa]\w*|inquilin[oa]\w*|"
    r"espos[oa]\w*|marido|herman[oa]\w*|hij[oa]\w*|amig[oa]\w*|mam[aá]|pap[aá]|jef[ea]\w*|compa[ñn][ií]a|su|sus|"
    r"[eé]l|ella)\b",
    re.IGNORECASE,
)
_NEARBY = 45  # characters before a number that say whose it is


def emails(text: str) -> Iterator[Personal]:
    for match in _EMAIL.finditer(text):
        yield Personal(match.start(), match.end(), "email", _is_own(text, match.start()))


def phones(text: str) -> Iterator[Personal]:
    called = (
        match
        for match in (*_SEVEN.finditer(text), *filter(_is_spoken, _SPOKEN.finditer(text)))
        if _CALLED.search(text[: match.start()])
    )
    for match in (*_PHONE.finditer(text), *called):
        start = match.start()
        if not _NO_PHONE.search(text[:start]):
            yield Personal(start, match.end(), "phone", _is_own(text, start))


def _is_spoken(match: re.Match[str]) -> bool:
    """Whether digits are told as words, as many as a phone number has: "five five five 0140"."""
    told = re.split(r"[\s,.-]+", match.group())
    return any(not word.isdigit() for word in told) and sum(
        len(word) if word.isdigit() else 1 for word in told
    ) in range(7, 12)


def _is_own(text: str, start: int) -> bool:
    """Whether the clause before says "me" or "my", and names nobody else."""
    before = re.split(r"[.;!?\n]", text[max(0, start - _NEARBY) : start])[-1]
    return bool(_OWN.search(before)) and not _OTHERS.search(before)
