"""A trained model of services: the spaCy pipeline and what belongs to it, in memory and on disk."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import spacy
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc

from classifiers import pipeline
from classifiers.pipeline import SERVICE

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_BATCH = 256


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Vectors of the taxonomy's words, by which a city's service list is understood. One row a text."""

    phrases: Floats  # names, keywords and descriptions of the types
    phrase_types: Ints  # index of the type of each phrase
    sentences: Floats  # the training sentences
    sentence_types: Ints
    wide: Floats  # names of wide services, by group of types
    wide_groups: Ints
    groups: Ints  # index of the group of each type, -1 for none
    common: Floats  # how often residents write about each type: 3 daily, 2 often, 1 seldom


@dataclass(frozen=True, slots=True)
class Model:
    """The pipeline, its types, their lexicon, and what was learned from one city's history."""

    nlp: Language
    types: tuple[str, ...]  # labels of the built-in text categoriser; "not_civic" is one of them
    lexicon: Lexicon
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
    about = json.loads((path / "model.json").read_text(encoding="utf-8"))
    with np.load(path / "lexicon.npz") as arrays:
        loaded: dict[str, Any] = {name: _widened(arrays[name]) for name in arrays.files}
    return Model(spacy.load(path / "pipeline"), tuple(about["types"]), Lexicon(**loaded), about["learned"])


def save(model: Model, path: Path) -> None:
    """Writes a model where `load` finds it. The folder is made; a model in it is overwritten."""
    path.mkdir(parents=True, exist_ok=True)
    about = {"types": model.types, "learned": dict(model.learned)}
    (path / "model.json").write_text(json.dumps(about), encoding="utf-8")
    arrays: dict[str, Any] = {one.name: _narrowed(getattr(model.lexicon, one.name)) for one in fields(Lexicon)}
    np.savez(path / "lexicon.npz", **arrays)
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


def _narrowed(array: NDArray[np.generic]) -> NDArray[np.generic]:
    """Vectors in half precision: half the bytes, and no ranking changes."""
    return array.astype(np.float16) if array.dtype == np.float32 else array


def _widened(array: NDArray[np.generic]) -> NDArray[np.generic]:
    return array.astype(np.float32) if array.dtype == np.float16 else array
