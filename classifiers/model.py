"""A trained model of services: the spaCy pipeline and what belongs to it, in memory and on disk."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import spacy
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc

from classifiers import pipeline
from classifiers.pipeline import SERVICE

Floats = NDArray[np.float32]

_BATCH = 256


@dataclass(frozen=True, slots=True)
class Model:
    """The pipeline, its types, the words under which cities list them, and what it learned from one city."""

    nlp: Language
    types: tuple[str, ...]  # labels of the built-in text categoriser; "not_civic" is one of them
    phrases: tuple[str, ...]
    phrase_types: NDArray[np.int64]  # index into `types` of each phrase
    phrase_vectors: Floats  # shape (phrases, 384); unit rows
    learned: Mapping[str, int] = field(default_factory=dict)  # reports each service code was learned from


@dataclass(frozen=True, slots=True)
class Reading:
    """What the pipeline makes of some texts: one row a text."""

    types: Floats  # P(type), columns as Model.types
    vectors: Floats  # unit vectors that say how near texts are
    services: Floats  # P(service code) as learned, columns as Model.learned; no columns in a built-in model


def load(path: Path) -> Model:
    """The model that `save` left at `path`.

    Raises FileNotFoundError for a folder without one and minilm.WeightsMissing when it needs weights we lack.
    """
    words = json.loads((path / "words.json").read_text(encoding="utf-8"))
    return Model(
        nlp=spacy.load(path / "pipeline"),
        types=tuple(words["types"]),
        phrases=tuple(words["phrases"]),
        phrase_types=np.array(words["phrase_types"], dtype=np.int64),
        phrase_vectors=np.load(path / "phrases.npy").astype(np.float32),
        learned=words["learned"],
    )


def save(model: Model, path: Path) -> None:
    """Writes a model where `load` finds it. The folder is made; a model in it is overwritten."""
    path.mkdir(parents=True, exist_ok=True)
    words = {
        "types": model.types,
        "phrases": model.phrases,
        "phrase_types": model.phrase_types.tolist(),
        "learned": dict(model.learned),
    }
    (path / "words.json").write_text(json.dumps(words), encoding="utf-8")
    np.save(path / "phrases.npy", model.phrase_vectors.astype(np.float16))
    model.nlp.to_disk(path / "pipeline")


def read(model: Model, texts: Sequence[str]) -> Reading:
    """Runs texts through the pipeline, in batches."""
    docs = list(model.nlp.pipe(texts, batch_size=_BATCH))
    return Reading(
        types=_table(docs, model.types),
        vectors=pipeline.similarity_vectors(model.nlp, docs),
        services=_table(docs, [SERVICE + code for code in model.learned]),
    )


def _table(docs: Sequence[Doc], labels: Sequence[str]) -> Floats:
    rows = [[doc.cats.get(label, 0.0) for label in labels] for doc in docs]
    return np.array(rows, dtype=np.float32).reshape(len(docs), len(labels))
