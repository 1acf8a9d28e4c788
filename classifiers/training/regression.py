"""Softmax regression with an L2 penalty, fitted by L-BFGS in numpy: deterministic, seconds for 10,000 rows."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Loss = Callable[[Floats], tuple[float, Floats]]

_MEMORY = 10  # pairs of steps L-BFGS remembers
_SUFFICIENT = 1e-4  # Armijo's constant
_TOLERANCE = 3e-4  # relative gain below which the search stops, once its memory is full (first steps are tiny)


def fit(inputs: Floats, targets: Ints, classes: int, penalty: float, steps: int = 60) -> tuple[Floats, Floats]:
    """Weights, shape (classes, features), and biases, shape (classes,).

    Minimises mean cross-entropy + penalty / 2 · |weights|² / rows; biases are not penalised.
    """
    rows, width = inputs.shape
    wanted = np.zeros((rows, classes), dtype=np.float32)
    wanted[np.arange(rows), targets] = 1.0

    def loss(flat: Floats) -> tuple[float, Floats]:
        weights, bias = _unpack(flat, classes, width)
        p = softmax(inputs @ weights.T + bias)
        cross = -float(np.log(np.maximum(p[wanted > 0], 1e-12)).mean())
        slope = (p - wanted) / np.float32(rows)
        shrink = np.float32(penalty / rows)
        gradient = np.concatenate([(slope.T @ inputs + shrink * weights).ravel(), slope.sum(axis=0)])
        return cross + penalty / (2 * rows) * float(np.vdot(weights, weights)), gradient

    best = minimise(loss, np.zeros(classes * (width + 1), dtype=np.float32), steps)
    return _unpack(best, classes, width)


def softmax(logits: Floats) -> Floats:
    """Row-wise probabilities."""
    p = np.exp(logits - logits.max(axis=-1, keepdims=True))
    out: Floats = p / p.sum(axis=-1, keepdims=True)
    return out


def minimise(loss: Loss, at: Floats, steps: int) -> Floats:
    """The lowest point L-BFGS finds within `steps` steps. `loss` gives value and gradient."""
    memory: deque[tuple[Floats, Floats]] = deque(maxlen=_MEMORY)
    value, gradient = loss(at)
    for _ in range(steps):
        direction = _direction(gradient, memory)
        stepped = _line_search(loss, at, value, gradient, direction, first=not memory)
        if stepped is None:
            return at
        there, lower, slope = stepped
        if np.vdot(there - at, slope - gradient) > 1e-12:
            memory.append((there - at, slope - gradient))
        gain, at, value, gradient = value - lower, there, lower, slope
        if len(memory) == _MEMORY and gain < _TOLERANCE * max(abs(value), 1e-3):
            return at
    return at


def _direction(gradient: Floats, memory: deque[tuple[Floats, Floats]]) -> Floats:
    """Minus the gradient times the approximate inverse Hessian (the two-loop recursion)."""
    out = -gradient
    shares: list[float] = []
    for step, change in reversed(memory):
        shares.append(float(np.vdot(step, out) / np.vdot(step, change)))
        out -= np.float32(shares[-1]) * change
    if memory:
        step, change = memory[-1]
        out *= np.float32(np.vdot(step, change) / np.vdot(change, change))
    for (step, change), share in zip(memory, reversed(shares), strict=True):
        out += np.float32(share - float(np.vdot(change, out) / np.vdot(step, change))) * step
    return out


def _line_search(
    loss: Loss, at: Floats, value: float, gradient: Floats, direction: Floats, *, first: bool
) -> tuple[Floats, float, Floats] | None:
    """Halves the step until the loss falls enough; None when it does not."""
    slope = float(np.vdot(gradient, direction))
    size = min(1.0, 1.0 / float(np.abs(gradient).sum())) if first else 1.0
    for _ in range(20):
        there = at + np.float32(size) * direction
        lower, new_gradient = loss(there)
        if lower <= value + _SUFFICIENT * size * slope:
            return there, lower, new_gradient
        size /= 2
    return None


def _unpack(flat: Floats, classes: int, width: int) -> tuple[Floats, Floats]:
    return flat[: classes * width].reshape(classes, width), flat[classes * width :]
