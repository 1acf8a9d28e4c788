"""Models, gazetteers and photos in a folder, named by the SHA-256 of what they hold.

A folder's name is that of the list of its files' names and digests, so the same model built twice is kept once.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from pathlib import Path


class FolderBlobs:
    """Implements `bridge.ports.Blobs`. What is put appears whole or not at all, even if the process is killed."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True)

    def put(self, source: Path) -> str:
        blob_id = digest(source)
        kept = self._root / blob_id
        if not kept.exists():
            with tempfile.TemporaryDirectory(dir=self._root, prefix=".incoming-") as folder:
                copy = Path(folder) / "blob"
                shutil.copytree(source, copy) if source.is_dir() else shutil.copyfile(source, copy)
                try:
                    copy.rename(kept)
                except OSError:
                    if not kept.exists():  # else another process has just put the same
                        raise
        return blob_id

    def keep(self, content: bytes) -> str:
        blob_id = hashlib.sha256(content).hexdigest()
        kept = self._root / blob_id
        if not kept.exists():
            with tempfile.TemporaryDirectory(dir=self._root, prefix=".incoming-") as folder:
                copy = Path(folder) / "blob"
                copy.write_bytes(content)
                try:
                    copy.rename(kept)
                except OSError:
                    if not kept.exists():  # else another process has just put the same
                        raise
        return blob_id

    def drop(self, blob_id: str) -> None:
        kept = self._root / blob_id
        if re.fullmatch("[0-9a-f]{64}", blob_id) and kept.is_file():
            kept.unlink()

    def path(self, blob_id: str) -> Path:
        kept = self._root / blob_id
        if not re.fullmatch("[0-9a-f]{64}", blob_id) or not kept.exists():
            raise KeyError(blob_id)
        return kept


def digest(source: Path) -> str:
    """The id that `source` has, or would have."""
    if source.is_file():
        with source.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    names = sorted(path for path in source.rglob("*") if path.is_file())
    listed = "\n".join(f"{digest(path)}  {path.relative_to(source).as_posix()}" for path in names)
    return hashlib.sha256(listed.encode()).hexdigest()
