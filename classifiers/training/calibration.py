"""How honest probabilities are, and what makes them so."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.vocabulary import SUBMIT
from classifiers.training.regression import softmax

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_BINS = 15
_STEPS = np.arange(0.95, SUBMIT - 0.01, -0.025)  # tried as the probability to submit from
_DEVIATIONS = 0.674  # standard errors below what was measured: three times of four the truth lies above
_FEWEST = 20  # reports from which on a step's accuracy says something
_SHARPNESSES = np.exp(np.linspace(np.log(0.3), np.log(4.0), 60))
_SHARES = np.linspace(0.0, 0.95, 20)
_LEAST = 1e-9  # probability of what was held impossible and happened


def calibration_error(confidence: Floats, right: Bools) -> float:
    """Expected calibration error: |accuracy - mean confidence| over 15 equal bins, weighed by their rows."""
    if not len(confidence):
        return 0.0
    bins = np.clip((np.asarray(confidence) * _BINS).astype(int), 0, _BINS - 1)
    gaps = [
        abs(right[bins == at].mean() - confidence[bins == at].mean()) * (bins == at).mean() for at in set(bins)
    ]
    return float(sum(gaps))


def blend(logits: Floats, others: Floats, targets: Ints) -> tuple[float, float]:
    """What makes (1 - share) · softmax(sharpness · logits) + share · others likeliest to give these targets:
    the sharpness (1 / temperature), .3 to 4, and the share, 0 to .95. `others` are probabilities of the same
    columns as the logits."""
    rows = np.arange(len(targets))
    other = others[rows, targets]
    tried = []
    for sharpness in _SHARPNESSES:
        own = softmax(np.float32(sharpness) * logits)[rows, targets]
        for share in _SHARES:
            surprise = -np.log(np.maximum((1 - share) * own + share * other, _LEAST)).mean()
            tried.append((float(surprise), float(sharpness), float(share)))
    _, sharpness, share = min(tried)
    return sharpness, share


def sure_from(confidence: Floats, right: Bools, accuracy: float) -> float:
    """The lowest step from which on, as from all higher ones, that share of the reports was right, with three
    chances of four that it was no luck; 0.95 where even the surest were not, or were too few to tell. Never below
    the default of a bridge that has learned nothing."""
    lowest = float(_STEPS[0])
    for step in _STEPS:
        sure = right[confidence >= step]
        if len(sure) < _FEWEST:
            continue
        if sure.mean() - _DEVIATIONS * sure.std() / np.sqrt(len(sure)) < accuracy:
            break
        lowest = float(step)
    return round(lowest, 3)
