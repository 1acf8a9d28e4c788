"""The spaCy pipeline of the service classifier: a sentence vector for each Doc, then text categorisers.

    text ─► sentence_vector (MiniLM ─► doc.tensor) ─► types (taxonomy) ─► services (one city's history, if learned)

`types` and `services` are spaCy's own text categorisers over a thinc model of ours: sentence vector, the types
already found, and hashed n-grams side by side, then one softmax layer. Both write to doc.cats; the labels of
`services` carry the prefix SERVICE. Without the MiniLM weights a pipeline has no sentence vectors.

Where a categoriser has landmarks (texts it was trained on), the softmax sees a text's likeness to each of them
in place of the sentence vector: a radial kernel, so that a service may be several unlike things ("Other"), which
no plane through the vectors can fence in.
"""

from __future__ import annotations

import json
import re
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice, pairwise
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
from spacy.vocab import Vocab
from thinc.api import Model, Softmax
from thinc.api import chain as layers

from classifiers import minilm
from classifiers.gloss import Lexicon, read_entries

Floats = NDArray[np.float32]
Span = tuple[int, int]  # characters of a text, from and to

TYPES, SERVICES, SPOKEN, ALARM_KINDS = "types", "services", "spoken", "alarms"
SERVICE = "service:"
ALARM = "alarm:"
"""Prefix of the labels of `services`: a service code may well be spelled like a type."""

_WORD = re.compile(r"[^\W_]+")
_MAX_CHARACTERS = 4000
_PIPE_BATCH = 256
_RAREST = 1e-4  # a type less likely than this counts as this likely
_NARROWNESS = 2.0  # of the kernel: how fast likeness falls with distance


@Language.factory("sentence_vector", assigns=["doc.tensor"])
class SentenceVector:
    """Sets `doc.tensor` to the MiniLM vector of the text, shape (384,), unless it has one already.

    With a lexicon it is the vector of the text's gloss in English.
    """

    def __init__(self, nlp: Language, name: str) -> None:
        self._encoder = minilm.load()
        self.lexicon = Lexicon({})

    def __call__(self, doc: Doc) -> Doc:
        self._assign([doc])
        return doc

    def pipe(self, docs: Iterable[Doc], batch_size: int = _PIPE_BATCH) -> Iterator[Doc]:
        """The docs in batches: texts of like length are embedded together."""
        waiting = iter(docs)
        while batch := list(islice(waiting, max(batch_size, _PIPE_BATCH))):
            self._assign(batch)
            yield from batch

    def readable(self, text: str) -> str:
        """The text as the sentence model gets it."""
        return self.lexicon.gloss(text) if self.lexicon.entries else text

    def of_parts(self, text: str, parts: Sequence[Span]) -> Floats:
        """Vectors of the text and of parts of it as they read within it, one row each."""
        edges = sorted({0, len(text), *chain.from_iterable(parts)})
        pieces = [self.readable(text[start:end]) for start, end in pairwise(edges)]
        return self._encoder.encode_parts(
            pieces, [slice(edges.index(start), edges.index(end)) for start, end in parts]
        )

    def to_disk(self, path: Path, *, exclude: Iterable[str] = ()) -> None:
        """Writes the lexicon; the weights are those of the installed package."""
        path.mkdir(parents=True, exist_ok=True)
        (path / "lexicon.json").write_text(json.dumps(self.lexicon.entries), encoding="utf-8")

    def from_disk(self, path: Path, *, exclude: Iterable[str] = ()) -> SentenceVector:
        """Reads what `to_disk` wrote."""
        self.lexicon = Lexicon(json.loads((path / "lexicon.json").read_text(encoding="utf-8")))
        return self

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """The lexicon, for a copy of the pipeline in memory."""
        return json.dumps(self.lexicon.entries).encode()

    def from_bytes(self, content: bytes, *, exclude: Iterable[str] = ()) -> SentenceVector:
        """Reads what `to_bytes` gave."""
        self.lexicon = Lexicon(json.loads(content))
        return self

    def _assign(self, docs: Sequence[Doc]) -> None:
        bare = [doc for doc in docs if doc.tensor.shape != (minilm.WIDTH,)]
        vectors = self._encoder.encode([self.readable(doc.text) for doc in bare])
        for doc, vector in zip(bare, vectors, strict=True):
            doc.tensor = vector


def sentence_textcat(
    vectors: bool,
    types: list[str],
    buckets: int,
    landmarks: int = 0,
    nO: int | None = None,  # noqa: N803
) -> Model[list[Doc], Floats]:
    """A softmax over sentence vectors (if `vectors`), these `types` of doc.cats, and n-grams in `buckets`.

    With `landmarks` it sees the likeness to so many texts instead of the vectors.
    """
    features: Any = text_features(vectors, types, buckets, landmarks if vectors else 0)
    model: Model[list[Doc], Floats] = layers(features, Softmax(nO=nO, nI=features.get_dim("nO")))
    model.set_ref("features", model.layers[0])
    model.set_ref("output_layer", model.layers[1])
    model.attrs["multi_label"] = False
    return model


registry.architectures.register("open311_bridge.SentenceTextCat.v1", func=sentence_textcat)


def text_features(vectors: bool, types: list[str], buckets: int, landmarks: int) -> Model[list[Doc], Floats]:
    """Docs to rows of floats.

    Parameters: `gram_weights` weigh the n-gram buckets; `landmarks` are sentence vectors.
    """
    width = (landmarks or minilm.WIDTH if vectors else 0) + len(types) + buckets
    model: Model[list[Doc], Floats] = Model(
        "text_features",
        _forward_features,
        init=_init_features,
        dims={"nO": width},
        params={"gram_weights": None, "landmarks": None},
        attrs={"vectors": vectors, "types": types, "buckets": buckets, "landmarks": landmarks},
    )
    return model


def blank(language: str) -> Language:
    """A pipeline that tokenises and, where the sentence model can read the language, embeds.

    It reads English, and the languages that have a lexicon, if its weights are usable.
    """
    nlp = spacy.blank(language)
    entries = {} if language == minilm.LANGUAGE else read_entries(language)
    if (language == minilm.LANGUAGE or entries) and minilm.load_or_warn() is not None:
        nlp.add_pipe("sentence_vector")
        sentence_vector(nlp).lexicon = Lexicon(entries)
    return nlp


def sentence_vector(nlp: Language) -> SentenceVector:
    """The component that embeds. Raises KeyError where has_vectors is false."""
    return cast(SentenceVector, nlp.get_pipe("sentence_vector"))


def has_vectors(nlp: Language) -> bool:
    """Whether docs get sentence vectors."""
    return "sentence_vector" in nlp.pipe_names


def add_textcat(
    nlp: Language, name: str, labels: Sequence[str], buckets: int, types: Sequence[str] = (), landmarks: int = 0
) -> None:
    """Appends an untrained text categoriser over these labels (two or more); train it with `set_weights`."""
    architecture = {
        "@architectures": "open311_bridge.SentenceTextCat.v1",
        "vectors": has_vectors(nlp),
        "types": list(types),
        "buckets": buckets,
        "landmarks": landmarks,
    }
    nlp.add_pipe("textcat", name=name, config={"model": architecture})
    sample = Example.from_dict(nlp.make_doc("sample"), {"cats": {labels[0]: 1.0}})
    sample.reference.tensor = np.zeros(minilm.WIDTH, dtype=np.float32)
    _textcat(nlp, name).initialize(lambda: [sample], nlp=nlp, labels=labels)


def features(nlp: Language, name: str, docs: Sequence[Doc]) -> Floats:
    """What the softmax of a text categoriser sees of docs that went through the pipes before it."""
    layer: Any = _textcat(nlp, name).model.get_ref("features")
    out = np.empty((len(docs), layer.get_dim("nO")), dtype=np.float32)
    for at in range(0, len(docs), _PIPE_BATCH):  # a corpus at once would be held twice
        out[at : at + _PIPE_BATCH] = layer.predict(docs[at : at + _PIPE_BATCH])
    return out


def width_of_meaning(nlp: Language, name: str) -> int:
    """How many of the first features are no n-grams."""
    layer = _textcat(nlp, name).model.get_ref("features")
    return int(layer.get_dim("nO") - layer.attrs["buckets"])


def grams(nlp: Language, name: str, docs: Sequence[Doc]) -> Floats:
    """The n-grams of docs as a text categoriser counts them, shape (docs, buckets), not yet weighed or scaled."""
    layer: Any = _textcat(nlp, name).model.get_ref("features")
    return hashed_grams([doc.text for doc in docs], layer.attrs["buckets"])


def idf(counts: Floats) -> Floats:
    """Inverse document frequency of each column: by how few of the rows it is not 0 in."""
    seen = np.count_nonzero(counts, axis=0)
    out: Floats = (np.log((1 + len(counts)) / (1 + seen)) + 1).astype(np.float32)
    return out


def set_gram_weights(nlp: Language, name: str, weights: Floats) -> None:
    """Weighs the n-gram buckets."""
    layer: Any = _textcat(nlp, name).model.get_ref("features")
    layer.set_param("gram_weights", weights)


def set_landmarks(nlp: Language, name: str, docs: Sequence[Doc]) -> Floats:
    """Takes the landmarks, drawn by a fixed lot, from these docs. Returns their likeness to each other, shape
    (landmarks, landmarks); (0, 0) for a categoriser without any."""
    layer: Any = _textcat(nlp, name).model.get_ref("features")
    count = layer.attrs["landmarks"]
    lot = np.random.default_rng(0).permutation(len(docs))[:count]
    marks = np.zeros((count, minilm.WIDTH), dtype=np.float32)
    if count:
        marks[: len(lot)] = [docs[at].tensor for at in lot]
    layer.set_param("landmarks", marks)
    return _likeness(marks, marks)


def set_weights(nlp: Language, name: str, weights: Floats, bias: Floats) -> None:
    """Puts trained weights, shape (labels, features), and biases into the softmax layer."""
    output: Any = _textcat(nlp, name).model.get_ref("output_layer")
    output.set_param("W", weights.astype(np.float32))
    output.set_param("b", bias.astype(np.float32))


def logits(nlp: Language, name: str, inputs: Floats) -> Floats:
    """What the softmax of a text categoriser makes of rows of `features`, before it is a probability."""
    output: Any = _textcat(nlp, name).model.get_ref("output_layer")
    out: Floats = inputs @ output.get_param("W").T + output.get_param("b")
    return out


def make_docs(texts: Sequence[str], vectors: Floats | None = None) -> list[Doc]:
    """Docs for the pipes, with these sentence vectors if there are any.

    Each is of one word and has a vocabulary that goes when it goes: every pipe here reads `doc.text` alone, and
    the vocabulary of a pipeline would keep each word that it ever met.
    """
    docs = [Doc(Vocab(), words=[text], spaces=[False]) for text in texts]
    if vectors is not None:
        for doc, vector in zip(docs, vectors, strict=True):
            doc.tensor = vector
    return docs


def categorised(nlp: Language, name: str, docs: Iterable[Doc]) -> list[Doc]:
    """The docs with what the text categoriser `name` says of them in doc.cats."""
    return list(_textcat(nlp, name).pipe(docs, batch_size=_PIPE_BATCH))


def similarity_vectors(nlp: Language, docs: Sequence[Doc]) -> Floats:
    """Unit rows whose products say how near texts are: sentence vectors, or n-grams where there are none."""
    if has_vectors(nlp):
        return np.array([doc.tensor for doc in docs], dtype=np.float32).reshape(len(docs), minilm.WIDTH)
    weights: Any = _textcat(nlp, TYPES).model.get_ref("features").get_param("gram_weights")
    return _unit_grams(docs, weights)


def hashed_grams(texts: Sequence[str], buckets: int) -> Floats:
    """One row of `buckets` signed log counts a text, not yet weighed or scaled.

    Counted are words, pairs of words, and the 3- to 5-letter pieces of each word, which bear misspelling. Accents
    are dropped: half of those who text in Spanish leave them out.
    """
    rows = np.zeros((len(texts), buckets), dtype=np.float32)
    for row, text in zip(rows, texts, strict=True):
        hashes = _hashes(text)
        signs = np.where(hashes & 1, 1.0, -1.0).astype(np.float32)
        np.add.at(row, (hashes >> 1) % buckets, signs)
        row[:] = np.sign(row) * np.log1p(np.abs(row))  # row by row: a corpus at once would be held four times
    return rows


def _hashes(text: str) -> NDArray[np.int64]:
    words = [match.group() for match in _WORD.finditer(_plain(text[:_MAX_CHARACTERS]))]
    pairs = [zlib.crc32(f"{one} {two}".encode()) for one, two in pairwise(words)]
    return np.array([*pairs, *chain.from_iterable(map(_word_hashes, words))], dtype=np.int64)


@lru_cache(maxsize=8_192)
def _word_hashes(word: str) -> tuple[int, ...]:
    edged = f"<{word}>"
    pieces = [edged[at : at + n] for n in (3, 4, 5) for at in range(len(edged) - n + 1)]
    return tuple(zlib.crc32(gram.encode()) for gram in [word, *pieces])


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.lower())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _textcat(nlp: Language, name: str) -> TextCategorizer:
    return cast(TextCategorizer, nlp.get_pipe(name))


def _forward_features(
    model: Model[list[Doc], Floats], docs: Sequence[Doc], is_train: bool
) -> tuple[Floats, Callable[[Floats], list[Doc]]]:
    parts: list[Floats] = []
    if model.attrs["vectors"]:
        parts.append(_coordinates(model, np.stack([doc.tensor for doc in docs])))
    if model.attrs["types"]:
        parts.append(_type_features(docs, model.attrs["types"]))
    weights: Any = model.get_param("gram_weights")
    parts.append(_unit_grams(docs, weights))
    return np.concatenate(parts, axis=1), lambda _: []


def _coordinates(model: Model[list[Doc], Floats], vectors: Floats) -> Floats:
    """Where texts stand: their vectors, or their likeness to the landmarks."""
    if not model.attrs["landmarks"]:
        return vectors
    marks: Any = model.get_param("landmarks")
    return _likeness(vectors, marks)


def _likeness(ones: Floats, others: Floats) -> Floats:
    """exp(-2 |a - b|²) of unit vectors."""
    out: Floats = np.exp(np.float32(2 * _NARROWNESS) * (ones @ others.T - np.float32(1.0)))
    return out


def _type_features(docs: Sequence[Doc], types: Sequence[str]) -> Floats:
    """Log-probabilities of the types, centred, scaled to the size of the other features."""
    p = np.array([[doc.cats.get(name, 0.0) for name in types] for doc in docs], dtype=np.float32)
    logs = np.log(np.maximum(p, _RAREST))
    out: Floats = (logs - logs.mean(axis=1, keepdims=True)) / np.float32(20.0)
    return out


def _unit_grams(docs: Sequence[Doc], weights: Floats) -> Floats:
    weighed = hashed_grams([doc.text for doc in docs], len(weights)) * weights
    unit: Floats = weighed / np.maximum(np.linalg.norm(weighed, axis=1, keepdims=True), np.float32(1e-6))
    return unit


def _init_features(model: Model[list[Doc], Floats], X: object = None, Y: object = None) -> None:  # noqa: N803
    ones: Any = np.ones(model.attrs["buckets"], dtype=np.float32)
    model.set_param("gram_weights", ones)
    marks: Any = np.zeros((model.attrs["landmarks"], minilm.WIDTH), dtype=np.float32)
    model.set_param("landmarks", marks)
