"""The pages of the documentation that are made of what runs: the scripts, the rules, the states, the figures.

    python -m tests.conversations.pages       writes them; `make docs` does

Tests fail while a page is not what this would write.
"""

from __future__ import annotations

import inspect
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bridge.demo.script import SENT_BY_RESIDENT, Script, read
from bridge.flow.conversation.messages import RULES
from bridge.flow.gaps import GAPS, OFFERS
from tests.conversations.picture import mermaid

FOLDER = Path(__file__).parent
DOCS = FOLDER.parents[1] / "docs"
CHAPTERS: Mapping[str, str] = {
    "report": "Everything in the first message",
    "place": "Where is it?",
    "service": "What is it?",
    "detail": "What the city's forms insist on, and photos",
    "contact": "Names, numbers and addresses",
    "pieces": "In pieces, and corrected",
    "fix": "What was understood, and undoing it",
    "two": "Two problems in one message",
    "twin": "Told before",
    "status": "Where my report stands",
    "news": "News from the city",
    "fixed": "Is it fixed?",
    "wish": "Help, languages, a person, privacy",
    "stop": "Stop",
    "silence": "No answer",
    "emergency": "Emergencies",
    "noise": "Anger, thanks, machines, noise",
    "mail": "More letters",
}
NOT_MEASURED = ("emergency", "silence", "stop", "wish", "noise")  # where reporting is not what it is about
ALL_IN_THE_FIRST = "report"


def scripts() -> dict[str, list[tuple[Path, Script]]]:
    """All scripts, by chapter."""
    found: dict[str, list[tuple[Path, Script]]] = {chapter: [] for chapter in CHAPTERS}
    for path in sorted(FOLDER.glob("*.txt")):
        found[path.name.partition("-")[0]].append((path, read(path)))
    return found


def conversations() -> str:
    """Every script, as it is played."""
    lines = [_read("conversations.head.md"), ""]
    for chapter, chapter_scripts in scripts().items():
        lines += [f"## {CHAPTERS[chapter]}", ""]
        for path, script in chapter_scripts:
            lines += [f"### {script.title}", ""]
            lines += [*script.notes, ""] if script.notes else []
            lines += ["```text", *_body(path), "```", ""]
    return "\n".join(lines).rstrip() + "\n"


def _body(path: Path) -> list[str]:
    kept = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return "\n".join(kept).strip().splitlines()


def machine() -> str:
    """The states, and the rules in their order."""
    lines = [_read("conversation.head.md"), "", "## States", "", "```mermaid", mermaid(), "```", ""]
    lines += ["## What a message leads to", "", "The first rule that has something to say decides.", ""]
    lines += _table(RULES)
    lines += ["## What a report must have", "", "Asked in this order, one at a time; by mail all at once.", ""]
    lines += _table(GAPS)
    lines += [
        "## What a complete report is asked once",
        "",
        "While a question is left to ask. Unanswered, the first and the last do not keep the report back.",
        "",
    ]
    lines += _table(OFFERS)
    return "\n".join(lines).rstrip() + "\n"


def _table(rules: Sequence[Callable[..., Any]]) -> list[str]:
    rows = [f"| {n} | `{_name(rule)}` | {_first_sentences(rule)} |" for n, rule in enumerate(rules, 1)]
    return ["| | rule | what it is about |", "|---|---|---|", *rows, ""]


def _name(rule: Callable[..., Any]) -> str:
    return f"{rule.__module__.rpartition('.')[2]}.{rule.__name__}"


def _first_sentences(rule: Callable[..., Any]) -> str:
    return " ".join((inspect.getdoc(rule) or "").split()).replace("|", "\\|")


# ------------------------------------------------------------------------------------------- figures


def messages_until_filed(script: Script) -> int | None:
    """How many messages the resident sends until the report is complete; None when none is filed."""
    sent = 0
    for step in script.steps:
        sent += step.kind in SENT_BY_RESIDENT
        if step.kind == "filed":
            return sent
    return None


def texts_until_filed(script: Script) -> int:
    """How many texts a resident gets until the city has the report, the one that says so included."""
    filed = next(n for n, step in enumerate(script.steps) if step.kind == "filed")
    return sum(step.kind == "hears" for step in script.steps[:filed])


def ordinary() -> list[Script]:
    """Scripts in which one problem is told in at most two messages, by someone who answers."""
    told = [script for found in scripts().values() for _, script in found]
    one = [script for script in told if sum(step.kind == "filed" for step in script.steps) == 1]
    answered = [script for script in one if all(step.kind != "clock" for step in script.steps)]
    return [script for script in answered if (messages_until_filed(script) or 0) <= 2 and not script.settings]


def burden() -> tuple[list[int], list[int]]:
    """Messages until filed: where the first message holds everything, and over all scripts about reporting."""
    by_chapter = scripts()
    first = _counts(script for _, script in by_chapter[ALL_IN_THE_FIRST] if _holds_all(script))
    mixed = _counts(
        script for chapter, found in by_chapter.items() if chapter not in NOT_MEASURED for _, script in found
    )
    return first, mixed


def _holds_all(script: Script) -> bool:
    """Whether the resident's first message is the report: a greeting, a command or a wish is not."""
    says = [step.text for step in script.steps if step.kind in SENT_BY_RESIDENT]
    return " " in says[0] and "report" not in says[0] and not says[0].startswith("hola")


def _counts(found: Iterable[Script]) -> list[int]:
    return [count for script in found if (count := messages_until_filed(script)) is not None]


def p90(counts: Sequence[int]) -> int:
    """The count that nine of ten do not exceed."""
    return sorted(counts)[-(-len(counts) * 9 // 10) - 1]


def figures() -> str:
    """The burden on a resident, from the scripts."""
    first, mixed = burden()
    rows = [
        _row("the first message holds everything", first, "1.2", ""),
        _row("all scripts about reporting", mixed, "2.2", "3"),
    ]
    head = ["| | scripts | mean | to reach | p90 | to reach |", "|---|---|---|---|---|---|"]
    return _read("numbers-conversation.head.md").replace("{table}", "\n".join([*head, *rows])) + "\n"


def _row(what: str, counts: Sequence[int], mean: str, most: str) -> str:
    return f"| {what} | {len(counts)} | {statistics.mean(counts):.2f} | {mean} | {p90(counts)} | {most} |"


def _read(name: str) -> str:
    return (FOLDER / "pages" / name).read_text(encoding="utf-8").strip()


PAGES: Mapping[str, Callable[[], str]] = {
    "conversations.md": conversations,
    "conversation.md": machine,
    "numbers-conversation.md": figures,
}


def write() -> None:
    """Writes every page."""
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write()
