"""What a reader would see of an HTML mail, as lines of text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from selectolax.lexbor import LexborHTMLParser

from channels.hygiene import clean

LIMIT: Final = 500_000  # characters
DEEPEST_QUOTE: Final = 9

_BREAK, _BLOCK, _PARAGRAPH, _QUOTE, _UNQUOTE = "\x01\x02\x03\x04\x05"  # marks clean() leaves in no text
_EACH_MARK: Final = frozenset((_BREAK, _BLOCK, _PARAGRAPH, _QUOTE, _UNQUOTE))
_MARKS: Final = re.compile("([\x01-\x05])")
_MARK_OF: Final = {"br": _BREAK, **dict.fromkeys(("p", "h1", "h2", "h3", "h4", "h5", "h6"), _PARAGRAPH)}
_TAG: Final = re.compile(
    r"<(/?)(br|div|td|th|li|pre|ul|ol|hr|p|h[1-6]|blockquote)(?=[\s/>])([^<>]{0,2000})>", re.IGNORECASE
)
# Mail programs mark a quotation; a bare blockquote is the indent button.
_CITED: Final = re.compile(r"\b(type=.?cite|class=|cite=)", re.IGNORECASE)
# Where Outlook's programs put the mail that is answered, in any language.
_ANSWERED: Final = re.compile(r"\bid=.?(divRplyFwdMsg|appendonsend|OLK_SRC_BODY_SECTION)\b", re.IGNORECASE)
_SEPARATOR: Final = "-----Original Message-----"


def text_of_html(html: str) -> str:
    """A line per block and line break, a blank one between paragraphs, quotations marked as in plain text."""
    cited: list[bool] = []
    folded = " ".join(clean(html[:LIMIT]).replace("\xa0", " ").split())
    tree = LexborHTMLParser(_TAG.sub(lambda tag: _marked(tag, cited), folded))
    for node in tree.css("head,style,script,title,template"):
        node.decompose()
    text = tree.body.text(separator="") if tree.body else ""
    return "\n".join(_lines(text)).strip("\n")


def _marked(tag: re.Match[str], cited: list[bool]) -> str:
    """The tag with its mark inside the element: text between the cells of a table is moved out by the parser.
    `cited` says of each open blockquote whether it is a quotation."""
    closing, name, attributes = tag[1], tag[2].lower(), tag[3]
    if name == "blockquote" and not closing:
        cited.append(bool(_CITED.search(attributes)))
    quotation = name == "blockquote" and bool(cited) and (cited.pop() if closing else cited[-1])
    mark = (_UNQUOTE if closing else _QUOTE) if quotation else _MARK_OF.get(name, _BLOCK)
    if _ANSWERED.search(attributes):
        mark = f"{_BLOCK}{_SEPARATOR}{_BLOCK}"
    return f"{mark}{tag[0]}" if closing else f"{tag[0]}{mark}"


def _lines(text: str) -> Iterator[str]:
    """Lines as the marks break them. A closing mark too many is harmless: depth never falls below nothing."""
    words, depth, blank = "", 0, True
    for token in [*_MARKS.split(text), _BLOCK]:
        if token not in _EACH_MARK:
            words += token
            continue
        line = " ".join(words.split())
        words = ""
        if line or token == _BREAK:
            yield _quoted(line, depth)
            blank = not line
        if token == _PARAGRAPH and not blank:
            yield _quoted("", depth)
            blank = True
        depth = min(max(0, depth + (token == _QUOTE) - (token == _UNQUOTE)), DEEPEST_QUOTE)


def _quoted(line: str, depth: int) -> str:
    return f"{'>' * depth} {line}".rstrip() if depth else line
