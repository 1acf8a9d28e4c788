"""What a reader would see of an HTML mail, as lines of text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from selectolax.lexbor import LexborHTMLParser

from channels.hygiene import clean

LIMIT: Final = 500_000  # characters
LONGEST_TAG: Final = 3_000  # characters; a parser takes quadratic time over many attributes
DEEPEST_QUOTE: Final = 9

_BREAK, _BLOCK, _PARAGRAPH, _QUOTE, _UNQUOTE = "\x01\x02\x03\x04\x05"  # marks clean() leaves in no text
_EACH_MARK: Final = frozenset((_BREAK, _BLOCK, _PARAGRAPH, _QUOTE, _UNQUOTE))
_MARKS: Final = re.compile("([\x01-\x05])")
_MARK_OF: Final = {
    "br": _BREAK,
    **dict.fromkeys(("div", "td", "th", "tr", "table", "li", "ul", "ol", "pre", "hr", "blockquote"), _BLOCK),
    **dict.fromkeys(("p", "h1", "h2", "h3", "h4", "h5", "h6"), _PARAGRAPH),
}
# Elements whose content is no text; all other tags are replaced by their marks before the page is parsed, for
# an HTML parser takes quadratic time over deeply nested blocks.
_HIDDEN: Final = "head,style,script,title,template"
_KEPT: Final = frozenset((*_HIDDEN.split(","), "html", "body"))
_TAG: Final = re.compile(r"<(/?)([a-z][a-z0-9:]{0,20})(?=[\s/>])([^<>]*)>", re.IGNORECASE)
_OPENED: Final = re.compile(r"</?[a-z]", re.IGNORECASE)
# Mail programs mark a quotation; a bare blockquote is the indent button.
_CITED: Final = re.compile(r"\b(type=.?cite|class=|cite=)", re.IGNORECASE)
# Where Outlook's programs put the mail that is answered, in any language.
_ANSWERED: Final = re.compile(r"\bid=.?(divRplyFwdMsg|appendonsend|OLK_SRC_BODY_SECTION)\b", re.IGNORECASE)
_SEPARATOR: Final = "-----Original Message-----"


def text_of_html(html: str) -> str:
    """A line per block and line break, a blank one between paragraphs, quotations marked as in plain text."""
    cited: list[bool] = []
    folded = _bounded(" ".join(clean(html[:LIMIT]).replace("\xa0", " ").split()))
    tree = LexborHTMLParser(_TAG.sub(lambda tag: _marked(tag, cited), folded))
    for node in tree.css(_HIDDEN):
        node.decompose()
    text = tree.body.text(separator="") if tree.body else ""
    return "\n".join(_lines(text)).strip("\n")


def _bounded(html: str) -> str:
    """Without the inside of endless tags, such as pictures written into the page."""
    return ">".join(
        _OPENED.split(piece, maxsplit=1)[0] + "<i" if len(piece) > LONGEST_TAG and _OPENED.search(piece) else piece
        for piece in html.split(">")
    )


def _marked(tag: re.Match[str], cited: list[bool]) -> str:
    """What stands for a tag. `cited` says of each open blockquote whether it is a quotation."""
    closing, name, attributes = tag[1], tag[2].lower(), tag[3]
    if name in _KEPT:
        return f"<{closing}{name}>"
    if attributes and _ANSWERED.search(attributes):
        return f"{_BLOCK}{_SEPARATOR}{_BLOCK}"
    if name == "blockquote" and not closing:
        cited.append(bool(_CITED.search(attributes)))
        return _QUOTE if cited[-1] else _BLOCK
    if name == "blockquote":
        return _UNQUOTE if cited and cited.pop() else _BLOCK
    return _MARK_OF.get(name, "")


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
