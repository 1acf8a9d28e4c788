"""classify and evaluate as programs call them: JSON alone on standard output, a defined answer to anything."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bridge.cli import app

ACTIONS = {"submit", "ask", "staff", "not_civic", "emergency"}
KEYS = {
    "top1", "top3", "macro_f1", "ece", "submit_accuracy", "submit_coverage", "filed_share", "texts_per_s",
    "ms_median", "rss_mb",
}  # fmt: skip
NAMES = ("Potholes", "Street lights", "Graffiti", "Other")
ODD = ("", "pothole", "word " * 4000, "🚧🕳️🔥", "路上有个坑", "яма на дороге", "\x00\t", "Das Licht ist kaputt")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def jsonl(path: Path, rows: list[dict[str, str]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def listed(path: Path, names: list[str]) -> Path:
    entries = [{"service_code": f"c{n}", "service_name": name} for n, name in enumerate(names)]
    path.write_text(json.dumps(entries), encoding="utf-8")
    return path


def classified(file: Path, services: Path, models: Path) -> list[dict[str, object]]:
    done = run("classify", "--file", file, "--services", services, "--json", "--models", models)
    assert done.exit_code == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_text_gets_a_ranking_and_an_action(tmp_path: Path, models_dir: Path):
    texts = [*ODD, "deep pothole on Elm St", "my house is on fire please help"]
    file = jsonl(tmp_path / "rows.jsonl", [{"text": text} for text in texts])
    rows = classified(file, listed(tmp_path / "services.json", list(NAMES)), models_dir)
    assert [row["row"] for row in rows] == list(range(len(texts)))
    assert {row["action"] for row in rows} <= ACTIONS
    assert rows[-2]["ranked"][0][0] == "c0"  # type: ignore[index]
    assert rows[-1]["action"] == "emergency"
    assert rows[0]["ranked"] == []


@pytest.mark.parametrize("names", [["Potholes"], [f"Desk {n}" for n in range(499)] + ["Potholes"]])
def test_a_list_of_one_or_of_500(names: list[str], tmp_path: Path, models_dir: Path):
    file = jsonl(tmp_path / "rows.jsonl", [{"text": "deep pothole on Elm St"}])
    (row,) = classified(file, listed(tmp_path / "services.json", names), models_dir)
    assert row["ranked"][0][0] == f"c{len(names) - 1}"  # type: ignore[index]


def test_evaluate_gives_one_object_with_every_key(tmp_path: Path, models_dir: Path):
    file = jsonl(tmp_path / "r.jsonl", [{"text": "deep pothole", "category": name} for name in NAMES])
    done = run("evaluate", "--reports", file, "--json", "--models", models_dir)
    assert set(json.loads(done.stdout)) == KEYS


@pytest.mark.parametrize("content", [None, '{"words": 1}\n', "not json\n"])
def test_a_file_that_cannot_be_read_ends_in_one_line(content: str | None, tmp_path: Path, models_dir: Path):
    file = tmp_path / "rows.jsonl"
    if content is not None:
        file.write_text(content)
    done = run("classify", "--file", file, "--json", "--models", models_dir)
    assert (done.exit_code, done.stdout) == (2, "")
    assert len(done.stderr.strip().splitlines()[-1]) > len("open311-bridge: ")


def test_an_empty_file_has_no_rows(tmp_path: Path, models_dir: Path):
    file = jsonl(tmp_path / "rows.jsonl", [])
    done = run("classify", "--file", file, "--json", "--models", models_dir)
    assert (done.exit_code, done.stdout) == (0, "")
