"""What a resident wrote themselves: a mail's body without quoted replies, signatures, adverts, disclaimers. Pure.

A body is read as lines. First the embedded mails are found (an attribution such as "On … wrote:", a block of
headers, a separator such as "Original Message"), then the tail is taken off. When in doubt a line stays: words
too many can be read past, words lost cannot be asked for. Every pattern is anchored, matched against one line of
bounded length and free of nested repetition, so no body costs more than time linear in its length.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from channels import mail_phrases as phrases

LINES_LIMIT: Final = 1_500  # nobody writes more by hand; what is below is quoted
LINE_LIMIT: Final = 1_000  # characters of a line that are looked at
ATTRIBUTION_LINES: Final = 7
ATTRIBUTION_LENGTH: Final = 350
STARTS_LIMIT: Final = 30
STARTS_LOOKED_AT: Final = 150
HEADER_LINES: Final = 14
WRAPPED_LENGTH: Final = 55  # a quoted line this long may have been wrapped by a mail program that lost the mark
SIGNATURE_LINES: Final = 12
SIGNATURE_LENGTH: Final = 500
PARAGRAPH_LINES: Final = 8  # of a legal notice, enough to tell it


@dataclass(frozen=True, slots=True)
class Embedded:
    """Where an earlier mail begins: at which line, how it is announced, and the line after the announcement."""

    start: int
    end: int
    kind: Literal["attribution", "headers"]


@dataclass(frozen=True, slots=True)
class Written:
    """What a body holds of its sender: the words of this message, and the signature below them."""

    words: str
    signature: str = ""


def own_words(body: str) -> str:
    """The part of a body its sender wrote for this message. A body that is all quotation is returned up to the
    first attribution in it."""
    return read(body).words


def read(body: str) -> Written:
    """The sender's own words and signature in a body."""
    lines = [line.rstrip() for line in body.split("\n", LINES_LIMIT)[:LINES_LIMIT]]
    kept = _above(lines)
    tail = _tail(kept)
    own = "\n".join([*kept[:tail], *_postscript(kept, tail)]).strip("\n")
    below = [line for line in kept[tail : tail + SIGNATURE_LINES + 2] if not _is_tail(line[:LINE_LIMIT])]
    return Written(own or "\n".join(_quotation(lines)).strip("\n"), "\n".join(below)[:SIGNATURE_LENGTH])


def _quotation(lines: Sequence[str]) -> list[str]:
    bare = [line.lstrip(" >|") for line in lines]
    nothing, starts = [False] * len(lines), _starts(bare)
    end = next((number for number in range(len(lines)) if _embedded(bare, number, nothing, starts)), len(lines))
    return list(lines[:end])


def _above(lines: Sequence[str]) -> list[str]:
    """The lines without embedded mails. Replies written between or below the quoted lines are kept."""
    quoted = _quoted(lines)
    starts = _starts(lines)
    last_own = _last_own(lines, quoted)
    kept: list[str] = []
    at = 0
    own = False
    while at < len(lines):
        found = _embedded(lines, at, quoted, starts)
        if found is None or not (own or _is_told(lines, found, quoted)):
            own = own or not (quoted[at] or _blank(lines[at]))
            kept.append(lines[at])
            at += 1
            continue
        quote_end = _quote_end(lines, found.end, quoted)
        answers_below = found.kind == "attribution" and found.end < quote_end <= last_own
        if own and not answers_below:
            break
        if own:
            kept.extend(lines[found.end : quote_end])
        at = quote_end if answers_below else found.end
    return kept


def _is_told(lines: Sequence[str], found: Embedded, quoted: Sequence[bool]) -> bool:
    """Whether an embedded mail at the very top is beyond doubt. Nothing of the sender's stands before it, so a
    sentence or a list of theirs mistaken for one would be the report itself."""
    announced = " ".join(lines[found.start : found.end])
    if phrases.is_addressed(announced) or _quote_end(lines, found.end, quoted) > found.end:
        return True
    first = lines[found.start][:LINE_LIMIT]
    if found.kind == "attribution":
        return not any(map(str.strip, lines[found.end :]))
    return bool(phrases.SEPARATOR.match(first) or phrases.RULE.match(first)) or phrases.is_dated(announced)


# ------------------------------------------------------------------------------------------------ quotes


def _quoted(lines: Sequence[str]) -> list[bool]:
    """Which lines are quoted, with those that a mail program wrapped without repeating the mark."""
    marks = [line.lstrip()[:1] in (">", "|") for line in lines]
    for number in range(1, len(lines) - 1):
        wrapped = marks[number - 1] and marks[number + 1] and len(lines[number - 1]) >= WRAPPED_LENGTH
        marks[number] = marks[number] or (wrapped and not _blank(lines[number]))
    return marks


def _quote_end(lines: Sequence[str], start: int, quoted: Sequence[bool]) -> int:
    """The line after the quoted lines that follow `start`; `start` when none follow."""
    end = at = start
    while at < len(lines) and (quoted[at] or _blank(lines[at])):
        at += 1
        if quoted[at - 1]:
            end = at
    return end


def _last_own(lines: Sequence[str], quoted: Sequence[bool]) -> int:
    """The last line that is neither blank, quoted, nor tail; -1 when there is none."""
    for number in range(_tail(lines) - 1, -1, -1):
        if not (quoted[number] or _blank(lines[number])):
            return number
    return -1


def _blank(line: str) -> bool:
    return not line.strip()


# ---------------------------------------------------------------------------------------- embedded mails


def _embedded(lines: Sequence[str], at: int, quoted: Sequence[bool], starts: Collection[int]) -> Embedded | None:
    if quoted[at] or _blank(lines[at]):
        return None
    if at in starts and (end := _attribution_end(lines, at)):
        return Embedded(at, end, "attribution")
    if end := _headers_end(lines, at):
        return Embedded(at, end, "headers")
    return None


def _starts(lines: Sequence[str]) -> frozenset[int]:
    """The lines at which an attribution can begin: one that can end it is near. So many at most, for each costs
    time; a mail by hand has few."""
    ends = [phrases.may_end_attribution(line) for line in lines]
    near = (number for number in range(len(lines)) if any(ends[number : number + ATTRIBUTION_LINES]))
    looked = itertools.islice(near, STARTS_LOOKED_AT)
    found = (at for at in looked if phrases.ATTRIBUTION_START.search(lines[at][:ATTRIBUTION_LENGTH]))
    return frozenset(itertools.islice(found, STARTS_LIMIT))


def _attribution_end(lines: Sequence[str], at: int) -> int:
    """The line after an attribution that starts here and may be wrapped; 0 when none does."""
    joined = ""
    for end in range(at, min(at + ATTRIBUTION_LINES, len(lines))):
        line = lines[end].strip()[:LINE_LIMIT]
        if not line:
            if _goes_on(lines, end):
                continue
            return 0
        if end > at and _starts_again(line):
            return 0
        joined = f"{joined} {line}".strip()
        if len(joined) > ATTRIBUTION_LENGTH:
            return 0
        if phrases.is_attribution(joined) or (
            phrases.is_bare_attribution(joined) and _quote_follows(lines, end + 1)
        ):
            return end + 1
    return 0


def _goes_on(lines: Sequence[str], at: int) -> bool:
    """Whether an attribution runs over blank lines: its address is on a line of its own."""
    following = next((line.strip() for line in lines[at : at + 3] if line.strip()), "")
    return following.startswith(("<", "mailto:"))


def _starts_again(line: str) -> bool:
    """Whether a line is an attribution by itself, so that the ones before it belong to the text."""
    return bool(phrases.DATED_START.match(line)) and phrases.is_attribution(line)


def _quote_follows(lines: Sequence[str], at: int) -> bool:
    following = next((line.lstrip() for line in lines[at : at + 2] if line.strip()), "")
    return following.startswith(">")


def _headers_end(lines: Sequence[str], at: int) -> int:
    """The line after a separator or a block of headers that starts here; 0 when none does."""
    start = at
    separated = bool(phrases.SEPARATOR.match(lines[at][:LINE_LIMIT]))
    ruled = bool(phrases.RULE.match(lines[at][:LINE_LIMIT]) or phrases.TITLED_RULE.match(lines[at][:LINE_LIMIT]))
    if separated or ruled:
        start = at + 1
        while start < len(lines) and start < at + 4 and _blank(lines[start].strip("> ")):
            start += 1
    end = _header_block_end(lines, start)
    if end and not (separated or ruled):
        block = " ".join(
            lines[start:end]
        )  # a list of the sender's own may read "From: Elm, To: Oak, Date: Monday"
        end = end if phrases.is_mail_header(block) else 0
    return end or (at + 1 if separated else 0)


def _header_block_end(lines: Sequence[str], start: int) -> int:
    """The line after at least three headers, one of them telling the sender; 0 when they are not there."""
    names: set[str] = set()
    end = start
    for number in range(start, min(start + HEADER_LINES, len(lines))):
        name = phrases.header_name(lines[number][:LINE_LIMIT])
        if name:
            names.add(name)
            end = number + 1
        elif number == start or (_blank(lines[number]) and len(names) > 2) or number - end >= 2:
            break
    return end if len(names) > 2 and "from" in names else 0


# ------------------------------------------------------------------------------------------------- tail


def _tail(lines: Sequence[str]) -> int:
    """The line at which signature, adverts, disclaimers and trailing quotes begin."""
    end = _trimmed(lines, len(lines))
    end = _trimmed(lines, min(_signature(lines, end), _disclaimer(lines, end)))
    return _trimmed(lines, _card(lines, end))


def _postscript(lines: Sequence[str], tail: int) -> list[str]:
    """What somebody added below their signature."""
    for number in range(tail, len(lines)):
        if phrases.POSTSCRIPT.match(lines[number][:LINE_LIMIT]):
            end = next((at for at in range(number, len(lines)) if _blank(lines[at])), len(lines))
            return ["", *lines[number:end]]
    return []


def _trimmed(lines: Sequence[str], end: int) -> int:
    """Takes off blank, quoted, ruled and advertising lines from the end, as long as something else is left."""
    while end and _is_tail(lines[end - 1][:LINE_LIMIT]):
        end -= 1
    return end


def _is_tail(line: str) -> bool:
    return (
        _blank(line)
        or line.lstrip()[:1] in (">", "|")
        or any(pattern.match(line) for pattern in (phrases.RULE, phrases.NAMED_QUOTE, phrases.FILLER))
        or phrases.is_advert(line)
    )


def _signature(lines: Sequence[str], end: int) -> int:
    """Where the signature begins. "-- " always opens one (RFC 3676 4.3); another rule does when what follows
    is short and reads like one; `end` when there is none."""
    rules = [number for number in range(end) if phrases.RULE.match(lines[number][:LINE_LIMIT])]
    fenced = _fenced(lines)
    for number in rules:
        line = lines[number].strip()
        if line in ("--", "—", "––") and not fenced[number]:
            return number
        if line.startswith("_____") and _reads_like_signature(lines, number + 1, end):
            return number
    if len(rules) == 1 and _reads_like_signature(lines, rules[0] + 1, end):
        block = lines[rules[0] + 1 : end]
        return rules[0] if any(phrases.CONTACT.search(line[:LINE_LIMIT]) for line in block) else end
    return end


def _card(lines: Sequence[str], end: int) -> int:
    """Where a closing block of name and contact lines begins; `end` when there is none. At least two lines must
    be nothing but contact, a street address counting as one below a closing formula: an address or a number
    alone may be the report."""
    start = end
    while start and not _blank(lines[start - 1]) and end - start < SIGNATURE_LINES:
        start -= 1
    closed = start < end and phrases.CLOSING.match(lines[start][:LINE_LIMIT])
    start += bool(closed)
    block = [line[:LINE_LIMIT] for line in lines[start:end]]
    reached = sum(bool(phrases.CONTACT_LINE.match(line)) for line in block)
    if reached and (closed or _closing_above(lines, start)):
        reached += any(phrases.ADDRESS_LINE.match(line) for line in block)
    short = all(len(line) <= 70 for line in block)
    closes = start > 0 and reached >= 2 and short and bool(phrases.PERSON.match(block[0]))
    return start if closes else end


def _closing_above(lines: Sequence[str], at: int) -> bool:
    above = next((line for line in reversed(lines[max(0, at - 3) : at]) if not _blank(line)), "")
    return bool(phrases.CLOSING.match(above[:LINE_LIMIT]))


def _fenced(lines: Sequence[str]) -> list[bool]:
    """Which lines are inside a block of code (```)."""
    inside, marks = False, []
    for line in lines:
        inside ^= line.startswith("```")
        marks.append(inside)
    return marks


def _reads_like_signature(lines: Sequence[str], start: int, end: int) -> bool:
    """Whether what follows a rule is a few short lines."""
    if end - start > 4 * SIGNATURE_LINES:
        return False
    block = [line for line in lines[start:end] if not _blank(line)]
    return 0 < len(block) <= SIGNATURE_LINES and all(len(line) <= 100 for line in block)


def _disclaimer(lines: Sequence[str], end: int) -> int:
    """Where a legal disclaimer begins after a blank line; `end` when there is none."""
    for number in range(1, end):
        if _blank(lines[number - 1]) and phrases.is_disclaimer(_paragraph(lines, number)):
            return number
    return end


def _paragraph(lines: Sequence[str], start: int) -> str:
    """The lines from `start` to the next blank one, bounded."""
    words = ""
    for line in lines[start : start + PARAGRAPH_LINES]:
        if _blank(line):
            break
        words = f"{words} {line[:LINE_LIMIT]}".strip()
    return words[:LINE_LIMIT]
