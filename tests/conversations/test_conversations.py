"""Every script in this folder and in the demo, played by its own resident against one running bridge."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from bridge.demo.script import CONVERSATIONS, Performance, parse, perform, read
from bridge.demo.show import town

SCRIPTS = sorted([*Path(__file__).parent.glob("*.txt"), *CONVERSATIONS.glob("*.txt")])
Played = Mapping[str, Performance | BaseException]


async def play_all(models_dir: Path) -> Played:
    async with town(models_dir, 0, lambda _: None) as here:
        scripts = [read(path) for path in SCRIPTS]
        results = await asyncio.gather(
            *(
                perform(script, here.phone(script.channel, resident), here.change_status)
                for resident, script in enumerate(scripts)
            ),
            return_exceptions=True,
        )
    return dict(zip((path.name for path in SCRIPTS), results, strict=True))


@pytest.fixture(scope="module")
def played(models_dir: Path) -> Played:
    return asyncio.run(play_all(models_dir))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_the_bridge_keeps_to_the_script(path: Path, played: Played):
    result = played[path.name]
    if isinstance(result, BaseException):
        raise result
    assert len(result.lines) == len(result.script.steps)


def test_a_line_of_no_known_kind_is_refused():
    with pytest.raises(ValueError, match="no such step"):
        parse("channel: sms\nresident says hello")


def test_an_empty_line_parts_two_messages():
    assert [step.text for step in parse("channel: sms\n> one\n> two\n\n> three").steps] == ["one\ntwo", "three"]


def test_the_readme_shows_the_demos_conversations():
    shown = " ".join(Path("README.md").read_text(encoding="utf-8").split())
    for path in CONVERSATIONS.glob("*.txt"):
        for step in read(path).steps:
            if step.kind == "says":
                assert " ".join(step.text.split()) in shown
