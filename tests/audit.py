"""What is installed is what the lock names, pinned by digest, from no address, under a licence that fits.

python -m tests.audit            needs no network; `make audit` asks a list of known vulnerabilities besides
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.markers import Marker

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.lock", "requirements-build.lock")
ENTRY = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)(?:\s*;\s*([^\\]+))?\s*\\?$")
FORBIDDEN = re.compile(r"(?<!L)(?<!Lesser )\b(?:A?GPL|General Public License)", re.IGNORECASE)


def faults() -> Iterator[str]:
    """All that is wrong, a line each."""
    for name in LOCKS:
        text = (ROOT / name).read_text(encoding="utf-8")
        if "://" in text or " @ " in text:
            yield f"{name}: names an address"
        for package, version, marker, digests in entries(text):
            if not digests:
                yield f"{name}: {package} is pinned by no digest"
            if not marker or Marker(marker).evaluate():
                yield from _installed(package, version)


def entries(text: str) -> Iterator[tuple[str, str, str, int]]:
    """(package, version, marker, how many digests) of each entry of a lock."""
    for block in re.split(r"\n(?=\S)", text):
        head, *rest = block.splitlines()
        if found := ENTRY.match(head):
            yield found[1], found[2], (found[3] or "").strip(), sum("--hash=sha256:" in line for line in rest)


def _installed(package: str, version: str) -> Iterator[str]:
    try:
        found = distribution(package)
    except PackageNotFoundError:
        yield f"{package}: is not installed"
        return
    if found.version != version:
        yield f"{package}: {found.version} is installed, {version} is locked"
    if FORBIDDEN.search(licence(found)):
        yield f"{package}: licence {licence(found)[:60]!r}"


def licence(found: Distribution) -> str:
    """What a package says of its licence."""
    about = found.metadata
    said = about.get("License-Expression") or about.get("License") or ""
    classifiers = [line for line in about.get_all("Classifier") or () if line.startswith("License")]
    return said.splitlines()[0] if said.strip() else "; ".join(classifiers)


def main() -> None:
    found = list(faults())
    print("\n".join(found) or "The dependencies are what the lock says.")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
