"""Bytes of an answer to a plain tree, and a plain tree back to bytes. Pure; knows nothing of Open311.

A tree is what JSON can say: mappings, lists, strings, numbers, booleans, None. XML is read the Spark way
(open311 wiki, "JSON and XML Conversion"): an element with children becomes a mapping, one that repeats a list,
an empty one None. The root element stays as the only key, since real servers wrap JSON in it too.

The body is sniffed: servers answer XML to a .json call and JSON to a .xml one (simple-crm, codefornl).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias
from xml.etree.ElementTree import Element, SubElement, tostring

from defusedxml.ElementTree import fromstring

Tree: TypeAlias = "Mapping[str, Tree] | list[Tree] | str | int | float | bool | None"
Format = Literal["json", "xml"]
Kind = Literal["json", "xml", "html", "text", "empty"]

CONTENT_TYPES: Mapping[Format, str] = {
    "json": "application/json; charset=utf-8",
    "xml": "text/xml; charset=utf-8",
}

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_CHARACTER_REFERENCE = re.compile(r"&#(x[0-9a-fA-F]{1,8}|[0-9]{1,8});")
_STRING_OR_PADDED_NUMBER = re.compile(r'"(?:\\.|[^"\\])*"|(?<![\w.+-])-?0\d+(?![\w.])', re.DOTALL)
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_DEEPEST = 50  # levels of a tree; real answers have six
_TAG = re.compile(r"<(?:script|style)\b.*?</(?:script|style)>|<[^>]*>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Document:
    """An answer's body: its kind as sniffed, its tree (None for html, text and empty) and its text."""

    kind: Kind
    tree: Tree = None
    text: str = ""

    @property
    def readable(self) -> bool:
        return self.kind in ("json", "xml")


def read(content: bytes) -> Document:
    """The document in a body of any kind. Never raises: what is neither JSON nor XML is html, text or empty."""
    text = _decode(content)
    bare = _XML_DECLARATION.sub("", text, count=1).strip()
    if not bare:
        return Document("empty")
    if re.match(r"<!doctype html|<html\b", bare, re.IGNORECASE):
        return Document("html", text=bare)
    if bare.startswith("<"):
        return _read_xml(bare)
    return _read_json(bare)


def plain(document: Document, limit: int = 300) -> str:
    """The words of a body without its markup, on one line, at most `limit` characters."""
    return " ".join(_TAG.sub(" ", document.text).split())[:limit]


def clean(text: str) -> str:
    """Text without the characters XML forbids (control characters but tab and line ends, lone surrogates)."""
    return _CONTROLS.sub("", text)


def write(tree: Tree, format: Format, root: str = "", children: Mapping[str, str] | None = None) -> bytes:
    """A tree as bytes. XML needs the `root` element's name, and for each list the name of its `children`."""
    if format == "json":
        return json.dumps(tree, ensure_ascii=False).encode()
    element = Element(root)
    _fill(element, tree, children or {})
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + tostring(element, encoding="unicode").encode()


# ------------------------------------------------------------------------------------------------- reading


def _decode(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return clean(content.decode("utf-16", "replace"))
    declared = re.match(rb"\s*<\?xml[^>]*encoding=[\"']([\w.:-]+)", content)
    for encoding in (declared.group(1).decode() if declared else "utf-8-sig", "utf-8-sig", "cp1252"):
        try:
            return clean(content.decode(encoding)).removeprefix("\ufeff")
        except (UnicodeDecodeError, LookupError):
            continue
    return clean(content.decode("cp1252", "replace"))


def _read_json(text: str) -> Document:
    for candidate in (text, _quote_padded_numbers(text)):
        try:
            return Document("json", _cleaned(json.loads(candidate, parse_constant=lambda _: None)), text)
        except (ValueError, RecursionError):
            continue
    return Document("text", text=text)


def _quote_padded_numbers(text: str) -> str:
    """Numbers such as 001 as strings: the specification prints them in its JSON examples, JSON forbids them."""
    return _STRING_OR_PADDED_NUMBER.sub(lambda m: m[0] if m[0].startswith('"') else f'"{m[0]}"', text)


def _cleaned(tree: Tree, room: int = _DEEPEST) -> Tree:
    """The tree without characters that an escape (backslash u0010, a lone surrogate) smuggled in.

    Raises ValueError for one nested deeper than `room`."""
    if room == 0:
        raise ValueError("nested too deeply")
    if isinstance(tree, str):
        return clean(tree)
    if isinstance(tree, list):
        return [_cleaned(item, room - 1) for item in tree]
    if isinstance(tree, Mapping):
        return {clean(key): _cleaned(value, room - 1) for key, value in tree.items()}
    return tree


def _read_xml(text: str) -> Document:
    try:
        element = fromstring(_CHARACTER_REFERENCE.sub(_legal_reference, text))
        return Document("xml", _cleaned({_name(element): _tree(element)}), text)
    except (SyntaxError, ValueError, RecursionError):  # ParseError is a SyntaxError, Defused* a ValueError
        return Document("html" if _TAG.search(text) else "text", text=text)


def _legal_reference(match: re.Match[str]) -> str:
    number = match[1]
    point = int(number[1:], 16) if number.startswith("x") else int(number)
    return match[0] if point <= 0x10FFFF and clean(chr(point)) else ""


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _tree(element: Element) -> Tree:
    children = [child for child in element if isinstance(child.tag, str)]
    if not children:
        return (element.text or "").strip() or None
    found: dict[str, Tree] = {}
    for child in children:
        _add(found, _name(child), _tree(child))
    return found


def _add(found: dict[str, Tree], name: str, value: Tree) -> None:
    """A repeated child becomes a list. A child's own value is never a list, so a list here is ours."""
    if name not in found:
        found[name] = value
    elif isinstance(earlier := found[name], list):
        earlier.append(value)
    else:
        found[name] = [earlier, value]


# ------------------------------------------------------------------------------------------------- writing


def _fill(element: Element, tree: Tree, children: Mapping[str, str]) -> None:
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            _fill(SubElement(element, key), value, children)
    elif isinstance(tree, list):
        for item in tree:
            _fill(SubElement(element, children.get(element.tag, "item")), item, children)
    elif tree is not None:
        element.text = _scalar(tree)


def _scalar(value: str | int | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else clean(str(value))
