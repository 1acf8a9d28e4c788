"""The spaCy pipeline of the service classifier: a sentence vector for each Doc, then a text categoriser.

    text ─► sentence_vector (MiniLM, sets doc.tensor) ─► textcat (our features ─► softmax) ─► doc.cats

`textcat` is spaCy's own component over a thinc model of ours: sentence vector and hashed n-grams side by side,
then one softmax layer. Without the MiniLM weights the pipeline has the n-grams alone.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, cast

import numpy as np
import spacy
from numpy.typing import NDArray
from spacy.language import Language
from spacy.pipeline import TextCategorizer
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import registry
from thinc.api import Model, Softmax, chain

from classifiers import minilm

Floats = NDArray[np.float32]

VECTOR_SCALE = 8.0  # unit vectors would need huge weights to be sure of anything
GRAM_SCALE = 3.0
_WORD = re.compile(r"[^\W_]+")
_MAX_CHARACTERS = 4000
_PIPE_BATCH = 256


@Language.factory("sentence_vector", assigns=["doc.tensor"])
class SentenceVector:
    """Sets `doc.tensor` to the MiniLM vector of the text, shape (384,), unless it has one already."""

    def __init__(self, nlp: Language, name: str) -> None:
        self._encoder = minilm.load()

    def __call__(self, doc: Doc) -> Doc:
        self._assign([doc])
        return doc

    def pipe(self, docs: Iterable[Doc], batch_size: int = _PIPE_BATCH) -> Iterator[Doc]:
        """The docs in batches: texts of like length are embedded together."""
        waiting = iter(docs)
        while batch := list(islice(waiting, max(batch_size, _PIPE_BATCH))):
            self._assign(batch)
            yield from batch

    def _assign(self, docs: Sequence[Doc]) -> None:
        bare = [doc for doc in docs if doc.tensor.shape != (minilm.WIDTH,)]
        for doc, vector in zip(bare, self._encoder.encode([doc.text for doc in bare]), strict=True):
            doc.tensor = vector


def sentence_textcat(vectors: bool, buckets: int, nO: int | None = None) -> Model[list[Doc], Floats]:  # noqa: N803
    """A softmax over sentence vectors (if `vectors`) and n-grams hashed into `buckets` (0: none)."""
    features: Any = text_features(vectors, buckets)
    model: Model[list[Doc], Floats] = chain(features, Softmax(nO=nO, nI=features.get_dim("nO")))
    model.set_ref("output_layer", model.layers[1])
    model.attrs["multi_label"] = False
    return model


registry.architectures.register("open311_bridge.SentenceTextCat.v1", func=sentence_textcat)


def text_features(vectors: bool, buckets: int) -> Model[list[Doc], Floats]:
    """Docs to rows of floats. Its one parameter weighs the n-gram buckets (inverse document frequency)."""
    width = (minilm.WIDTH if vectors else 0) + buckets
    model: Model[list[Doc], Floats] = Model(
        "text_features",
        _forward_features,
        init=_init_features,
        dims={"nO": width},
        params={"idf": None},
        attrs={"vectors": vectors, "buckets": buckets},
    )
    return model


def blank(vectors: bool, buckets: int, labels: Sequence[str], language: str = "en") -> Language:
    """An untrained pipeline over these labels."""
    nlp = spacy.blank(language)
    if vectors:
        nlp.add_pipe("sentence_vector")
    architecture = {
        "@architectures": "open311_bridge.SentenceTextCat.v1",
        "vectors": vectors,
        "buckets": buckets,
    }
    nlp.add_pipe("textcat", config={"model": architecture})
    sample = Example.from_dict(nlp.make_doc("sample"), {"cats": {labels[0]: 1.0}})
    sample.reference.tensor = np.zeros(minilm.WIDTH, dtype=np.float32)
    _textcat(nlp).initialize(lambda: [sample], nlp=nlp, labels=labels)
    return nlp


def features(nlp: Language, texts: Sequence[str], vectors: Floats | None = None) -> Floats:
    """What the softmax of a pipeline sees of these texts; `vectors` spares embedding them again."""
    layer = _textcat(nlp).model.layers[0]
    return np.asarray(layer.predict(docs(nlp, texts, vectors)))


def docs(nlp: Language, texts: Sequence[str], vectors: Floats | None = None) -> list[Doc]:
    """Docs that only went through the tokeniser, with these sentence vectors if any are given."""
    made = [nlp.make_doc(text) for text in texts]
    if vectors is not None:
        for doc, vector in zip(made, vectors, strict=True):
            doc.tensor = vector
    return made


def similarity_vectors(nlp: Language, docs: Sequence[Doc]) -> Floats:
    """Unit rows whose products say how near texts are: sentence vectors, or n-grams where there are none."""
    if "sentence_vector" in nlp.pipe_names:
        return np.stack([doc.tensor for doc in docs])
    rows = _textcat(nlp).model.layers[0].predict(docs)
    return np.asarray(rows, dtype=np.float32) / np.float32(GRAM_SCALE)


def set_idf(nlp: Language, texts: Sequence[str]) -> None:
    """Weighs the n-gram buckets by how few of these texts they occur in."""
    layer = _textcat(nlp).model.layers[0]
    seen = np.count_nonzero(hashed_grams(texts, layer.attrs["buckets"]), axis=0)
    layer.set_param("idf", (np.log((1 + len(texts)) / (1 + seen)) + 1).astype(np.float32))


def set_weights(nlp: Language, weights: Floats, bias: Floats) -> None:
    """Puts trained weights, shape (labels, features), and biases into the softmax layer."""
    output: Any = _textcat(nlp).model.get_ref("output_layer")
    output.set_param("W", weights.astype(np.float32))
    output.set_param("b", bias.astype(np.float32))


def load(path: Path) -> Language:
    """A pipeline from disk. Raises minilm.WeightsMissing when it was trained with vectors we do not have."""
    return spacy.load(path)


def _textcat(nlp: Language) -> TextCategorizer:
    return cast(TextCategorizer, nlp.get_pipe("textcat"))


def word_grams(text: str) -> Iterator[str]:
    """Words, pairs of words, and the 3- to 5-letter pieces of each word, which bear misspelling."""
    words = [match.group() for match in _WORD.finditer(text[:_MAX_CHARACTERS].lower())]
    yield from words
    yield from (f"{one} {two}" for one, two in pairwise(words))
    for word in words:
        edged = f"<{word}>"
        yield from (edged[at : at + n] for n in (3, 4, 5) for at in range(len(edged) - n + 1))


def hashed_grams(texts: Sequence[str], buckets: int) -> Floats:
    """One row of `buckets` signed log counts a text, not yet weighed or scaled."""
    rows = np.zeros((len(texts), buckets), dtype=np.float32)
    for row, text in zip(rows, texts, strict=True):
        hashes = np.fromiter((zlib.crc32(gram.encode()) for gram in word_grams(text)), dtype=np.int64)
        signs = np.where(hashes & 1, 1.0, -1.0).astype(np.float32)
        np.add.at(row, (hashes >> 1) % buckets, signs)
    out: Floats = np.sign(rows) * np.log1p(np.abs(rows))
    return out


def _forward_features(
    model: Model[list[Doc], Floats], docs: Sequence[Doc], is_train: bool
) -> tuple[Floats, Callable[[Floats], list[Doc]]]:
    parts: list[Floats] = []
    if model.attrs["vectors"]:
        parts.append(np.stack([doc.tensor for doc in docs]) * np.float32(VECTOR_SCALE))
    if model.attrs["buckets"]:
        grams = hashed_grams([doc.text for doc in docs], model.attrs["buckets"]) * model.get_param("idf")
        norms = np.linalg.norm(grams, axis=1, keepdims=True)
        parts.append(grams * (np.float32(GRAM_SCALE) / np.maximum(norms, 1e-6)))
    return np.concatenate(parts, axis=1), lambda _: []


def _init_features(model: Model[list[Doc], Floats], X: object = None, Y: object = None) -> None:  # noqa: N803
    ones: Any = np.ones(model.attrs["buckets"], dtype=np.float32)
    model.set_param("idf", ones)
