"""How often emergencies are heard, and how often a report is taken for one.

python -m tests.bench.emergencies [FOLDER]

The written sets, and with FOLDER (`reports/` with newhaven, boston and london as JSONL, not part of this
repository) the real reports of three cities: the parts that were read while the rules were written, and those that
were kept back. `--show` prints the alarms of the latter, to be judged by eye.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from time import process_time

from bridge.flow.alarms import load
from config.settings import EMERGENCY

SETS = Path(__file__).parents[1] / "classifiers" / "sets"
KEPT_BACK = {
    "london": (8, 7),
    "boston": (6, 5),
    "newhaven": (1, 1),
}  # one row of so many, by its place in the file


def main(arguments: list[str]) -> None:
    shown = "--show" in arguments
    began = process_time()
    rules = load(sorted(EMERGENCY.glob("*.toml")))
    print(f"rules read in {process_time() - began:.2f} s of processor time")
    for name in ("emergency.en", "emergency.es", "no_emergency.en", "no_emergency.es"):
        _measure(name, _texts(SETS / f"{name}.jsonl"), rules)
    for folder in (argument for argument in arguments if not argument.startswith("--")):
        for city, (parts, kept) in KEPT_BACK.items():
            rows = list(enumerate(_texts(Path(folder) / "reports" / f"{city}.jsonl")))
            _measure(f"{city}, read", [text for at, text in rows if at % parts != kept], rules)
            unread = [text for at, text in rows if at % parts == kept]
            _measure(f"{city}, kept back", unread, rules, shown=shown)


def _measure(name: str, texts: Iterable[str], rules: Callable[[str], object], *, shown: bool = False) -> None:
    texts = list(texts)
    began = process_time()
    alarms = [(text, alarm) for text in texts if (alarm := rules(text))]
    spent = process_time() - began
    if texts:
        share, each = 100 * len(alarms) / len(texts), 1000 * spent / len(texts)
        print(
            f"{name}: {len(alarms)} alarms in {len(texts)} texts, {share:.2f} %; {each:.1f} ms a text", flush=True
        )
    for text, alarm in alarms if shown else ():
        print(f"  {alarm} {text!r}")


def _texts(path: Path) -> list[str]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line)["text"] for line in lines if line.strip()]


if __name__ == "__main__":
    main(sys.argv[1:])
