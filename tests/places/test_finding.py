"""The finder marks places with exact offsets: Spanish wording, and what has a fixed shape."""

from __future__ import annotations

import re
from pathlib import Path

from classifiers.addresses import Extractor
from classifiers.places.measure import overlap

MARK = re.compile(r"\[([^\]]+)\]\((\w+)\)")


def marked(line: str) -> tuple[str, list[tuple[int, int]]]:
    """A line without its marks, and where the marked words stand in it."""
    spans, text, end = [], "", 0
    for mark in MARK.finditer(line):
        text += line[end : mark.start()]
        spans.append((len(text), len(text) + len(mark[1])))
        text, end = text + mark[1], mark.end()
    return text + line[end:], spans


def test_spanish_wording_is_found(extractor: Extractor) -> None:
    hits = said = wanted = 0
    for line in (Path(__file__).parent / "spanish.txt").read_text(encoding="utf-8").splitlines()[1:]:
        text, golds = marked(line)
        found = [(m.start, m.end) for m in extractor.find(text, "es")]
        hits += sum(any(overlap(text, gold, f) >= 0.5 for f in found) for gold in golds)
        said, wanted = said + len(found), wanted + len(golds)
    assert 2 * hits / (said + wanted) >= 0.80
