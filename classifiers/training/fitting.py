"""Trains one text categoriser of the pipeline from two kinds of evidence: what a text *means* (sentence vector or
likeness to landmarks, taxonomy types) and the *words* it is written in (n-grams).

    train           the taxonomy's types: both are fitted apart, each with its own penalty, and their logits
                    averaged (a sum of linear models is linear, so it is still one softmax layer): in one fit the
                    many n-grams of written sentences drown the meaning
    train_together  a city's services: in one fit, as real reports are many and noisy
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc

from classifiers import pipeline
from classifiers.training import regression

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_FLATTEST = 1e-3  # eigenvalues of the landmarks' kernel below this are noise
_AS_USUAL = 3.0  # rows in which every n-gram is taken to have been besides: a rare one tells little for certain


@dataclass(frozen=True, slots=True)
class Penalties:
    """L2 penalties of the two fits, and the share of the words in the average (1.0: words alone)."""

    meaning: float
    words: float
    share_of_words: float


def train(
    nlp: Language, name: str, docs: list[Doc], targets: Ints, penalties: Penalties, scale: float = 1.0
) -> None:
    """Fits the text categoriser `name`, which `add_textcat` added; targets are indices into its labels.

    The docs went through the pipes before it. `scale` multiplies the logits (see calibration.blend).
    """
    pipeline.set_gram_weights(nlp, name, pipeline.idf(pipeline.grams(nlp, name, docs)))
    inputs = pipeline.features(nlp, name, docs)
    cut = pipeline.width_of_meaning(nlp, name)
    weights, bias = fit(inputs, cut, targets, len(nlp.pipe_labels[name]), penalties)
    pipeline.set_weights(nlp, name, scale * weights, scale * bias)


def fit(inputs: Floats, cut: int, targets: Ints, classes: int, penalties: Penalties) -> tuple[Floats, Floats]:
    """Weights, shape (classes, features), and biases of the average of both fits.

    The first `cut` columns of the inputs are meaning, the others words.
    """
    share = penalties.share_of_words if cut else 1.0
    words, bias = regression.fit(inputs[:, cut:], targets, classes, penalties.words)
    if not cut:
        return words, bias
    meaning, bias_of_meaning = regression.fit(inputs[:, :cut], targets, classes, penalties.meaning)
    weights = np.concatenate([(1 - share) * meaning, share * words], axis=1)
    return weights, (1 - share) * bias_of_meaning + share * bias


def train_together(
    nlp: Language, name: str, docs: list[Doc], targets: Ints, penalty: float, balance: float, scale: float = 1.0
) -> None:
    """Fits the text categoriser `name` on all its features at once.

    `penalty` is L2 for each report; `balance` is how much of a label's frequency is taken back, as a power of it:
    rare services are then heard among common ones. N-grams weigh what they tell of the labels.
    """
    classes = len(nlp.pipe_labels[name])
    pipeline.set_gram_weights(nlp, name, _telling(pipeline.grams(nlp, name, docs), targets, classes))
    independent = _independent(pipeline.set_landmarks(nlp, name, docs))
    marks = len(independent)
    inputs = pipeline.features(nlp, name, docs)
    inputs[:, :marks] = inputs[:, :marks] @ independent
    weights, bias = regression.fit(inputs, targets, classes, penalty * len(docs))
    weights[:, :marks] = weights[:, :marks] @ independent.T
    bias = bias - np.float32(balance) * np.log(_shares(targets, classes)).astype(np.float32)
    pipeline.set_weights(nlp, name, scale * weights, scale * bias)


def _shares(targets: Ints, classes: int) -> NDArray[np.float64]:
    out: NDArray[np.float64] = (np.bincount(targets, minlength=classes) + 1) / (len(targets) + classes)
    return out


def _telling(grams: Floats, targets: Ints, classes: int) -> Floats:
    """How much each column tells of the targets: the root of the divergence (in nats) of the targets where it is
    not 0 from those of all rows, as if it had been in some more rows that are as all."""
    shares = _shares(targets, classes)[:, None]
    seen = np.stack([np.count_nonzero(grams[targets == at], axis=0) for at in range(classes)])
    p = (seen + _AS_USUAL * shares) / (seen.sum(axis=0) + _AS_USUAL)
    out: Floats = np.sqrt(np.maximum((p * np.log(p / shares)).sum(axis=0), 0.0)).astype(np.float32)
    return out


def _independent(likeness: Floats) -> Floats:
    """What turns likeness to landmarks into coordinates that are independent of each other, so that one penalty
    fits them all: the inverse square root of the landmarks' own likeness. It is linear and ends in the weights."""
    values, vectors = np.linalg.eigh(likeness.astype(np.float64))
    roots = np.where(values > _FLATTEST, 1.0 / np.sqrt(np.maximum(values, _FLATTEST)), 0.0)
    out: Floats = (vectors * roots).astype(np.float32)
    return out
