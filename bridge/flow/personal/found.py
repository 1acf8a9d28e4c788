"""What was found in a text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

PersonalKind = Literal["phone", "email", "name", "plate"]


@dataclass(frozen=True, slots=True)
class Personal:
    """Where it stands in the text. `own`: the words around it say that it is the resident's."""

    start: int
    end: int
    kind: PersonalKind
    own: bool = False


def words(file: str) -> frozenset[str]:
    """The words of a list in this folder; lines that begin with # are comments."""
    lines = Path(__file__).with_name(file).read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())
