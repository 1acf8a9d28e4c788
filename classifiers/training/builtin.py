"""The built-in model: trained from taxonomy.toml and corpus/*.txt, kept in a folder named by all it depends on."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language

import classifiers
from classifiers import minilm, pipeline
from classifiers.model import Lexicon, Model, save
from classifiers.pipeline import TYPES
from classifiers.training import fitting
from classifiers.training.taxonomy import (
    CORPUS,
    GROUPS,
    TAXONOMY,
    Line,
    ServiceType,
    read_corpus,
    read_groups,
    read_taxonomy,
)

Floats = NDArray[np.float32]
Progress = Callable[[str], None]

_BUCKETS = 2048
_PENALTIES = fitting.Penalties(meaning=0.06, words=0.04, share_of_words=0.3)
_SCALE = 1.4  # five-fold cross-validation on the corpus: the average of both fits is too timid
_CHUNK = 512  # texts embedded between two words of progress


def build(directory: Path, progress: Progress) -> Path:
    """Trains the model into `directory`/<hash>/ and returns that folder; at once when it is already there.

    The hash covers corpus, taxonomy, the code that reads them and whether the MiniLM weights are usable, so a
    changed corpus gives another folder. Takes about a minute on one core; sentence vectors are kept in
    `directory`/vectors.npz, so that the next build embeds changed lines only.
    """
    encoder = minilm.load_or_warn()
    target = directory / _fingerprint(encoder is not None)
    if target.is_dir():
        progress(f"service model {target.name}: ready")
        return target
    directory.mkdir(parents=True, exist_ok=True)
    types, lines = read_taxonomy(), _all_lines()
    progress(f"service model {target.name}: {len(lines)} sentences, {len(types)} types")
    vectors = _Vectors(directory / "vectors.npz", encoder, progress)
    with tempfile.TemporaryDirectory(dir=directory) as scratch:
        made = Path(scratch) / "model"
        nlp = _train(lines, vectors)
        save(Model(nlp, tuple(nlp.pipe_labels[TYPES]), _lexicon(nlp, types, lines, vectors)), made)
        made.replace(target)
    progress(f"service model {target.name}: trained")
    return target


def _all_lines() -> list[Line]:
    return [line for path in sorted(CORPUS.glob("*.txt")) for line in read_corpus(path)]


def _fingerprint(weights: bool) -> str:
    """Twelve hex digits of everything the model is made from."""
    root = Path(classifiers.__file__).parent
    code = [root / name for name in ("minilm.py", "model.py", "pipeline.py")]
    code += [root / "training" / name for name in ("builtin.py", "fitting.py", "regression.py", "taxonomy.py")]
    digest = hashlib.sha256(repr((weights, minilm.PINS)).encode())
    for path in sorted([TAXONOMY, GROUPS, *CORPUS.glob("*.txt"), *code]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def _train(lines: Sequence[Line], vectors: _Vectors) -> Language:
    """A pipeline whose text categoriser knows the types of the corpus."""
    labels = sorted({line.type_id for line in lines})
    nlp = pipeline.blank()
    pipeline.add_textcat(nlp, TYPES, labels, _BUCKETS)
    texts = [line.text for line in lines]
    docs = pipeline.make_docs(nlp, texts, vectors.of(texts))
    vectors.progress(f"fitting {len(labels)} types")
    targets = np.array([labels.index(line.type_id) for line in lines])
    fitting.train(nlp, TYPES, docs, targets, _PENALTIES, _SCALE)
    return nlp


def _lexicon(nlp: Language, types: Sequence[ServiceType], lines: Sequence[Line], vectors: _Vectors) -> Lexicon:
    """The words of the taxonomy as vectors; types in the order of the pipeline's labels."""
    labels = nlp.pipe_labels[TYPES]
    described = {kind.id: kind for kind in types}
    groups = list(read_groups())
    phrases = [(labels.index(kind.id), words) for kind in types for words in _phrases(kind)]
    wide = [(at, words) for at, names in enumerate(read_groups().values()) for words in names]

    def embed(texts: Sequence[str]) -> Floats:
        return pipeline.similarity_vectors(nlp, pipeline.make_docs(nlp, texts, vectors.of(texts)))

    return Lexicon(
        phrases=embed([words for _, words in phrases]),
        phrase_types=np.array([at for at, _ in phrases]),
        sentences=embed([line.text for line in lines]),
        sentence_types=np.array([labels.index(line.type_id) for line in lines]),
        wide=embed([words for _, words in wide]),
        wide_groups=np.array([at for at, _ in wide]),
        groups=np.array([groups.index(described[each].group) if each in described else -1 for each in labels]),
        common=np.array([described[each].common if each in described else 1 for each in labels], np.float32),
    )


def _phrases(kind: ServiceType) -> list[str]:
    return list(dict.fromkeys([kind.name, *kind.names, *kind.keywords, kind.description]))


class _Vectors:
    """Sentence vectors by text, kept in a file between builds."""

    def __init__(self, path: Path, encoder: minilm.MiniLM | None, progress: Progress) -> None:
        self._path, self._encoder, self.progress = path, encoder, progress
        self._known: dict[str, Floats] = {}
        if encoder is not None and path.is_file():
            with np.load(path) as kept:
                self._known = dict(zip(kept["keys"].tolist(), kept["vectors"], strict=True))

    def of(self, texts: Sequence[str]) -> Floats | None:
        """Rows of 384 in the order of the texts; None without weights."""
        if self._encoder is None:
            return None
        keys = [hashlib.sha256(text.encode()).hexdigest()[:24] for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        for start in range(0, len(missing), _CHUNK):
            chunk = list(missing.items())[start : start + _CHUNK]
            found = self._encoder.encode([text for _, text in chunk])
            self._known.update(zip([key for key, _ in chunk], found, strict=True))
            self.progress(f"sentence vectors: {start + len(chunk)} of {len(missing)}")
        if missing:
            self._save()
        return np.stack([self._known[key] for key in keys])

    def _save(self) -> None:
        """An interrupted write leaves the old file."""
        part = self._path.with_suffix(".part.npz")
        np.savez(part, keys=np.array(list(self._known)), vectors=np.stack(list(self._known.values())))
        part.replace(self._path)
