"""classify and evaluate as programs call them: JSON alone on standard output, a defined answer to anything."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bridge.cli import app
from classifiers.training.data import code_of, read_rows, read_services

COMMAND = Path(sys.executable).with_name("open311-bridge")
ACTIONS = {"submit", "ask", "staff", "not_civic", "emergency"}
KEYS = {
    "top1", "top3", "macro_f1", "ece", "submit_accuracy", "submit_coverage", "filed_share", "texts_per_s",
    "ms_median", "rss_mb",
}  # fmt: skip
NAMES = ("Potholes", "Street lights", "Graffiti", "Other")
ODD = {  # text: what is done with it
    "": "not_civic",
    "🚧🕳️🔥": "not_civic",
    "\x00\t": "not_civic",
    "pothole": "submit",
    "word " * 4000: "not_civic",
    "there is a pothole on my street. " * 600: "submit",
    "路上有个坑": "ask",
    "яма на дороге": "ask",
    "Das Licht vor dem Haus ist seit Montag kaputt": "ask",
    "thing\u2028pothole\x85pothole": "submit",
}


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
    assert all(set(row) == {"row", "ranked", "action"} for row in rows)
    assert [row["action"] for row in rows] == [*ODD.values(), "submit", "emergency"]
    assert rows[-2]["ranked"][0][0] == "c0"  # type: ignore[index]
    wordless = [row["ranked"] == [] for row in rows]
    assert wordless == [not any(char.isalpha() for char in text) for text in texts]
    for row in rows:
        likely = [p for _, p in row["ranked"]]  # type: ignore[attr-defined]
        assert likely == sorted(likely, reverse=True)
        assert not likely or (likely[-1] >= 0 and sum(likely) <= 1.001)


def test_standard_output_is_json_alone_while_it_learns_and_warns(tmp_path: Path, models_dir: Path):
    codes = ("a", "b")
    train = jsonl(
        tmp_path / "train.jsonl", [{"text": f"report {n}", "service_code": codes[n % 2]} for n in range(40)]
    )
    file = jsonl(tmp_path / "rows.jsonl", [{"text": "report 1", "service_code": "b", "category": "A"}])
    done = subprocess.run(
        [COMMAND, "classify", "--file", file, "--train", train, "--json", "--models", models_dir],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONWARNINGS": "always"},
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert [set(json.loads(line)) for line in done.stdout.splitlines()] == [{"row", "ranked", "action"}]
    assert "reading reports" in done.stderr


@pytest.mark.parametrize(
    ("row", "label"),
    [
        ({"service_code": "c1", "category": "Potholes"}, "c1"),
        ({"category": "Street lights"}, "c1"),
        ({"category": "c2"}, "c2"),
        ({"service_name": "Graffiti"}, "c2"),
        ({"service_code": "gone", "category": "Graffiti"}, "c2"),
    ],
)
def test_a_label_is_the_service_code_else_the_category(row: dict[str, str], label: str, tmp_path: Path):
    services = read_services(listed(tmp_path / "services.json", list(NAMES)))
    (read,) = read_rows(jsonl(tmp_path / "rows.jsonl", [{"text": "x", **row}]))
    assert code_of(read, services) == label


def test_services_are_an_array_or_lines(tmp_path: Path):
    array = listed(tmp_path / "services.json", list(NAMES))
    lines = jsonl(tmp_path / "services.jsonl", json.loads(array.read_text()))
    assert read_services(array) == read_services(lines)


def test_a_row_may_say_its_language(tmp_path: Path, models_dir: Path):
    file = jsonl(tmp_path / "rows.jsonl", [{"text": "Loch", "lang": "de"}, {"text": "bache", "lang": "es"}])
    german, spanish = classified(file, listed(tmp_path / "services.json", list(NAMES)), models_dir)
    assert german["action"] == "ask"
    assert spanish["ranked"][0][0] == "c0"  # type: ignore[index]


def test_a_learned_other_is_asked_about(tmp_path: Path, models_dir: Path):
    services = listed(tmp_path / "services.json", ["Otros problemas", "Potholes"])
    texts = {"c0": "a bench in the park is broken", "c1": "a hole in the street"}
    train = jsonl(
        tmp_path / "train.jsonl",
        [{"text": f"{texts[code]} {n}", "service_code": code} for n in range(40) for code in texts],
    )
    file = jsonl(tmp_path / "rows.jsonl", [{"text": text} for text in texts.values()])
    done = run(
        "classify", "--file", file, "--services", services, "--train", train, "--json", "--models", models_dir
    )
    other, hole = (json.loads(line) for line in done.stdout.splitlines())
    assert (other["ranked"][0][0], other["action"]) == ("c0", "ask")
    assert other["ranked"][0][1] > 0.9
    assert (hole["ranked"][0][0], hole["action"]) == ("c1", "submit")


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


def test_models_that_cannot_be_kept_end_in_one_line(tmp_path: Path):
    file = tmp_path / "a file"
    file.touch()
    done = run("models", "build", "--models", file / "models")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "models_dir" in done.stderr


def test_an_empty_file_has_no_rows(tmp_path: Path, models_dir: Path):
    file = jsonl(tmp_path / "rows.jsonl", [])
    done = run("classify", "--file", file, "--json", "--models", models_dir)
    assert (done.exit_code, done.stdout) == (0, "")
