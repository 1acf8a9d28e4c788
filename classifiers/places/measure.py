"""Locates many texts at once, and scores the finder on rows whose places are known."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bridge.vocabulary import Located, Mention
from classifiers.places.geometry import metres
from classifiers.places.grammar import streets_within

Locate = Callable[[str, str], Located]
"""`PlaceLocator.locate`, or the finder alone behind the same shape (see `finding`)."""

Offsets = tuple[int, int]
WITHIN_M = 250.0
OVERLAP = 0.5

SCORED_TYPES = frozenset(
    {"house number address", "street name", "intersection", "highway", "highway exit"}
    | {"address", "block", "street"}
)
"""Gold kinds that count; a prediction on any other gold kind counts neither way."""

SCORED_KINDS = frozenset({"address", "block", "street", "intersection", "highway"})
PRECISE_KINDS = frozenset({"address", "intersection"})

_TOKEN = re.compile(r"\w+")


def finding(find: Callable[[str, str], tuple[Mention, ...]]) -> Locate:
    """A `Locate` that only finds: for use without a gazetteer."""
    return lambda text, language: Located(find(text, language))


def locate_rows(rows: Iterable[Mapping[str, Any]], locate: Locate) -> Iterator[dict[str, Any]]:
    """Yields {"row", "spans", "candidates", "ask"} per input row (which needs only "text"; "lang" is a hint)."""
    for number, row in enumerate(rows):
        located = locate(_text(row), _language(row))
        yield {
            "row": number,
            "spans": [_span(m) for m in located.mentions],
            "candidates": [
                {"lat": p.lat, "long": p.long, "address": p.address, "accuracy_m": p.accuracy_m, "why": p.why}
                for p in located.candidates
            ],
            "ask": located.ask,
        }


def _span(mention: Mention) -> dict[str, Any]:
    """A mention as JSON; an intersection and a stretch also say where their two streets stand."""
    span = {"start": mention.start, "end": mention.end, "kind": mention.kind, "text": mention.text}
    parts = [{"start": start, "end": end} for start, end in streets_within(mention)]
    return span | ({"parts": parts} if parts else {})


@dataclass
class _Tally:
    """Running counts of one evaluation."""

    hits: int = 0  # gold spans found
    golds: int = 0
    right: int = 0  # predictions that are right, of those that count
    predictions: int = 0
    placeless: int = 0  # rows without any place
    false_alarms: int = 0
    pins: int = 0  # rows with a pin whose text names a house number or an intersection
    resolved: int = 0
    near: int = 0
    milliseconds: list[float] = field(default_factory=list)


def evaluate_places(rows: Iterable[Mapping[str, Any]], locate: Locate) -> dict[str, float | None]:
    """Scores `locate`: precision, recall, f1, false_positive_rate, within_250m, resolved_share, ms_median.

    A row carries "spans" ([{start, end, type_name}]), or "gold" ({start, end}: one street among others, so it
    counts for recall only; the streets within an intersection count as found), or neither. A row with neither
    and no pin names no place: any mention there is a false positive. With "lat" and "lon" (or "long") the best
    candidate is held against the pin, where the text names a house number or an intersection. A number
    without anything to count is None.
    """
    tally = _Tally()
    for row in rows:
        began = time.perf_counter()
        located = locate(_text(row), _language(row))
        tally.milliseconds.append(1000 * (time.perf_counter() - began))
        _count_spans(tally, row, located)
        _count_place(tally, row, located)
    return _scores(tally)


def _scores(t: _Tally) -> dict[str, float | None]:
    precision, recall = _share(t.right, t.predictions), _share(t.hits, t.golds)
    both = precision is not None and recall is not None and precision + recall > 0
    return {
        "precision": precision,
        "recall": recall,
        "f1": round(2 * precision * recall / (precision + recall), 4) if both and precision and recall else None,
        "false_positive_rate": _share(t.false_alarms, t.placeless),
        "within_250m": _share(t.near, t.pins),
        "resolved_share": _share(t.resolved, t.pins),
        "ms_median": round(statistics.median(t.milliseconds), 3) if t.milliseconds else None,
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _text(row: Mapping[str, Any]) -> str:
    return str(row.get("text") or row.get("description") or "")


def _language(row: Mapping[str, Any]) -> str:
    return str(row.get("lang") or row.get("language") or "en")


# -------------------------------------------------------------------------------------------- spans


def _count_spans(tally: _Tally, row: Mapping[str, Any], located: Located) -> None:
    text = _text(row)
    if "spans" in row:
        scored = [(s["start"], s["end"]) for s in row["spans"] if s.get("type_name") in SCORED_TYPES]
        others = [(s["start"], s["end"]) for s in row["spans"] if s.get("type_name") not in SCORED_TYPES]
        said = [(m.start, m.end) for m in located.mentions if m.kind in SCORED_KINDS]
        matched = matches(text, scored, said)
        tally.hits += len(matched)
        tally.golds += len(scored)
        tally.right += len(matched)
        wrong = [s for s in said if s not in matched and not any(_touch(s, o) for o in others)]
        tally.predictions += len(matched) + len(wrong)
    elif "gold" in row:
        gold = (row["gold"]["start"], row["gold"]["end"])
        tally.golds += 1
        said = [s for m in located.mentions for s in ((m.start, m.end), *streets_within(m))]
        tally.hits += bool(matches(text, [gold], said))
    elif "lat" not in row:
        tally.placeless += 1
        tally.false_alarms += bool(located.mentions)


def matches(text: str, golds: Sequence[Offsets], said: Sequence[Offsets]) -> list[Offsets]:
    """The predictions that match a gold span, one each, by at least half of their common words."""
    pairs = sorted(((overlap(text, g, s), g, s) for g in golds for s in said), reverse=True)
    used_golds: set[Offsets] = set()
    used: list[Offsets] = []
    for share, gold, prediction in pairs:
        if share >= OVERLAP and gold not in used_golds and prediction not in used:
            used_golds.add(gold)
            used.append(prediction)
    return used


def overlap(text: str, one: Offsets, two: Offsets) -> float:
    """Words in both spans, as a share of the words in either."""
    a, b = _words(text, one), _words(text, two)
    return len(a & b) / len(a | b) if a | b else 0.0


def _words(text: str, span: Offsets) -> set[int]:
    return {m.start() for m in _TOKEN.finditer(text) if m.start() < span[1] and span[0] < m.end()}


def _touch(one: Offsets, two: Offsets) -> bool:
    return one[0] < two[1] and two[0] < one[1]


# ------------------------------------------------------------------------------------------- places


def _count_place(tally: _Tally, row: Mapping[str, Any], located: Located) -> None:
    long = row.get("lon", row.get("long"))
    if row.get("lat") is None or long is None or not any(m.kind in PRECISE_KINDS for m in located.mentions):
        return
    tally.pins += 1
    best = located.candidates[0] if located.candidates else None
    if best and best.lat is not None and best.long is not None:
        tally.resolved += 1
        tally.near += metres((best.lat, best.long), (float(row["lat"]), float(long))) <= WITHIN_M
