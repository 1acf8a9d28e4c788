"""Every script of this folder on a table of its own; a few, and the demo's, over real sockets too."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.demo.script import CONVERSATIONS, Departure, Performance, Script, parse, perform, read
from bridge.demo.show import town
from tests.conversations.table import Mind, sit_down

SCRIPTS = sorted(Path(__file__).parent.glob("*.txt"))
ON_SOCKETS = ("report-01", "report-04", "report-10", "place-01", "place-05", "stop-01", "wish-01")
SOCKETS = sorted([*CONVERSATIONS.glob("*.txt"), *(path for path in SCRIPTS if path.name.startswith(ON_SOCKETS))])
Played = Mapping[str, Performance | BaseException]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
async def test_the_bridge_keeps_to_the_script(path: Path, mind: Mind) -> None:
    await sit_down(mind, read(path))


def test_there_are_scripts_for_every_channel_and_both_languages() -> None:
    scripts = [read(path) for path in SCRIPTS]
    assert len(scripts) >= 80
    assert {script.channel for script in scripts} == {"sms", "mail", "chat"}
    heard = [step.text for script in scripts for step in script.steps if step.kind == "hears"]
    assert sum("¡Gracias!" in text for text in heard) >= 10


async def test_a_script_that_leaves_something_out_is_refused(mind: Mind) -> None:
    script = parse("channel: sms\n> pothole at 300 Pine St")
    with pytest.raises(Departure, match="expected silence"):
        await sit_down(mind, script)


# ------------------------------------------------------------------------------------ over real sockets


def _as_said(script: Script) -> Script:
    """What is said and heard, with any number for the city's."""
    kept = [step for step in script.steps if step.kind in ("says", "hears", "city", "nothing")]
    return replace(script, steps=tuple(replace(step, text=step.text.replace("1001", "{id}")) for step in kept))


async def _play_all(models_dir: Path) -> Played:
    async with town(models_dir, 0, lambda _: None) as here:
        scripts = [_as_said(read(path)) for path in SOCKETS]
        results = await asyncio.gather(
            *(
                perform(script, here.phone(script.channel, resident), here.change_status)
                for resident, script in enumerate(scripts)
            ),
            return_exceptions=True,
        )
    return dict(zip((path.name for path in SOCKETS), results, strict=True))


@pytest.fixture(scope="module")
def played(models_dir: Path) -> Played:
    return asyncio.run(_play_all(models_dir))


@pytest.mark.parametrize("path", SOCKETS, ids=lambda path: path.stem)
def test_a_running_bridge_keeps_to_it_too(path: Path, played: Played) -> None:
    result = played[path.name]
    if isinstance(result, BaseException):
        raise result
    assert len(result.lines) == len(result.script.steps)


# ------------------------------------------------------------------------------------------- the format


def test_a_line_of_no_known_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="no such step"):
        parse("channel: sms\nresident says hello")


def test_an_empty_line_parts_two_messages() -> None:
    assert [step.text for step in parse("channel: sms\n> one\n> two\n\n> three").steps] == ["one\ntwo", "three"]


def test_the_readme_shows_the_demos_conversations() -> None:
    shown = " ".join(Path("README.md").read_text(encoding="utf-8").split())
    for path in CONVERSATIONS.glob("*.txt"):
        for step in read(path).steps:
            if step.kind == "says":
                assert " ".join(step.text.split()) in shown
