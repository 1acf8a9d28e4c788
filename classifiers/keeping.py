"""A trained model in its folder: whole or not at all, whoever else trains the same."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path


def keep(target: Path, make: Callable[[Path], None]) -> None:
    """Has `make` write a model into a folder that is then moved to `target`; one that another process finished
    first is as good, since the folder's name tells all that it is made from. Raises OSError, before anything is
    trained, where nothing can be written."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        made = Path(scratch) / "model"
        make(made)
        try:
            made.replace(target)
        except OSError:
            if not target.is_dir():
                raise
