"""Files and folders are kept by what they hold."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bridge.store.blobs import FolderBlobs


def test_a_file_comes_back(tmp_path: Path):
    source = tmp_path / "model"
    source.write_bytes(b"weights")
    blobs = FolderBlobs(tmp_path / "blobs")
    assert blobs.path(blobs.put(source)).read_bytes() == b"weights"


def test_a_folder_comes_back_and_has_one_id(tmp_path: Path):
    for name in ("one", "two"):
        (tmp_path / name / "deep").mkdir(parents=True)
        (tmp_path / name / "deep" / "file").write_text("same")
    blobs = FolderBlobs(tmp_path / "blobs")
    first, second = blobs.put(tmp_path / "one"), blobs.put(tmp_path / "two")
    assert first == second
    assert (blobs.path(first) / "deep" / "file").read_text() == "same"


def test_another_name_is_another_folder(tmp_path: Path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).write_text("same")
    blobs = FolderBlobs(tmp_path / "blobs")
    assert blobs.put(tmp_path / "a") != blobs.put(tmp_path / "b")


@pytest.mark.parametrize("blob_id", ["nothing", "../secrets", ""])
def test_what_was_not_put_is_not_there(tmp_path: Path, blob_id: str):
    blobs = FolderBlobs(tmp_path / "blobs")
    with pytest.raises(KeyError):
        blobs.path(blob_id)


def test_many_who_put_the_same_at_once_keep_it_once(tmp_path: Path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights").write_bytes(b"w" * 100_000)
    stores = [FolderBlobs(tmp_path / "blobs") for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        kept = set(threads.map(lambda blobs: blobs.put(tmp_path / "model"), stores))
    assert [path.name for path in (tmp_path / "blobs").iterdir()] == list(kept)
