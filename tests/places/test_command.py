"""The commands `locate`, `evaluate-places` and `gazetteer build`, as a program calls them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
TEXTS = ["hole at 412 Oak St\u2028near the library", "\ud800 light out at 5th & Main", "", "thanks"]


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("open311-bridge"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, cwd=ROOT)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, models_dir: Path) -> Path:
    """A gazetteer of the demo city and a file of texts, one of them with a separator raw in its line."""
    folder = tmp_path_factory.mktemp("command")
    lines = [json.dumps({"text": TEXTS[0]}, ensure_ascii=False), *(json.dumps({"text": t}) for t in TEXTS[1:])]
    (folder / "texts.jsonl").write_text("\n".join(lines), encoding="utf-8")
    built = run("gazetteer", "build", ROOT / "config/demo/fairview.geojson", "--out", folder / "fairview.db")
    assert built.stdout.strip() == str(folder / "fairview.db")
    return folder


def rows(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_locate_prints_one_json_line_a_row_and_nothing_else(folder: Path) -> None:
    found = rows(run("locate", "--file", folder / "texts.jsonl", "--gazetteer", folder / "fairview.db", "--json"))
    assert [row["row"] for row in found] == [0, 1, 2, 3]
    for row, text in zip(found, TEXTS, strict=True):
        assert list(row) == ["row", "spans", "candidates", "ask"]
        assert all(text[span["start"] : span["end"]] == span["text"] for span in row["spans"])
    assert found[0]["candidates"][0]["address"] == "412 Oak St"
    assert [row["ask"] for row in found] == [False, False, True, True]


def test_without_a_gazetteer_it_still_finds(folder: Path) -> None:
    found = rows(run("locate", "--file", folder / "texts.jsonl", "--json"))
    assert found[0]["spans"][0]["kind"] == "address"
    assert [row["candidates"] for row in found] == [[], [], [], []]


def test_the_scores_are_one_json_object(folder: Path) -> None:
    [scores] = rows(run("evaluate-places", "--file", folder / "texts.jsonl", "--json"))
    assert list(scores) == [
        "precision",
        "recall",
        "f1",
        "false_positive_rate",
        "within_250m",
        "resolved_share",
        "ms_median",
    ]


def test_a_file_that_is_no_jsonl_is_one_line_and_exit_2(folder: Path) -> None:
    wrong = folder / "wrong.jsonl"
    wrong.write_text('{"text": "a"}\nnot json')
    done = run("locate", "--file", wrong, "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "wrong.jsonl, line" in done.stderr.splitlines()[-1]
