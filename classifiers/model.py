"""A trained model of services: the spaCy pipeline and what belongs to it, in memory and on disk."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import spacy
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc

from bridge.vocabulary import SUBMIT, AlarmKind
from classifiers import pipeline
from classifiers.minilm import LANGUAGE
from classifiers.pipeline import ALARM, SERVICE, Span

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

ALARMS: tuple[AlarmKind, ...] = ("danger", "self_harm")

_BATCH = 256
_CLEAR = 0.6  # a language this likely outweighs the hint


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
class Learned:
    """What a city's history added; empty in the built-in model."""

    counts: Mapping[str, int] = field(default_factory=dict)  # reports each service code was learned from
    links: Floats = field(default_factory=lambda: np.zeros((0, 0), dtype=np.float32))  # P(code | type)
    cold_share: float = 0.0  # of a cold probability in that of a learned service
    submit: float = SUBMIT  # from this probability on it was right nine times of ten on what it had not learned


@dataclass(frozen=True, slots=True)
class Model:
    """The pipelines, the types, their lexicon, and what was learned from one city's history."""

    nlp: Language  # English: sentence vectors, types, and the learned services if any
    types: tuple[str, ...]  # labels of the built-in text categorisers; "not_civic" is one of them
    lexicon: Lexicon
    others: Mapping[str, Language] = field(
        default_factory=dict
    )  # pipelines of types, by words, of other languages
    spoken: Language | None = None  # tells the languages of the model apart; None where there is one only
    learned: Learned = Learned()


@dataclass(frozen=True, slots=True)
class Reading:
    """What the pipelines make of some texts: one row a text."""

    languages: tuple[str, ...]  # as read; "" for a language the model has no training text of
    types: Floats  # P(type), columns as Model.types; zeros where the language is ""
    vectors: Floats  # unit vectors that say how near texts are; zeros where the sentence model cannot read them
    services: Floats  # P(service code) as learned, columns as Learned.counts; no columns in a built-in model
    alarms: Floats  # P(kind of emergency), columns as ALARMS; zeros where the language is ""


def load(path: Path) -> Model:
    """The model that `save` left at `path`.

    Raises FileNotFoundError for a folder without one and minilm.WeightsMissing when it needs weights we lack.
    """
    about = json.loads((path / "model.json").read_text(encoding="utf-8"))
    with np.load(path / "arrays.npz") as arrays:
        loaded: dict[str, Any] = {name: _widened(arrays[name]) for name in arrays.files}
    links = loaded.pop("links")
    return Model(
        nlp=spacy.load(path / LANGUAGE),
        types=tuple(about["types"]),
        lexicon=Lexicon(**loaded),
        others={language: spacy.load(path / language) for language in about["others"]},
        spoken=spacy.load(path / "spoken") if about["others"] else None,
        learned=Learned(about["learned"], links, about["cold_share"], about["submit"]),
    )


def save(model: Model, path: Path) -> None:
    """Writes a model where `load` finds it. The folder is made; a model in it is overwritten."""
    path.mkdir(parents=True, exist_ok=True)
    about = {
        "types": model.types,
        "others": list(model.others),
        "learned": dict(model.learned.counts),
        "cold_share": model.learned.cold_share,
        "submit": model.learned.submit,
    }
    (path / "model.json").write_text(json.dumps(about), encoding="utf-8")
    arrays: dict[str, Any] = {one.name: _narrowed(getattr(model.lexicon, one.name)) for one in fields(Lexicon)}
    np.savez(path / "arrays.npz", links=model.learned.links, **arrays)
    pipelines = {LANGUAGE: model.nlp, **model.others} | ({"spoken": model.spoken} if model.spoken else {})
    for name, nlp in pipelines.items():
        nlp.to_disk(path / name)


def read(model: Model, texts: Sequence[str], languages: Sequence[str]) -> Reading:
    """Runs each text through the pipeline of its language, in batches.

    `languages` are BCP 47 hints. Between languages the model knows, clear words outweigh the hint: a resident may
    well write Spanish to a city that takes everyone for English.
    """
    spoken = tuple(_spoken(model, texts, languages))
    reading = _blank_reading(model, spoken)
    for language, nlp in _pipelines(model).items():
        rows = [row for row, each in enumerate(spoken) if each == language]
        docs = nlp.pipe(pipeline.make_docs([texts[row] for row in rows]), batch_size=_BATCH)
        _note(model, reading, rows, language, list(docs))
    return reading


def read_parts(model: Model, text: str, parts: Sequence[Span], language: str) -> Reading:
    """A text, and parts of it as they read within it, which costs little more than the text alone."""
    texts = [text, *(text[start:end] for start, end in parts)]
    spoken = tuple(_spoken(model, [text], [language])) * len(texts)
    reading = _blank_reading(model, spoken)
    nlp = _pipelines(model).get(spoken[0])
    if nlp:
        vectors = pipeline.sentence_vector(nlp).of_parts(text, parts) if pipeline.has_vectors(nlp) else None
        docs = list(nlp.pipe(pipeline.make_docs(texts, vectors), batch_size=_BATCH))
        _note(model, reading, list(range(len(texts))), spoken[0], docs)
    return reading


def reading_of(model: Model, docs: Sequence[Doc]) -> Reading:
    """What the English pipeline made of docs that went through it."""
    reading = _blank_reading(model, (LANGUAGE,) * len(docs))
    _note(model, reading, list(range(len(docs))), LANGUAGE, docs)
    return reading


def _pipelines(model: Model) -> dict[str, Language]:
    return {LANGUAGE: model.nlp, **model.others}


def _note(model: Model, reading: Reading, rows: list[int], language: str, docs: Sequence[Doc]) -> None:
    reading.types[rows] = _table(docs, model.types)
    reading.alarms[rows] = _table(docs, [ALARM + kind for kind in ALARMS])
    if pipeline.has_vectors(_pipelines(model)[language]) or language == LANGUAGE:
        reading.vectors[rows] = pipeline.similarity_vectors(_pipelines(model)[language], docs)
    if language == LANGUAGE:
        reading.services[rows] = _table(docs, [SERVICE + code for code in model.learned.counts])


def _blank_reading(model: Model, spoken: tuple[str, ...]) -> Reading:
    def zeros(width: int) -> Floats:
        return np.zeros((len(spoken), width), dtype=np.float32)

    width = model.lexicon.phrases.shape[1]
    return Reading(
        spoken, zeros(len(model.types)), zeros(width), zeros(len(model.learned.counts)), zeros(len(ALARMS))
    )


def _spoken(model: Model, texts: Sequence[str], hints: Sequence[str]) -> Iterator[str]:
    """The language to read each text in, "" for one the model does not know."""
    known = [LANGUAGE, *model.others]
    docs = model.spoken.pipe(pipeline.make_docs(texts), batch_size=_BATCH) if model.spoken else None
    for hint in hints:
        likely = next(docs).cats if docs else {LANGUAGE: 1.0}
        best = max(likely, key=lambda language: likely[language])
        base = hint.split("-")[0].lower()
        if base not in known:
            yield ""
        else:
            yield best if likely[best] >= _CLEAR else base


def _table(docs: Sequence[Doc], labels: Sequence[str]) -> Floats:
    rows = [[doc.cats.get(label, 0.0) for label in labels] for doc in docs]
    return np.array(rows, dtype=np.float32).reshape(len(docs), len(labels))


def _narrowed(array: NDArray[np.generic]) -> NDArray[np.generic]:
    """Vectors in half precision: half the bytes, and no ranking changes."""
    return array.astype(np.float16) if array.dtype == np.float32 else array


def _widened(array: NDArray[np.generic]) -> NDArray[np.generic]:
    return array.astype(np.float32) if array.dtype == np.float16 else array
