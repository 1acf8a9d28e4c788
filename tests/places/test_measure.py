"""Rows are located as JSON values and scored as the numbers they promise."""

from __future__ import annotations

import json

import pytest

from bridge.vocabulary import Located, Mention
from classifiers.addresses import Extractor
from classifiers.geocode import PlaceLocator
from classifiers.places.baselines import BASELINES
from classifiers.places.measure import evaluate_places, finding, locate_rows, overlap

KEYS = ["precision", "recall", "f1", "false_positive_rate", "within_250m", "resolved_share", "ms_median"]


def said(text: str, *words: str) -> Located:
    return Located(tuple(Mention(text.index(w), text.index(w) + len(w), "street", w) for w in words))


def test_a_row_becomes_one_json_value(locator: PlaceLocator) -> None:
    [row] = locate_rows([{"text": "pothole at elm & 4th"}], locator.locate)
    json.dumps(row)
    assert row["row"] == 0
    assert row["spans"] == [
        {
            "start": 11,
            "end": 20,
            "kind": "intersection",
            "text": "elm & 4th",
            "parts": [{"start": 11, "end": 14}, {"start": 17, "end": 20}],
        }
    ]
    assert list(row["candidates"][0]) == ["lat", "long", "address", "accuracy_m", "why"]
    assert row["ask"] is False


def test_without_a_gazetteer_places_are_found_and_not_resolved(extractor: Extractor) -> None:
    [row] = locate_rows([{"text": "hole at 412 Oak St"}], finding(extractor.find))
    assert [span["kind"] for span in row["spans"]] == ["address"]
    assert row["candidates"] == []
    assert row["ask"] is True


def test_spans_are_scored_by_at_least_half_their_common_words() -> None:
    text = "hole on Oak Hill Road by the mill"
    rows = [{"text": text, "spans": [{"start": 8, "end": 21, "type_name": "street name"}]}]
    assert evaluate_places(rows, lambda t, _: said(t, "Hill Road"))["f1"] == 1.0
    assert evaluate_places(rows, lambda t, _: said(t, "mill"))["precision"] == 0.0


def test_a_prediction_on_another_kind_of_gold_counts_neither_way() -> None:
    text = "flood in Katy on Elm St"
    golds = [(9, 13, "admin unit"), (17, 23, "street name")]
    rows = [{"text": text, "spans": [{"start": s, "end": e, "type_name": kind} for s, e, kind in golds]}]
    assert evaluate_places(rows, lambda t, _: said(t, "Katy", "Elm St"))["precision"] == 1.0


def test_a_row_with_one_gold_counts_for_recall_only() -> None:
    rows = [{"text": "Elm St and Oak St", "gold": {"start": 0, "end": 6}}]
    scores = evaluate_places(rows, lambda t, _: said(t, "Elm St", "Oak St"))
    assert (scores["recall"], scores["precision"]) == (1.0, None)


def test_any_mention_in_a_row_without_place_is_a_false_positive() -> None:
    rows = [{"text": "good night"}, {"text": "see you on Main"}]
    scores = evaluate_places(rows, lambda t, _: said(t, "Main") if "Main" in t else Located())
    assert scores["false_positive_rate"] == 0.5


def test_the_best_candidate_is_held_against_the_pin(locator: PlaceLocator) -> None:
    rows = [
        {"text": "hole at elm & 4th", "lat": 40.3496, "lon": -99.5123},
        {"text": "hole at elm & 5th", "lat": 40.3600, "lon": -99.5123},
    ]
    scores = evaluate_places(rows, locator.locate)
    assert (scores["within_250m"], scores["resolved_share"]) == (0.5, 1.0)


def test_the_scores_are_exactly_these() -> None:
    assert list(evaluate_places([], lambda *_: Located())) == KEYS


def test_overlap_counts_words_not_letters() -> None:
    assert overlap("a long-named street", (0, 19), (2, 19)) == pytest.approx(3 / 4)


@pytest.mark.parametrize("name", ["rules", "usaddress"])  # pyap is not among the dependencies
def test_a_baseline_finds_a_plain_address(name: str) -> None:
    mentions = BASELINES[name]("412 Oak St, Fairview, NE 68818", "en").mentions
    assert [m.kind for m in mentions] == ["address"]
    assert mentions[0].text.startswith("412 Oak St")
