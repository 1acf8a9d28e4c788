"""A city's history makes its own model, measured where it has not looked; `init` makes a whole city of a URL."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import httpx
import numpy as np
import pytest

import classifiers
from bridge.app.parts import history_file
from bridge.demo.providers import FOLDER, free_port
from bridge.learning import Lesson, learn, teach
from bridge.ports import Store
from bridge.vocabulary import LearningRun, Policy
from bridge.vocabulary.console import Example
from classifiers.model import load, save
from classifiers.training.calibration import blend, sure_from
from classifiers.training.cleaning import cleaned
from classifiers.training.data import Row, in_time, read_rows, read_services
from classifiers.training.taxonomy import read_corpus

CORPUS = Path(classifiers.__file__).parent / "training" / "corpus" / "en.txt"
COMMAND = Path(sys.executable).with_name("open311-bridge")
KINDS = {"pothole": "B-17", "missed_trash": "B-22", "graffiti": "B-31", "rats": "B-44", "noise_music": "B-58"}
NAMES = {
    "B-17": "Alder desk",
    "B-22": "Birch desk",
    "B-31": "Cedar desk",
    "B-44": "Elder desk",
    "B-58": "Fir desk",
}


def reports() -> list[tuple[str, str]]:
    """Text and service code, mixed as a city gets them."""
    by_kind = {
        kind: [line.text.replace("{place}", "Main St") for line in read_corpus(CORPUS) if line.type_id == kind]
        for kind in KINDS
    }
    longest = max(len(texts) for texts in by_kind.values())
    return [(by_kind[kind][n], KINDS[kind]) for n in range(longest) for kind in KINDS if n < len(by_kind[kind])]


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("history") / "history.jsonl"
    lines = [{"text": text, "service_code": code, "category": NAMES[code]} for text, code in reports()]
    file.write_text("\n".join(json.dumps(line) for line in lines))
    return file


def services(folder: Path) -> Path:
    offered = [
        {"service_code": code, "service_name": name, "description": "", "metadata": False, "type": "realtime"}
        | {"keywords": "", "group": "Desks"}
        for code, name in NAMES.items()
    ]
    path = folder / "services.json"
    path.write_text(json.dumps(offered))
    return path


@pytest.fixture(scope="module")
def built_in(models_dir: Path) -> Path:
    from bridge.app import build_models

    return build_models(models_dir, lambda _: None).services


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An embedded city with a history, as its own process."""
    folder, port = tmp_path_factory.mktemp("city"), free_port()
    env = os.environ | {"OPEN311_CITY_KEY": "key"}
    command = [
        COMMAND,
        "city",
        "serve",
        "--port",
        str(port),
        "--services",
        services(folder),
        "--data",
        folder / "data",
    ]
    with subprocess.Popen([*command, "--data", folder / "data"], env=env, stderr=subprocess.DEVNULL) as city:
        url = f"http://127.0.0.1:{port}"
        _wait_for(url)
        with httpx.Client(base_url=url) as client:
            for number, (text, code) in enumerate(reports()):
                form = {"api_key": "key", "service_code": code, "description": text}
                form |= {
                    "address_string": f"{100 + number} Main St",
                    "lat": "40.3",
                    "long": str(-99.5 - number / 1e4),
                }
                client.post("/requests.json", data=form).raise_for_status()
        yield url
        city.terminate()


def _wait_for(url: str) -> None:
    for _ in range(200):
        try:
            httpx.get(f"{url}/services.json").raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(url)


def test_a_history_teaches_what_names_do_not_tell(history: Path, built_in: Path, tmp_path: Path):
    lesson = learn(history, built_in, built_in, read_services(services(tmp_path)), lambda _: None)
    assert lesson.better
    assert lesson.new["top1"] > 0.8 > lesson.running["top1"]
    assert {row.service_code for row in lesson.per_service} == set(NAMES)


def test_a_model_brings_its_own_certainty(history: Path, built_in: Path, tmp_path: Path):
    lesson = learn(history, built_in, built_in, read_services(services(tmp_path)), lambda _: None)
    save(lesson.candidate, tmp_path / "model")
    assert load(tmp_path / "model").learned.submit == lesson.candidate.learned.submit
    assert load(tmp_path / "model").learned.cold_share == lesson.candidate.learned.cold_share
    assert load(built_in).learned.submit == Policy().submit


def test_names_that_mislead_have_little_say_beside_a_history(history: Path, built_in: Path, tmp_path: Path):
    lesson = learn(history, built_in, built_in, read_services(services(tmp_path)), lambda _: None)
    assert lesson.candidate.learned.cold_share < 0.2  # of five desks named after trees nothing can be told cold


def test_what_is_known_cold_and_what_was_learned_are_blended_as_the_targets_have_it():
    targets = np.arange(300) % 3
    knows, guesses = (
        np.eye(3, dtype=np.float32)[targets],
        np.eye(3, dtype=np.float32)[(targets + np.arange(300)) % 3],
    )
    assert blend(4 * knows, 0.8 * guesses + 0.2 / 3, targets)[1] == 0.0
    assert blend(4 * guesses, 0.8 * knows + 0.2 / 3, targets)[1] > 0.6


def test_a_service_is_filed_unasked_from_where_nine_of_ten_were_right():
    confidence = np.repeat(np.array([0.96, 0.86, 0.72, 0.52], dtype=np.float32), 40)
    right = np.concatenate([np.arange(40) >= wrong for wrong in (0, 2, 12, 4)])
    assert sure_from(confidence, right, 0.9) == 0.725
    assert sure_from(confidence, ~right, 0.9) == 0.95
    assert sure_from(confidence[:10], right[:10], 0.9) == 0.95


def test_nine_of_ten_in_a_few_reports_may_be_luck():
    confidence, right = np.full(1500, 0.92, dtype=np.float32), np.arange(1500) % 100 >= 9
    assert sure_from(confidence[:200], right[:200], 0.9) == 0.95
    assert sure_from(confidence, right, 0.9) < 0.95


def test_what_is_measured_was_not_learned_from(history: Path, built_in: Path, tmp_path: Path):
    lesson = learn(history, built_in, built_in, read_services(services(tmp_path)), lambda _: None)
    assert lesson.trained_on + lesson.measured_on == len(cleaned(_rows(history)))


def _rows(history: Path) -> list[Row]:
    lines = [json.loads(line) for line in history.read_text().splitlines()]
    return [Row(line["text"], "en", line["service_code"], line["category"]) for line in lines]


def test_a_short_history_is_refused(tmp_path: Path, built_in: Path):
    file = tmp_path / "short.jsonl"
    file.write_text(json.dumps({"text": "pothole", "service_code": "1"}))
    with pytest.raises(ValueError, match="at least 200"):
        learn(file, built_in, built_in, (), lambda _: None)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("pothole on Main\nRef K7QM2F9P", "pothole on Main"),
        ("Work order 4711 created, crew dispatched", None),
        ("Caller states that there is a pothole", None),
        ("..", None),
    ],
)
def test_only_residents_words_are_learned(text: str, kept: str | None):
    assert [row.text for row in cleaned([Row(text, "en", "1", "One")])] == ([kept] if kept else [])


def test_templates_and_repetitions_are_left_out():
    form_letters = [Row(f"Reported by the app as number {n} of today", "en", "1", "One") for n in range(6)]
    twice = [Row("pothole on Main", "en", "1", "One")] * 2
    assert [row.text for row in cleaned([*form_letters, *twice])] == ["pothole on Main"]


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([COMMAND, *arguments], capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def begun(endpoint: str, models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder that `init` made of the city's URL, and what it said."""
    folder = tmp_path_factory.mktemp("desk-town")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DESK_KEY", "key")
        made = run("init", endpoint, "--name", "Desk Town", "--dir", folder, "--reads-per-minute", "0",
                   "--api-key-env", "DESK_KEY")  # fmt: skip
    assert made.returncode == 0, made.stderr
    return folder, made.stdout


def test_init_makes_a_second_city_of_files_alone(begun: tuple[Path, str], monkeypatch: pytest.MonkeyPatch):
    folder, said = begun
    monkeypatch.setenv("DESK_KEY", "key")
    written = {path.name for path in folder.iterdir()}
    assert {"open311-bridge.toml", "desk-town.profile.toml", "desk-town.gazetteer.db"} <= written
    assert "is used: " in said
    assert "takes_updates = true" in (folder / "open311-bridge.toml").read_text()

    checked = run("check-config", "--config", folder / "open311-bridge.toml")
    assert "city desk-town: 5 services" in checked.stdout, checked.stderr

    listed = run("models", "list", "--config", folder / "open311-bridge.toml")
    assert listed.stdout.startswith("* ")
    assert "learned" in listed.stdout


def test_init_keeps_the_history_where_the_bridge_will_look_for_it(
    endpoint: str, models_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("OPEN311_BRIDGE_DATA_DIR", str(tmp_path / "data"))
    made = run("init", endpoint, "--name", "Desk Town", "--dir", tmp_path / "settings", "--reads-per-minute", "0",
               "--days", "1")  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert history_file(tmp_path / "data", "desk-town").is_file()
    assert not (tmp_path / "settings/data").exists()


CITY = """hold_seconds = 0
confirm = "never"
submit = 0.1

[[account]]
id = "texts"
channel = "sms"
city = "desk-town"
account_sid = "AC00000000000000000000000000000000"
auth_token = { env = "TEXTS_TOKEN" }
number = "+15550100311"
public_url = "http://127.0.0.1:9"
api_url = "http://127.0.0.1:9"
"""


async def test_a_bridge_runs_on_the_files_that_init_made(
    endpoint: str, begun: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
):
    from bridge.app import SystemClock, open_bridge
    from bridge.cli.terminal import settings_of
    from bridge.flow import dispatch, handling
    from bridge.vocabulary import Inbound, InboundKind

    monkeypatch.setenv("DESK_KEY", "key")
    monkeypatch.setenv("TEXTS_TOKEN", "t" * 32)
    made = begun[0] / "open311-bridge.toml"
    file = made.with_name("with-an-account.toml")
    file.write_text(made.read_text() + CITY)
    text = "Big pothole at 120 Main St, it broke my wheel"
    message = Inbound(
        "texts", "sms", InboundKind.MESSAGE, "k", "+15550100200", "+15550100200", SystemClock().now(), text=text
    )
    async with (
        open_bridge(settings_of(file), SystemClock(), lambda _: None) as bridge,
        httpx.AsyncClient() as http,
    ):
        await bridge.learn_services()
        await bridge.accept([message])
        for _ in range(100):
            await handling.look(bridge.handling)
            await handling.look_at_timers(bridge.handling)
            await dispatch.look(bridge.dispatch)
            listed = await http.get(f"{endpoint}/requests.json")
            if ours := [row for row in listed.json() if row["description"].startswith(text)]:
                break
            await asyncio.sleep(0.1)
    assert [(row["service_code"], row["address"]) for row in ours] == [(KINDS["pothole"], "120 Main St")]


def test_check_says_that_the_embedded_city_is_clean(endpoint: str):
    checked = run("city", "check", endpoint, "--reads-per-minute", "0")
    assert checked.stdout.startswith("# clean: 5 services"), checked.stdout + checked.stderr


def test_check_of_no_endpoint_ends_with_one_line_that_says_so():
    checked = run("city", "check", f"http://127.0.0.1:{free_port()}")
    assert checked.returncode == 2
    assert "no GeoReport v2 service list" in checked.stderr.strip().splitlines()[-1]


def test_what_people_corrected_is_learned_and_never_measured_on(history: Path, built_in: Path, tmp_path: Path):
    listed = read_services(services(tmp_path))
    rows = cleaned(_rows(history))
    told = [Row("the zorgle is flibbed again", "en", "B-31", "B-31"), rows[-1]]
    lesson = learn(history, built_in, built_in, listed, lambda _: None, told)
    assert lesson.trained_on + lesson.measured_on == len(rows) + 1
    assert sum(lesson.confusion.values()) == lesson.measured_on


def test_a_csv_export_is_a_history(tmp_path: Path):
    file = tmp_path / "export.csv"
    file.write_text('description,service_code,service_name\n"hole, deep",B-17,Alder desk\n')
    assert read_rows(file) == [Row("hole, deep", "en", "B-17", "Alder desk")]


async def test_what_people_corrected_is_learned_when_the_schedule_says_so_and_taken_into_use(
    endpoint: str, models_dir: Path, tmp_path: Path
):
    from bridge.app import SystemClock, open_bridge
    from bridge.app.looks import scheduled
    from bridge.cli.terminal import settings_of

    settings = _town(tmp_path, endpoint, models_dir)
    mark = tmp_path / "history-desk-town.jsonl.until"
    mark.write_text("2026-01-01T00:00:00+00:00 0")
    eight_days = 8 * 86_400
    os.utime(mark, (time.time() - eight_days, time.time() - eight_days))
    loaded = settings_of(settings)
    corrected = Example("desk-town", "the zorgle is flibbed again", "en", "B-31", "B-17", SystemClock().now())

    async with open_bridge(loaded, SystemClock(), lambda _: None, teach=partial(teach, loaded)) as bridge:
        await bridge.learn_services()
        here = bridge.handling.jurisdictions["desk-town"]
        built_in = here.model_id
        await bridge.store.write(lambda tx: tx.console.add_example(corrected))
        looks = [replace(look, seconds=0.1) for look in bridge._ticking() if look.name.startswith("learn")]
        schedule = asyncio.create_task(scheduled(looks))
        ended = await _ended(bridge.store)
        schedule.cancel()
        result = ended.result
        assert result is not None, ended.error
        assert result.taken
        assert result.new["top1"] > result.running["top1"]
        # One more than the history, or two: the city may have got a report from a bridge of another test.
        assert result.trained_on + result.measured_on - len(cleaned(_known())) in (1, 2)

        (take_new,) = (look for look in bridge._freshening() if look.name == "models")
        await take_new.look()
        assert here.model_id == result.model != built_in
        assert here.classifier is not None
        assert here.classifier.classify("pothole", "en").guesses[0].service_code == "B-17"

        done = await asyncio.to_thread(run, "models", "restore", built_in[:12], "--config", settings)
        assert done.returncode == 0, done.stderr
        await take_new.look()
        assert here.model_id == built_in
    listed = run("models", "list", "--config", settings).stdout.splitlines()
    assert [line.split()[:2] for line in listed if line.startswith("*")] == [["*", built_in[:12]]]
    assert len(listed) == 2


async def _ended(store: Store) -> LearningRun:
    """The run that the schedule began, once it is over."""
    for _ in range(900):
        for one in await store.read(lambda tx: tx.learning_runs("desk-town", 1)):
            if one.ended_at:
                return one
        await asyncio.sleep(0.2)
    raise TimeoutError


def _town(folder: Path, endpoint: str, models_dir: Path) -> Path:
    """The settings of a city that has not been learned from."""
    (folder / "town.toml").write_text(f'endpoint = "{endpoint}"\nreads_per_minute = 0\n')
    file = folder / "bridge.toml"
    file.write_text(
        f'data_dir = "{folder}"\nmodels_dir = "{models_dir}"\n[[city]]\nid = "desk-town"\nname = "Desk Town"\n'
        f'profile = "town.toml"\ngazetteer = "{FOLDER / "fairview.geojson"}"\n'
    )
    return file


def _known() -> list[Row]:
    return [Row(text, "en", code, NAMES[code]) for text, code in reports()]


def test_learn_from_an_export_shows_what_is_told_from_what(history: Path, models_dir: Path, tmp_path: Path):
    settings = _town(tmp_path, "http://127.0.0.1:9", models_dir)
    asyncio.run(_lay(tmp_path / "bridge.db"))
    done = run("learn", "--config", settings, "--from", history, "--dry-run")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    services_told = [line.split() for line in lines if line.startswith("B-")]
    assert {words[0] for words in services_told} == set(NAMES)
    assert all(0 <= float(words[2]) <= 1 and 0 <= float(words[3]) <= 1 for words in services_told)
    table = [line.split() for line in lines if line[:3].strip().isdigit() and " B-" in line]
    assert len(table) == len(NAMES)
    for row, (_, count, *_rest) in zip(table, services_told, strict=True):
        assert sum(map(int, row[2:])) == int(count)
    assert lines[-1] == "The new model is better; it was only measured."
    assert run("models", "list", "--config", settings).stdout == ""


async def _lay(path: Path) -> None:
    from bridge.app import SystemClock
    from bridge.store.sqlite import SqliteStore
    from bridge.store.wake import EmbeddedWake

    await SqliteStore(path, SystemClock(), EmbeddedWake()).close()


@pytest.mark.parametrize(
    ("top1", "macro_f1", "better"), [(0.7, 0.5, True), (0.7, 0.485, True), (0.7, 0.4, False), (0.6, 0.9, False)]
)
def test_better_is_more_right_and_no_service_sacrificed(
    top1: float, macro_f1: float, better: bool, built_in: Path
):
    measured = Lesson(load(built_in), 500, 100, {"top1": 0.6, "macro_f1": 0.5}, {}, (), {})
    assert replace(measured, new={"top1": top1, "macro_f1": macro_f1}).better is better


def test_an_export_is_measured_on_its_latest_part_whatever_its_order(tmp_path: Path):
    lines = [{"text": f"n{n}", "category": "x", "date": f"2026-01-{n:02}"} for n in (9, 2, 11, 1)]
    file = tmp_path / "export.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert [row.text for row in in_time(read_rows(file))] == ["n1", "n2", "n9", "n11"]
    file.write_text('{"text": "n0", "category": "x"}\n' + file.read_text())
    assert [row.text for row in in_time(read_rows(file))][:2] == ["n0", "n9"]


def test_what_was_corrected_is_not_learned_as_it_was_first_filed(history: Path, built_in: Path, tmp_path: Path):
    listed = read_services(services(tmp_path))
    rows = cleaned(_rows(history))
    told = [replace(rows[0], code="B-58", name="B-58", text=f"[In English: Fir desk]\n{rows[0].text}")]
    lesson = learn(history, built_in, built_in, listed, lambda _: None, told)
    assert lesson.trained_on + lesson.measured_on == len(rows)
