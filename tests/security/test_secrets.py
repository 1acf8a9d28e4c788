"""No secret is compared sign by sign: how long that takes tells how much of a guess was right."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("bridge", "channels", "config", "classifiers")
FILES = [path for part in PARTS for path in sorted((ROOT / part).rglob("*.py")) if path.parent.name != "demo"]
SECRET = re.compile(r"signature|secret|token|password|csrf|hmac|digest|api_?key|credential", re.IGNORECASE)
CONSTANT = re.compile(r"_?[A-Z]\w*")  # or a class
NOT_SECRET = {  # names that only sound like one
    ("bridge/flow/alarms.py", "token"): "a word of a text",
    ("bridge/flow/spelling.py", "token"): "a word of a text",
    ("bridge/open311/wire.py", "token"): "a city's name for a request, in its own answer",
    ("bridge/web/console/look.py", "_digests"): "of files that everybody may have",
    ("bridge/web/console/signin.py", "password"): "typed twice into one form by the same person",
}


def compared(source: str) -> Iterator[tuple[int, str]]:
    """Where names that sound secret are compared by == or in: lines and names. What stands in a row of the
    database is looked up by its index, and a constant of ours is no secret."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq | ast.In | ast.NotIn):
            sides = [node.left, *node.comparators]
            if not any(_is_constant(side) or _is_column(side) for side in sides):
                yield from ((node.lineno, name) for name in map(_name, sides) if SECRET.search(name))


def _name(side: ast.expr) -> str:
    match side:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Call(func=ast.Attribute(value=of, attr=called)):
            return called if SECRET.search(called) else _name(of)
        case ast.Subscript(value=of, slice=ast.Constant(value=str(key))):
            return key if SECRET.search(key) else _name(of)
        case _:
            return ""


def _is_constant(side: ast.expr) -> bool:
    return isinstance(side, ast.Constant) or bool(CONSTANT.fullmatch(_name(side)))


def _is_column(side: ast.expr) -> bool:
    """`t.Media.token`, or `col()` of it."""
    if isinstance(side, ast.Call) and _name(side.func) == "col":
        return True
    return isinstance(side, ast.Attribute) and _name(side.value)[:1].isupper()


def test_every_comparison_of_a_secret_takes_the_same_time() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{line}: {name}"
        for file in FILES
        for line, name in compared(file.read_text(encoding="utf-8"))
        if (file.relative_to(ROOT).as_posix(), name) not in NOT_SECRET
    ]
    assert found == [], "hmac.compare_digest() compares secrets; NOT_SECRET names what only sounds like one"


@pytest.mark.parametrize(
    "source",
    [
        "given == api_key",
        "settings.webhook_secret.get_secret_value() != given",
        "form['token'] == expected",
        "given in tokens",
        "request.headers.get('x') == self.signature",
    ],
)
def test_a_comparison_that_would_tell_is_found(source: str) -> None:
    assert list(compared(source))


@pytest.mark.parametrize(
    "source",
    [
        "row.where(t.Media.token == token)",
        "token == _BREAK",
        "not token",
        "hmac.compare_digest(a, token)",
        "n == 1",
    ],
)
def test_others_are_let_pass(source: str) -> None:
    assert not list(compared(source))
