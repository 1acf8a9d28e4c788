"""What a log may not show."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from bridge import logs, trace

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


@pytest.mark.parametrize("json", [False, True])
@pytest.mark.parametrize(
    "personal",
    ["+15550100311", "(555) 010-0311", "ada@home.example", "7000001:AAH3sJx0sJx0sJx0sJx0sJx0sJx0sJx0sJx"],
)
def test_what_looks_personal_or_secret_is_masked_wherever_it_stands(
    personal: str, json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(json=json)
    log = logging.getLogger("somebody.elses")
    log.warning("no route to %s", personal, extra={"error": f"refused: {personal}"})
    try:
        raise ConnectionError(f"{personal} does not answer")
    except ConnectionError:
        log.exception("failed")
    said = capsys.readouterr().err
    assert personal not in said
    assert "does not answer" in said


def test_ids_and_times_are_left_as_they_are() -> None:
    for plain in (
        "01a214d18e0d0028e3f2d226c4b8092e",
        "2026-11-25T22:29:55.123456Z",
        "http://127.0.0.1:8311/a",
        "12026",
    ):
        assert logs.masked(plain) == plain


def test_every_line_names_the_message_it_is_about(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(json=True)
    with trace.following("01a2"):
        logging.getLogger("channels.sms").info("sent")
    logging.getLogger("channels.sms").info("idle")
    first, second = capsys.readouterr().err.splitlines()
    assert '"trace": "01a2"' in first
    assert "trace" not in second


def test_no_value_begins_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(json=True)
    logging.getLogger("bridge.flow").warning("refused", extra={"error": 'x\n{"event": "all is well"}\r\n'})
    assert len(capsys.readouterr().err.splitlines()) == 1
