"""classify, evaluate, locate, evaluate-places, gazetteer build, models build: what it is and where it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from bridge import logs
from bridge.app import build_models
from bridge.cli.terminal import MODELS, ModelsDir, one_line, progress, say, say_json, say_table
from bridge.flow import alarms
from classifiers import addresses, gazetteer
from classifiers.geocode import PlaceLocator
from classifiers.places.measure import Locate, evaluate_places, finding, locate_rows
from classifiers.training.evaluate import classify_rows, evaluate
from config.settings import EMERGENCY

app = typer.Typer()
gazetteers = typer.Typer(no_args_is_help=True, help="Gazetteers: what a place's name means in coordinates.")
models = typer.Typer(no_args_is_help=True, help="The models.")

File = Annotated[Path, typer.Option("--file", help='JSONL, one object with "text" a line.')]
Services = Annotated[Path | None, typer.Option("--services", help="JSONL or a GeoReport array.")]
Train = Annotated[Path | None, typer.Option("--train", help="Labelled JSONL to learn from first (warm).")]
Gazetteer = Annotated[Path | None, typer.Option("--gazetteer", help="A gazetteer that `gazetteer build` made.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON, for a program.")]


@app.command("classify")
def classify_file(
    file: File, services: Services = None, train: Train = None, as_json: AsJson = False, models: ModelsDir = MODELS
) -> None:
    """Ranks the services for each text of a file and says what would be done with it."""
    logs.configure("error")
    with one_line():
        built = build_models(models, progress).services
        rows = classify_rows(built, file, services, train, emergency=_emergency(), progress=progress)
        if as_json:
            say_json(rows)
            return
        for row in rows:
            best = ", ".join(f"{code} {p:.2f}" for code, p in row["ranked"][:3])
            say(f"{row['row']:>6}  {row['action']:<10} {best}")


@app.command("evaluate")
def evaluate_reports(
    reports: Annotated[Path, typer.Option("--reports", help="Labelled JSONL.")],
    services: Services = None,
    train: Train = None,
    as_json: AsJson = False,
    models: ModelsDir = MODELS,
) -> None:
    """Measures the service classifier on labelled reports: warm with --train, else cold."""
    logs.configure("error")
    with one_line():
        measured = evaluate(build_models(models, progress).services, reports, services, train, progress=progress)
        _show(dict(measured), as_json)


@app.command("locate")
def locate_file(
    file: File, gazetteer: Gazetteer = None, as_json: AsJson = False, models: ModelsDir = MODELS
) -> None:
    """Finds the places each text of a file names, and with a gazetteer where they are."""
    logs.configure("error")
    with one_line():
        rows = locate_rows(_rows(file), _locate(gazetteer, models))
        if as_json:
            say_json(rows)
            return
        for row in rows:
            found = "; ".join(f"{span['text']} ({span['kind']})" for span in row["spans"])
            at = "; ".join(f"{place['address']} ±{place['accuracy_m']} m" for place in row["candidates"])
            say(f"{row['row']:>6}  {'ask ' if row['ask'] else 'send'}  {found or '-'}  →  {at or '-'}")


@app.command("evaluate-places")
def evaluate_places_file(
    file: File, gazetteer: Gazetteer = None, as_json: AsJson = False, models: ModelsDir = MODELS
) -> None:
    """Measures the finding of places, and with a gazetteer the resolving of them."""
    logs.configure("error")
    with one_line():
        _show(evaluate_places(_rows(file), _locate(gazetteer, models)), as_json)


@gazetteers.command("build")
def build_gazetteer(
    sources: Annotated[
        list[Path], typer.Argument(help="GeoJSON, Overpass JSON, shapefile, address CSV, history JSONL …")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The gazetteer to make.")] = Path("gazetteer.db"),
) -> None:
    """Makes a city's gazetteer of map extracts, address lists, landmark lists and report histories."""
    with one_line():
        say(str(gazetteer.build(sources, out, progress)))


@models.command("build")
def build(models: ModelsDir = MODELS) -> None:
    """Trains the built-in models from the corpus, where that has not been done."""
    with one_line():
        build_models(models, say)


def _emergency() -> Callable[[str, str], bool]:
    """Whether the built-in rules take a text for an emergency."""
    rules = alarms.load(sorted(EMERGENCY.glob("*.toml")))
    return lambda text, language: rules(text) is not None


def _locate(path: Path | None, models: Path) -> Locate:
    extractor = addresses.load(build_models(models, progress).places)
    if path is None:
        return finding(extractor.find)
    return PlaceLocator(gazetteer.open_gazetteer(path), extractor).locate


def _rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8-sig") as lines:  # str.splitlines would cut a text at a separator within it
        return [_row(path, line, number) for number, line in enumerate(lines, start=1) if line.strip()]


def _row(path: Path, line: str, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}, line {number}: {error}") from None
    if not isinstance(row, dict):
        raise ValueError(f"{path}, line {number}: not a JSON object")
    return row


def _show(values: dict[str, float | None], as_json: bool) -> None:
    if as_json:
        say(json.dumps(values))
    else:
        say_table(values)
