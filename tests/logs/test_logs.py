"""What a log may not show."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from bridge import logs

SECRET = "".join(("hunter", "2"))  # so that no line of this file, quoted in a traceback, holds it


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """The test's own root logger, and the test session's again behind it."""
    root = logging.getLogger()
    before, level = root.handlers, root.level
    yield
    root.handlers = before
    root.setLevel(level)


@pytest.mark.parametrize("json", [False, True])
def test_a_logged_failure_says_where_and_why_but_not_with_what(
    json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(json=json)
    _fail_with(SECRET)
    said = capsys.readouterr().err
    assert "no such account" in said
    assert "_fail_with" in said
    assert SECRET not in said


def _fail_with(token: str) -> None:
    try:
        if token:
            raise KeyError("no such account")
    except KeyError:
        logging.getLogger("bridge.flow").exception("reply failed")
