"""The pages are what the code and the scripts make of them, and the figures are within their bounds."""

from __future__ import annotations

import statistics

import pytest

from tests.conversations import pages


@pytest.mark.parametrize("name", pages.PAGES)
def test_a_page_is_current(name: str) -> None:
    written = (pages.DOCS / name).read_text(encoding="utf-8")
    assert written == pages.PAGES[name](), "run make docs"


def test_a_report_that_is_whole_is_one_message() -> None:
    first, _ = pages.burden()
    assert len(first) >= 10
    assert statistics.mean(first) <= 1.2


def test_a_report_is_little_trouble() -> None:
    _, mixed = pages.burden()
    assert len(mixed) >= 60
    assert statistics.mean(mixed) <= 2.2
    assert pages.p90(mixed) <= 3


def test_an_ordinary_report_takes_three_texts_with_its_closing() -> None:
    assert len(pages.ordinary()) >= 50
    for script in pages.ordinary():
        assert pages.texts_until_filed(script) <= 2, f"{script.title}: the closing is one more"


def test_every_chapter_has_scripts() -> None:
    assert all(pages.scripts().values())
